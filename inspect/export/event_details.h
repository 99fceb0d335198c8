/* The nested objects of a flow event (`tls`, `http`, ...), made from the rows of
 * inspect/dpi/details.def: an object is null when none of its details was seen; inside an object
 * a detail that was not seen is null. */
#pragma once

#include "inspect/dpi/details.h"
#include "inspect/export/text.h"

/* Longer details are cut here, so that an event has a bound even when every byte of every string
 * is escaped. */
enum {
	EVENT_STRING = 1024, /* bytes of one detail; a DNS name in presentation form fits */
	EVENT_ELEMENTS = 16, /* of one list */
	EVENT_ELEMENT = 256, /* bytes of one element */
};

enum { EVENT_BOUND_STRING = 2 + TEXT_JSON_GROWTH * EVENT_STRING };
enum { EVENT_BOUND_NUMBER = 20 };
enum { EVENT_BOUND_LIST = 2 + EVENT_ELEMENTS * (3 + TEXT_JSON_GROWTH * EVENT_ELEMENT) };
/* The most that event_details() appends, detail by detail; each pays for its object's braces. */
struct event_details_bound {
#define DETAIL(object, field, kind, meaning) \
	char object##_##field[sizeof("\"" #object "\":{\"" #field "\":},") + \
			      EVENT_BOUND_##kind];
#include "inspect/dpi/details.def"
};

/* Appends `"tls":{...},"http":null,...`. `details` may be NULL. */
void event_details(struct text *t, const struct details *details);
