#include "inspect/record/json.h"

#include <inttypes.h>
#include <string.h>

#include "inspect/record/text.h"

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
	member(j, key);
	fputc(bracket, j->out);
	j->depth++;
	j->follows = false;
}

void json_close(struct json *j, char bracket)
{
	j->depth--;
	if (j->follows)
		fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
	fputc(bracket, j->out);
	j->follows = true;
}

void json_u64(struct json *j, const char *key, uint64_t n)
{
	member(j, key);
	fprintf(j->out, "%" PRIu64, n);
}

void json_double(struct json *j, const char *key, double n)
{
	member(j, key);
	fprintf(j->out, "%.3f", n);
}

void json_bool(struct json *j, const char *key, bool value)
{
	member(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_string(struct json *j, const char *key, const char *s)
{
	member(j, key);
	if (s == NULL)
		fputs("null", j->out);
	else
		put_string(j, s);
}
