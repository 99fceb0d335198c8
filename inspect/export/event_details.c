#include "inspect/export/event_details.h"

/* The objects, in the order of the event. A row of details.def whose object is not listed here
 * does not compile. */
#define OBJECTS(O) O(tls) O(http) O(dns) O(ssh)
#define OBJECT_ENUM(name) OBJECT_##name,
#define OBJECT_KEY(name) "\"" #name "\":",
#define OBJECT_NULL(name) ",\"" #name "\":null"

enum object { OBJECTS(OBJECT_ENUM) OBJECT_COUNT };
static const char *const object_keys[] = {OBJECTS(OBJECT_KEY)};
static const char no_objects[] = OBJECTS(OBJECT_NULL);

enum kind { STRING, NUMBER, LIST };

static const struct row {
	const char *key;
	uint8_t key_len;
	enum object object;
	enum kind kind;
} rows[DETAIL_COUNT] = {
#define DETAIL(object, field, kind, meaning) \
	{"\"" #field "\":", sizeof("\"" #field "\":") - 1, OBJECT_##object, kind},
#include "inspect/dpi/details.def"
};

/* What was seen, asked for once. */
struct seen {
	struct value {
		const char *bytes;
		size_t len;
		int64_t number;
	} value[DETAIL_COUNT];
	bool object[OBJECT_COUNT];
};

static void look(struct seen *seen, const struct details *details)
{
	for (unsigned i = 0; i < DETAIL_COUNT; i++) {
		struct value *v = &seen->value[i];

		*v = (struct value){.number = -1};
		if (rows[i].kind == NUMBER)
			v->number = details_number(details, (enum detail)i);
		else
			v->bytes = details_string(details, (enum detail)i, &v->len);
		if (v->bytes != NULL || v->number >= 0)
			seen->object[rows[i].object] = true;
	}
}

static void put_string(struct text *t, const char *bytes, size_t len, size_t max)
{
	text_json(t, bytes, len < max ? len : max);
}

static void put_list(
	struct text *t, const struct details *details, enum detail detail, struct value v)
{
	text_char(t, '[');
	for (unsigned n = 0; v.bytes != NULL && n < EVENT_ELEMENTS; n++) {
		if (n > 0)
			text_char(t, ',');
		put_string(t, v.bytes, v.len, EVENT_ELEMENT);
		v.bytes = details_next(details, detail, v.bytes, &v.len);
	}
	text_char(t, ']');
}

static void put_value(
	struct text *t, const struct details *details, unsigned i, const struct value *v)
{
	text_bytes(t, rows[i].key, rows[i].key_len);
	if (v->bytes == NULL && v->number < 0)
		text_cstr(t, "null");
	else if (rows[i].kind == NUMBER)
		text_u64(t, (uint64_t)v->number);
	else if (rows[i].kind == LIST)
		put_list(t, details, (enum detail)i, *v);
	else
		put_string(t, v->bytes, v->len, EVENT_STRING);
}

/* Rows of one object stand together. */
static void put_object(struct text *t, const struct details *details, const struct seen *seen,
	enum object object)
{
	char before = '{';

	text_cstr(t, object_keys[object]);
	if (!seen->object[object]) {
		text_cstr(t, "null");
		return;
	}
	for (unsigned i = 0; i < DETAIL_COUNT; i++) {
		if (rows[i].object != object)
			continue;
		text_char(t, before);
		before = ',';
		put_value(t, details, i, &seen->value[i]);
	}
	text_char(t, '}');
}

void event_details(struct text *t, const struct details *details)
{
	struct seen seen = {.object = {false}};

	if (details == NULL) {
		text_bytes(t, no_objects + 1, sizeof(no_objects) - 2); /* without its comma */
		return;
	}
	look(&seen, details);
	for (unsigned object = 0; object < OBJECT_COUNT; object++) {
		if (object > 0)
			text_char(t, ',');
		put_object(t, details, &seen, (enum object)object);
	}
}
