#include <stdio.h>
#include <string.h>

#include "inspect/packets/expression/expression.h"

enum {
	BEFORE = 48, /* bytes of a long expression that are shown before the place */
	SHOWN = 72,  /* and in all */
	INSIDE = 3,  /* bytes of a character of UTF-8 behind its first */
};

/* What is shown: `begin` to `end`, with dots where the expression goes on. */
struct window {
	uint32_t begin, end, len;
};

static bool is_inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Whole characters of UTF-8. */
static struct window window_of(const char *text, uint32_t at)
{
	struct window w = {.len = (uint32_t)strlen(text)};

	w.begin = at > BEFORE && w.len > SHOWN ? at - BEFORE : 0;
	for (int i = 0; i < INSIDE && w.begin > 0 && is_inside_character(text[w.begin]); i++)
		w.begin--;
	w.end = w.len - w.begin > SHOWN ? w.begin + SHOWN : w.len;
	for (int i = 0; i < INSIDE && w.end < w.len && is_inside_character(text[w.end]); i++)
		w.end++;
	return w;
}

static size_t put(char *out, size_t at, const char *text)
{
	size_t len = strlen(text);

	if (at + len >= EXPRESSION_SHOWN)
		len = EXPRESSION_SHOWN - 1 - at;
	memcpy(out + at, text, len);
	out[at + len] = '\0';
	return at + len;
}

/* No byte of the expression ends a line or commands the terminal. */
static size_t put_part(char *out, size_t at, const char *text, uint32_t begin, uint32_t end)
{
	for (; begin < end; begin++) {
		char one[2] = {text[begin], '\0'};

		if ((unsigned char)one[0] < ' ' || one[0] == 0x7f)
			one[0] = one[0] == '\t' ? ' ' : '?';
		at = put(out, at, one);
	}
	return at;
}

static size_t put_clean(char *out, size_t at, const char *text)
{
	return put_part(out, at, text, 0, (uint32_t)strlen(text));
}

char *expression_error_lines(
	const struct expression_error *error, const char *text, char out[EXPRESSION_SHOWN])
{
	const struct window w = window_of(text, error->at);
	size_t at = put_clean(out, 0, error->text);

	at = put(out, at, w.begin > 0 ? "\n  ... " : "\n  ");
	at = put_part(out, at, text, w.begin, w.end);
	at = put(out, at, w.end < w.len ? " ..." : "");
	at = put(out, at, w.begin > 0 ? "\n      " : "\n  ");
	for (uint32_t i = w.begin; i < error->at && i < w.end; i++)
		if (!is_inside_character(text[i]))
			at = put(out, at, " ");
	put(out, at, "^");
	return out;
}

char *expression_error_line(
	const struct expression_error *error, const char *text, char out[EXPRESSION_SHOWN])
{
	const struct window w = window_of(text, error->at);
	uint32_t place = error->at < w.end ? error->at : w.end;
	size_t at = put_clean(out, 0, error->text);

	at = put(out, at, w.begin > 0 ? ": ... " : ": ");
	at = put_part(out, at, text, w.begin, place);
	at = put(out, at, "^");
	at = put_part(out, at, text, place, w.end);
	put(out, at, w.end < w.len ? " ..." : "");
	return out;
}
