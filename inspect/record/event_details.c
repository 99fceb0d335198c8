#include "inspect/record/event_details.h"

/* The objects, in the order of the event, and the transactions that they are of. A row of details.def
 * whose object is not listed here does not compile. */
#define OBJECTS(O) \
	O(tls, TRANSACTION_TLS) \
	O(http, TRANSACTION_HTTP) \
	O(dns, TRANSACTION_DNS) \
	O(ssh, TRANSACTION_SSH) \
	O(quic, TRANSACTION_QUIC)
#define OBJECT_ENUM(name, kind) OBJECT_##name,
#define OBJECT_KEY(name, kind) "\"" #name "\":",
#define OBJECT_NULL(name, kind) ",\"" #name "\":null"
#define OBJECT_OF(name, kind) [kind] = OBJECT_##name,

enum object { OBJECTS(OBJECT_ENUM) OBJECT_COUNT };
static const char *const object_keys[] = {OBJECTS(OBJECT_KEY)};
static const enum object object_of[] = {OBJECTS(OBJECT_OF)};
_Static_assert((int)OBJECT_COUNT == (int)TRANSACTIONS, "one for each kind");
static const char no_objects[] = OBJECTS(OBJECT_NULL);

enum kind { STRING, NUMBER, BOOL, USEC, LIST };

static const struct row {
	const char *key;
	uint8_t key_len;
	enum object object;
	enum kind kind;
} rows[DETAIL_COUNT] = {
#define DETAIL(object, field, kind, meaning) \
	{"\"" #field "\":", sizeof("\"" #field "\":") - 1, OBJECT_##object, kind},
#include "inspect/proto/details.def"
};

static void put_list(struct text *t, const struct details *details, enum detail detail,
	struct detail_value v)
{
	text_char(t, '[');
	for (bool first = true; v.bytes != NULL; first = false) {
		if (!first)
			text_char(t, ',');
		text_json(t, v.bytes, v.len);
		v.bytes = details_next(details, detail, v.bytes, &v.len);
	}
	text_char(t, ']');
}

static void put_ms(struct text *t, uint64_t us)
{
	text_u64(t, us / 1000);
	text_char(t, '.');
	text_char(t, (char)('0' + us / 100 % 10));
	text_char(t, (char)('0' + us / 10 % 10));
	text_char(t, (char)('0' + us % 10));
}

static void put_value(
	struct text *t, const struct details *details, unsigned i, const struct detail_value *v)
{
	text_bytes(t, rows[i].key, rows[i].key_len);
	if (v->bytes == NULL && v->number < 0)
		text_cstr(t, "null");
	else if (rows[i].kind == NUMBER)
		text_u64(t, (uint64_t)v->number);
	else if (rows[i].kind == BOOL)
		text_cstr(t, v->number ? "true" : "false");
	else if (rows[i].kind == USEC)
		put_ms(t, (uint64_t)v->number);
	else if (rows[i].kind == LIST)
		put_list(t, details, (enum detail)i, *v);
	else
		text_json(t, v->bytes, v->len);
}

static bool is_seen(const struct detail_value *v)
{
	return v->bytes != NULL || v->number >= 0;
}

/* The object whose rows are those from `from` up to `to`. */
static void put_object(struct text *t, const struct details *details,
	const struct detail_value *values, unsigned from, unsigned to)
{
	char before = '{';
	unsigned i = from;

	text_cstr(t, object_keys[rows[from].object]);
	while (i < to && !is_seen(&values[i]))
		i++;
	if (i == to) {
		text_cstr(t, "null");
		return;
	}
	for (i = from; i < to; i++) {
		text_char(t, before);
		before = ',';
		put_value(t, details, i, &values[i]);
	}
	text_char(t, '}');
}

/* Rows of one object stand together. */
static unsigned end_of(unsigned from)
{
	unsigned to = from + 1;

	while (to < DETAIL_COUNT && rows[to].object == rows[from].object)
		to++;
	return to;
}

void event_details(struct text *t, const struct details *details)
{
	struct detail_value values[DETAIL_COUNT];
	unsigned from = 0, to;

	if (details == NULL) {
		text_bytes(t, no_objects + 1, sizeof(no_objects) - 2); /* without its comma */
		return;
	}
	details_all(details, values);
	for (; from < DETAIL_COUNT; from = to) {
		to = end_of(from);
		if (from > 0)
			text_char(t, ',');
		put_object(t, details, values, from, to);
	}
}

void event_details_of(struct text *t, const struct details *details, enum transaction kind)
{
	struct detail_value values[DETAIL_COUNT];
	unsigned from = 0;

	if (details == NULL) {
		text_cstr(t, object_keys[object_of[kind]]);
		text_cstr(t, "null");
		return;
	}
	while (rows[from].object != object_of[kind])
		from++;
	details_all(details, values);
	put_object(t, details, values, from, end_of(from));
}
