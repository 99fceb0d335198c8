/* What all events of a flow say of it in the same words: who it is, where it was seen, between whom it
 * was. */
#pragma once

#include "inspect/flow/addr_text.h"
#include "inspect/flow/flow.h"
#include "inspect/record/observation_point.h"

/* The most that the three below append, session and interface left out. */
enum { EVENT_FLOW_FIELDS_MAX = 768 };

/* `"flow_id":"...","community_id":"..."`. `point_id`: that of the flow's observation point. */
void event_flow_ids(struct text *t, const struct flow *flow, uint64_t point_id);
/* `,"vni":...` to `"direction":...`. */
void event_flow_point(
	struct text *t, const struct flow *flow, const struct observation_point *point);
/* `,"src_ip":...` to `"protocol":...`. */
void event_flow_ends(struct text *t, const struct flow *flow);

/* A name of ours or of the settings, cut at `max` bytes, or null. */
void event_name(struct text *t, const char *name, size_t max);
