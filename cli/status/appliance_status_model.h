/* The parts of an appliance's status that follow the model in force: rules, sessions and flows. Private to
 * cli/status/appliance_status*.c. */
#pragma once

#include "cli/status/status.h"
#include "config/settings/settings.h"
#include "dataplane/live/appliance.h"

/* Those of them that s->parts asks for. A reload waits meanwhile. */
void appliance_status_model(
	struct appliance *appliance, const struct settings *settings, struct status *s);
