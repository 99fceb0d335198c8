#include "inspect/record/encoder/event_details.h"

#include "inspect/record/encoder/event_flow_fields.h"

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

enum kind { STRING, NUMBER, BOOL, USEC, LIST, LEAF, DNS_MESSAGE, CERTIFICATES };

/* Rows that one of the two sorts of events has not; bits of kinds. */
enum {
	NOT_OF_FLOWS = 1 << DNS_MESSAGE | 1 << CERTIFICATES,
	NOT_OF_TRANSACTIONS = 1 << LIST | 1 << LEAF
};

static const struct row {
	const char *key;
	uint8_t key_len;
	enum object object;
	enum kind kind;
} rows[DETAIL_OBJECTS_COUNT] = {
#define FLOW_DETAIL(field, kind, meaning)
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

static void put_value(
	struct text *t, const struct details *details, unsigned i, const struct detail_value *v)
{
	if (rows[i].kind == NUMBER)
		text_u64(t, (uint64_t)v->number);
	else if (rows[i].kind == BOOL)
		text_cstr(t, v->number ? "true" : "false");
	else if (rows[i].kind == USEC)
		text_thousandths(t, (uint64_t)v->number);
	else if (rows[i].kind == LIST)
		put_list(t, details, (enum detail)i, *v);
	else
		text_json(t, v->bytes, v->len);
}

/* A row that is one member, or several. */
static void put_row(struct text *t, const struct details_found *found, unsigned i)
{
	if (rows[i].kind == DNS_MESSAGE) {
		event_dns_message(t, found);
		return;
	}
	if (rows[i].kind == CERTIFICATES) {
		event_certificates(t, found);
		return;
	}
	text_bytes(t, rows[i].key, rows[i].key_len);
	if (found->seen >> i & 1)
		put_value(t, found->details, i, &found->values[i]);
	else
		text_cstr(t, "null");
}

/* The object whose rows are those from `from` up to `to`, without the kinds that are `left_out`. */
static void put_object(struct text *t, const struct details_found *found, unsigned from,
	unsigned to, unsigned left_out)
{
	char before = '{';

	text_cstr(t, object_keys[rows[from].object]);
	if (!(found->seen >> from & ((UINT64_C(2) << (to - from - 1)) - 1))) {
		text_cstr(t, "null");
		return;
	}
	for (unsigned i = from; i < to; i++) {
		if (left_out >> rows[i].kind & 1)
			continue;
		text_char(t, before);
		before = ',';
		put_row(t, found, i);
	}
	text_char(t, '}');
}

/* Rows of one object stand together. */
static unsigned end_of(unsigned from)
{
	unsigned to = from + 1;

	while (to < DETAIL_OBJECTS_COUNT && rows[to].object == rows[from].object)
		to++;
	return to;
}

void event_details(struct text *t, const struct details *details)
{
	struct details_found found;
	unsigned from = 0, to;

	if (details == NULL) {
		text_bytes(t, no_objects + 1, sizeof(no_objects) - 2); /* without its comma */
		return;
	}
	found.details = details;
	found.seen = details_all(details, found.values);
	for (; from < DETAIL_OBJECTS_COUNT; from = to) {
		to = end_of(from);
		if (from > 0)
			text_char(t, ',');
		put_object(t, &found, from, to, NOT_OF_FLOWS);
	}
}

/* A transaction of QUIC: its own, and what the handshake in it says. */
static const enum detail quic_rows[] = {DETAIL_quic_version, DETAIL_tls_sni, DETAIL_tls_cipher,
	DETAIL_tls_ja3, DETAIL_tls_ja3s, DETAIL_tls_ja4, DETAIL_tls_alpn, DETAIL_tls_group,
	DETAIL_tls_ech, DETAIL_tls_alert, DETAIL_quic_user_agent};
enum { QUIC_ROWS = sizeof(quic_rows) / sizeof(*quic_rows) };

static void put_quic(struct text *t, const struct details_found *found)
{
	uint64_t rows_of_it = 0;

	for (unsigned i = 0; i < QUIC_ROWS; i++)
		rows_of_it |= UINT64_C(1) << quic_rows[i];
	text_cstr(t, object_keys[OBJECT_quic]);
	if (!(found->seen & rows_of_it)) {
		text_cstr(t, "null");
		return;
	}
	for (unsigned i = 0; i < QUIC_ROWS; i++) {
		text_char(t, i == 0 ? '{' : ',');
		put_row(t, found, quic_rows[i]);
	}
	text_char(t, '}');
}

void event_details_of(struct text *t, const struct details *details, enum transaction kind)
{
	struct details_found found;
	unsigned from = 0;

	if (details == NULL) {
		text_cstr(t, object_keys[object_of[kind]]);
		text_cstr(t, "null");
		return;
	}
	found.details = details;
	found.seen = details_all(details, found.values);
	if (kind == TRANSACTION_QUIC) {
		put_quic(t, &found);
		return;
	}
	while (rows[from].object != object_of[kind])
		from++;
	put_object(t, &found, from, end_of(from), NOT_OF_TRANSACTIONS);
}
