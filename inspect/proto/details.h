/* Details of one flow: a bounded set of (detail, value), made by the dpi and read by exporters.
 * One allocation of just the size needed, taken from the dpi's bounded pool. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decap/cursor.h"
#include "inspect/proto/risk.h"
#include "inspect/proto/transaction_kind.h"

enum detail {
#define DETAIL(object, field, kind, meaning) DETAIL_##object##_##field,
#include "inspect/proto/details.def"
	DETAIL_COUNT,
	DETAIL_OBJECTS_COUNT = DETAIL_flow_why, /* of the nested objects */
};

/* Of one flow. Longer strings and elements are cut, more elements and what has no room left out. */
enum {
	DETAILS_STRING_MAX = 1024,      /* a DNS name in presentation form fits */
	DETAILS_LIST_MAX = 64,          /* elements of a list */
	DETAILS_LIST_BYTES = 16 * 1024, /* of them together */
	DETAILS_MESSAGE_MAX =
		12 * 1024, /* bytes of a message; the other details of its transaction fit */
	DETAILS_BYTES = 64 * 1024, /* all together, three bytes a value included */
	DETAILS_COPY_MIN = 48,     /* a copy without any value */
	DETAILS_MAX = DETAILS_COPY_MIN + DETAILS_BYTES,
};

struct details;

/* The bytes of a STRING (not NUL-terminated, any bytes), or NULL when it was not seen. For a
 * LIST: its first element; step with details_next(). */
const char *details_string(const struct details *details, enum detail detail, size_t *len);
/* The element of a LIST after the one that starts at `element`, or NULL. */
const char *details_next(
	const struct details *details, enum detail detail, const char *element, size_t *len);
/* The value of a NUMBER, or -1 when it was not seen. */
int64_t details_number(const struct details *details, enum detail detail);
/* All details at once: bit n says whether detail n was seen, and what was not is not set. Of a LIST the
 * first element. */
struct detail_value {
	const char *bytes; /* NULL: a number */
	size_t len;
	int64_t number;
};
uint64_t details_all(const struct details *details, struct detail_value value[DETAIL_COUNT]);
/* Bit n: detail n was seen. */
uint64_t details_rows(const struct details *details);
/* The message that a value of draft_message() is; borrowed from there. */
struct cursor details_message(const char *bytes, size_t len);
/* The bytes of all; and a copy of as many whole values, from the first on, as `room` bytes have room for
 * (at least DETAILS_COPY_MIN). `to` is aligned to 8. false: some were left out. */
size_t details_size(const struct details *details);
bool details_copy(struct details *to, const struct details *details, size_t room);
/* How many transactions of that kind the flow has had. */
uint32_t details_transactions(const struct details *details, enum transaction kind);
/* One more. */
void details_count(struct details *details, enum transaction kind);
/* `details` may be NULL. */
struct risk_set details_risks(const struct details *details);
/* Why risk number `risk` (an index, risk.h) was raised: a sentence, not NUL-terminated. NULL: nobody said. */
const char *details_why(const struct details *details, unsigned risk, size_t *len);
