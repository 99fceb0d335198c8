#include "inspect/record/json.h"

#include <inttypes.h>
#include <string.h>

#include "inspect/flow/addr_text.h"

enum { STRING_MAX_LEN = 1024 };

static void put_string(struct json *j, const char *s)
{
	char room[2 + TEXT_JSON_GROWTH * STRING_MAX_LEN];
	struct text t = text_make(room, sizeof(room));

	text_json(&t, s, strnlen(s, STRING_MAX_LEN));
	fwrite(room, 1, (size_t)(t.at - room), j->out);
}

static void member(struct json *j, const char *key)
{
	if (j->follows)
		fputc(',', j->out);
	if (j->depth > 0)
		fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
	j->follows = true;
	if (key == NULL)
		return;
	put_string(j, key);
	fputs(": ", j->out);
}

void json_open(struct json *j, const char *key, char bracket)
{
	if (j->taker) {
		j->taker->open(j->taker->ctx, key, bracket);
		return;
	}
	member(j, key);
	fputc(bracket, j->out);
	j->depth++;
	j->follows = false;
}

void json_close(struct json *j, char bracket)
{
	if (j->taker) {
		j->taker->close(j->taker->ctx);
		return;
	}
	j->depth--;
	if (j->follows)
		fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
	fputc(bracket, j->out);
	j->follows = true;
}

void json_u64(struct json *j, const char *key, uint64_t n)
{
	if (j->taker) {
		j->taker->number(j->taker->ctx, key, n);
		return;
	}
	member(j, key);
	fprintf(j->out, "%" PRIu64, n);
}

void json_double(struct json *j, const char *key, double n)
{
	char text[64];

	snprintf(text, sizeof(text), "%.3f", n);
	if (j->taker) {
		j->taker->text(j->taker->ctx, key, text);
		return;
	}
	member(j, key);
	fputs(text, j->out);
}

void json_bool(struct json *j, const char *key, bool value)
{
	if (j->taker) {
		j->taker->number(j->taker->ctx, key, value);
		return;
	}
	member(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_string(struct json *j, const char *key, const char *s)
{
	if (j->taker) {
		if (s)
			j->taker->text(j->taker->ctx, key, s);
		return;
	}
	member(j, key);
	if (s == NULL)
		fputs("null", j->out);
	else
		put_string(j, s);
}

static void put_counter(
	struct json *j, const char *key, const struct counter *counter, uint64_t value)
{
	if (value == COUNTER_UNKNOWN) {
		json_string(j, key, NULL);
		return;
	}
	switch (counter_form(counter)) {
	case COUNTER_NUMBER:
	case COUNTER_BYTES:
		json_u64(j, key, value);
		break;
	case COUNTER_NS:
	case COUNTER_RATIO:
		json_double(j, key, (double)value / COUNTER_ONE);
		break;
	case COUNTER_TRUTH:
		json_bool(j, key, value != 0);
		break;
	}
}

void json_addr(struct json *j, const char *key, const struct ip_addr *addr)
{
	char room[IP_ADDR_TEXT] = "";
	struct text t = text_make(room, sizeof(room) - 1);

	text_addr(&t, addr, ip_addr_is_v4(addr) ? 4 : 6);
	json_string(j, key, room);
}

void json_time(struct json *j, const char *key, uint64_t ns)
{
	char room[32] = "";
	struct text t = text_make(room, sizeof(room) - 1);

	text_time(&t, ns);
	json_string(j, key, ns == 0 ? NULL : room);
}

void json_counters(struct json *j, enum counter_set set, const void *row, unsigned places)
{
	const char *before = places & (IN_MEMORY | IN_RUN) ? counters_info(set)->before : "";
	char room[COUNTER_NAME], key[2 * COUNTER_NAME];

	counters_each (c, set) {
		if (!(c->places & places))
			continue;
		snprintf(key, sizeof(key), "%s%s", before, counter_key(c, room));
		put_counter(j, key, c, counter_value(c, row));
	}
}
