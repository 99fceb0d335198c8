/* A details block is a header and a run of values: detail number (1 byte), length (2 bytes, in
 * the machine's order), bytes. The elements of a list are neighbours with the same number. */
#include "inspect/proto/details.h"

#include <string.h>

#include "inspect/proto/details_draft.h"

enum { VALUE_HEADER = 3 };

struct details {
	uint64_t ndpi_risks, have;
	uint32_t len, own_risks;
	uint32_t transactions[TRANSACTIONS];
	uint8_t bytes[];
};

static uint16_t value_len(const uint8_t *value)
{
	uint16_t len;

	memcpy(&len, value + 1, sizeof(len));
	return len;
}

static const uint8_t *value_after(const uint8_t *value)
{
	return value + VALUE_HEADER + value_len(value);
}

static const uint8_t *value_find(const struct details *details, enum detail detail)
{
	const uint8_t *value = details->bytes;

	while (*value != detail)
		value = value_after(value);
	return value;
}

static const char *value_text(const uint8_t *value, size_t *len)
{
	*len = value_len(value);
	return (const char *)value + VALUE_HEADER;
}

bool details_has(const struct details *details, enum detail detail)
{
	return details && (details->have >> detail & 1);
}

const char *details_string(const struct details *details, enum detail detail, size_t *len)
{
	if (!details_has(details, detail))
		return NULL;
	return value_text(value_find(details, detail), len);
}

const char *details_next(
	const struct details *details, enum detail detail, const char *element, size_t *len)
{
	const uint8_t *value = value_after((const uint8_t *)element - VALUE_HEADER);

	if (value == details->bytes + details->len || *value != detail)
		return NULL;
	return value_text(value, len);
}

int64_t details_number(const struct details *details, enum detail detail)
{
	int64_t number;

	if (!details_has(details, detail))
		return -1;
	memcpy(&number, value_find(details, detail) + VALUE_HEADER, sizeof(number));
	return number;
}

static const bool is_number[DETAIL_COUNT] = {
#define STRING false
#define LIST false
#define NUMBER true
#define BOOL true
#define USEC true
#define LEAF false
#define DNS_MESSAGE false
#define CERTIFICATES false
#define DETAIL(object, field, kind, meaning) kind,
#include "inspect/proto/details.def"
#undef STRING
#undef LIST
#undef NUMBER
#undef BOOL
#undef USEC
#undef LEAF
#undef DNS_MESSAGE
#undef CERTIFICATES
};

uint64_t details_all(const struct details *details, struct detail_value value[DETAIL_COUNT])
{
	uint64_t seen = 0;

	for (const uint8_t *at = details->bytes, *end = at + details->len; at < end;
		at = value_after(at)) {
		struct detail_value *v = &value[*at];

		if (seen >> *at & 1)
			continue; /* not the first of a list */
		seen |= UINT64_C(1) << *at;
		if (is_number[*at]) {
			v->bytes = NULL;
			memcpy(&v->number, at + VALUE_HEADER, sizeof(v->number));
		} else {
			v->bytes = value_text(at, &v->len);
		}
	}
	return seen;
}

_Static_assert(sizeof(struct details) == DETAILS_COPY_MIN, "a copy without any value");

size_t details_size(const struct details *details)
{
	return sizeof(*details) + details->len;
}

bool details_copy(struct details *to, const struct details *details, size_t room)
{
	const uint8_t *at = details->bytes, *end = at + details->len;

	if (details_size(details) <= room) {
		memcpy(to, details, details_size(details));
		return true;
	}
	*to = *details;
	to->have = 0;
	for (const uint8_t *next; at < end; at = next) {
		next = value_after(at);
		if ((size_t)(next - (const uint8_t *)details) > room)
			break;
		to->have |= UINT64_C(1) << *at;
	}
	to->len = (uint32_t)(at - details->bytes);
	memcpy(to->bytes, details->bytes, to->len);
	return false;
}

struct risk_set details_risks(const struct details *details)
{
	if (!details)
		return (struct risk_set){0, 0};
	return (struct risk_set){details->ndpi_risks, details->own_risks};
}

/* Their elements may stand apart: each was added when it was known. */
static const uint8_t *why_find(const uint8_t *at, uint32_t bytes, unsigned risk)
{
	for (const uint8_t *end = at + bytes; at < end; at = value_after(at))
		if (*at == DETAIL_flow_why && value_len(at) && at[VALUE_HEADER] == risk)
			return at;
	return NULL;
}

const char *details_why(const struct details *details, unsigned risk, size_t *len)
{
	const uint8_t *value = details_has(details, DETAIL_flow_why)
				       ? why_find(details->bytes, details->len, risk)
				       : NULL;

	if (!value)
		return NULL;
	*len = value_len(value) - 1u;
	return (const char *)value + VALUE_HEADER + 1;
}

uint32_t details_transactions(const struct details *details, enum transaction kind)
{
	return details ? details->transactions[kind] : 0;
}

void details_count(struct details *details, enum transaction kind)
{
	details->transactions[kind] += details->transactions[kind] < UINT32_MAX;
}

void draft_reset(struct draft *draft)
{
	draft->risks = (struct risk_set){0, 0};
	draft->have = 0;
	draft->len = 0;
	memset(draft->transactions, 0, sizeof(draft->transactions));
}

uint8_t *draft_room(struct draft *draft, enum detail detail, uint16_t len)
{
	uint8_t *value = draft->bytes + draft->len;

	if (VALUE_HEADER + (uint32_t)len > DETAILS_BYTES - draft->len)
		return NULL;
	*value = (uint8_t)detail;
	memcpy(value + 1, &len, sizeof(len));
	draft->len += VALUE_HEADER + (uint32_t)len;
	draft->have |= UINT64_C(1) << detail;
	return value + VALUE_HEADER;
}

static bool draft_value(struct draft *draft, enum detail detail, const void *bytes, size_t size)
{
	uint16_t len = (uint16_t)(size < DETAILS_STRING_MAX ? size : DETAILS_STRING_MAX);
	uint8_t *room = draft_room(draft, detail, len);

	if (room)
		memcpy(room, bytes, len);
	return room;
}

static bool draft_has(const struct draft *draft, enum detail detail)
{
	return draft->have >> detail & 1;
}

void draft_string(struct draft *draft, enum detail detail, const char *text, size_t len)
{
	if (len && !draft_has(draft, detail))
		draft_value(draft, detail, text, len);
}

void draft_text(struct draft *draft, enum detail detail, const char *text)
{
	if (text)
		draft_string(draft, detail, text, strlen(text));
}

void draft_number(struct draft *draft, enum detail detail, uint64_t value)
{
	int64_t number = (int64_t)(value & INT64_MAX);

	if (!draft_has(draft, detail))
		draft_value(draft, detail, &number, sizeof(number));
}

void draft_list(struct draft *draft, enum detail detail, const char *texts, size_t stride,
	unsigned count)
{
	size_t room = DETAILS_LIST_BYTES;

	if (draft_has(draft, detail))
		return;
	for (unsigned i = 0; i < count && i < DETAILS_LIST_MAX; i++, texts += stride) {
		size_t len = strlen(texts);

		if (len > room || !draft_value(draft, detail, texts, len))
			break;
		room -= len;
	}
}

void draft_why(struct draft *draft, unsigned risk, const char *text)
{
	uint8_t bytes[DETAILS_STRING_MAX];
	size_t len = strnlen(text, sizeof(bytes) - 1);

	if (!len ||
		(draft_has(draft, DETAIL_flow_why) && why_find(draft->bytes, draft->len, risk)))
		return;
	bytes[0] = (uint8_t)risk;
	memcpy(bytes + 1, text, len);
	draft_value(draft, DETAIL_flow_why, bytes, len + 1);
}

/* Of a list of whys, those that are new are added. */
static bool is_kept(const struct draft *draft, uint64_t have, const uint8_t *value)
{
	if (!(have >> *value & 1))
		return true;
	return *value == DETAIL_flow_why && value_len(value) &&
	       !why_find(draft->bytes, draft->len, value[VALUE_HEADER]);
}

void draft_message(struct draft *draft, enum detail detail, const uint8_t *data, uint32_t cap,
	uint32_t wire)
{
	uint16_t len = (uint16_t)(cap < DETAILS_MESSAGE_MAX ? cap : DETAILS_MESSAGE_MAX);
	uint8_t *room = NULL;

	if (len && !draft_has(draft, detail))
		room = draft_room(draft, detail, (uint16_t)(sizeof(wire) + len));
	if (!room)
		return;
	memcpy(room, &wire, sizeof(wire));
	memcpy(room + sizeof(wire), data, len);
}

struct cursor details_message(const char *bytes, size_t len)
{
	uint32_t wire;

	memcpy(&wire, bytes, sizeof(wire));
	return cursor_make(
		(const uint8_t *)bytes + sizeof(wire), (uint32_t)(len - sizeof(wire)), wire);
}

uint64_t details_rows(const struct details *details)
{
	return details ? details->have : 0;
}

/* Values as they are. */
static void draft_rest(struct draft *draft, const struct details *old)
{
	uint64_t have = draft->have;

	for (const uint8_t *value = old->bytes; value < old->bytes + old->len;
		value = value_after(value)) {
		uint8_t *room = NULL;

		if (is_kept(draft, have, value))
			room = draft_room(draft, (enum detail) * value, value_len(value));
		if (room)
			memcpy(room, value + VALUE_HEADER, value_len(value));
	}
}

void draft_keep(struct draft *draft, const struct details *old)
{
	if (!old)
		return;
	draft->risks.ndpi |= old->ndpi_risks;
	draft->risks.own |= old->own_risks;
	memcpy(draft->transactions, old->transactions, sizeof(draft->transactions));
	draft_rest(draft, old);
}

static void fill(struct details *details, const struct draft *draft)
{
	details->ndpi_risks = draft->risks.ndpi;
	details->own_risks = draft->risks.own;
	details->have = draft->have;
	details->len = draft->len;
	memcpy(details->transactions, draft->transactions, sizeof(details->transactions));
	memcpy(details->bytes, draft->bytes, draft->len);
}

const struct details *draft_copy(const struct draft *draft, void *room)
{
	fill(room, draft);
	return room;
}

static bool is_empty(const struct draft *draft)
{
	uint32_t transactions = 0;

	for (unsigned kind = 0; kind < TRANSACTIONS; kind++)
		transactions |= draft->transactions[kind];
	return !draft->have && risk_set_is_empty(&draft->risks) && !transactions;
}

struct details *draft_finish(
	const struct draft *draft, struct memory *memory, struct memory_list *list)
{
	struct details *details;

	if (is_empty(draft))
		return NULL;
	details = memory_alloc(memory, list, sizeof(*details) + draft->len);
	if (!details)
		return NULL;
	fill(details, draft);
	return details;
}
