/* What lane.c and lane_make.c share. */
#pragma once

#include "dataplane/pipeline/lane.h"

/* What the flow table tells of flows goes to the lane's other parts. */
struct flow_observer lane_observer(struct lane *lane);
