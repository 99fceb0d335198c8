/* How a flow went, in its event. */
#pragma once

#include "inspect/flow/addr_text.h"
#include "inspect/flow/history.h"

/* The most that the functions append. */
enum { EVENT_COURSE_MAX = 384, EVENT_RECORDED_MAX = 160 };

/* Of `client` (0) or `server`: `,"retransmitted":...,"out_of_order":...`. */
void event_course_side(struct text *t, const struct flow_course *course, unsigned side);
/* `,"acked_unseen":...` to `"response_ms":...`. */
void event_course(struct text *t, const struct flow_course *course);
/* `,"recorded":...`; NULL: nothing was. */
void event_recorded(struct text *t, const struct flow_recorded *recorded);
