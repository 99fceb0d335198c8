/* The nested objects of a flow event (`tls`, `http`, ...), made from the rows of
 * inspect/proto/details.def: an object is null when none of its details was seen; inside an object
 * a detail that was not seen is null. */
#pragma once

#include "inspect/flow/addr_text.h"
#include "inspect/proto/details.h"
#include "inspect/proto/transaction.h"
#include "inspect/record/encoder/event_records.h"
#include "inspect/record/record.h"

/* The most that either of the two below appends: every key with its object's braces, every byte of the
 * details escaped, what is around strings and elements, and numbers. */
enum {
	EVENT_AROUND_STRING = 2,
	EVENT_AROUND_LEAF = 2,
	EVENT_AROUND_NUMBER = 20,
	EVENT_AROUND_BOOL = 5,
	EVENT_AROUND_USEC = 21,
	EVENT_AROUND_LIST = 2 + 3 * DETAILS_LIST_MAX,
	EVENT_AROUND_DNS_MESSAGE = EVENT_RECORDS_MAX,
	EVENT_AROUND_CERTIFICATES = EVENT_CERTIFICATES_AROUND
};
struct event_details_bound {
#define DETAIL(object, field, kind, meaning) \
	char object##_##field[sizeof("\"" #object "\":{\"" #field "\":},") + \
			      EVENT_AROUND_##kind];
#include "inspect/proto/details.def"
	char bytes[TEXT_JSON_GROWTH * RECORD_MAX];
};

/* Appends `"tls":{...},"http":null,...`, as flow events have it. `details` may be NULL. */
void event_details(struct text *t, const struct details *details);
/* Appends the object of that kind alone, as the events of transactions have it, `"dns":{...}`, or
 * `"dns":null`. `details` may be NULL. */
void event_details_of(struct text *t, const struct details *details, enum transaction kind);
