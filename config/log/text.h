/* Text built in a caller's buffer: the one place where numbers, times and JSON strings are
 * turned into bytes (addresses: inspect/flow/addr_text.h). Never allocates, never writes past `end`; the first thing that does not fit
 * sets `full` and from then on nothing is written. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	char *at, *end;
	bool full;
};

static inline struct text text_make(char *buffer, size_t size)
{
	struct text t = {.full = false};

	t.at = buffer;
	t.end = buffer + size;
	return t;
}

/* Inline, like text_cstr(): keys are constants, and a copy of known length is a few moves. */
static inline void text_bytes(struct text *t, const char *bytes, size_t len)
{
	if (len > (size_t)(t->end - t->at)) {
		t->full = true;
		t->end = t->at;
		return;
	}
	memcpy(t->at, bytes, len);
	t->at += len;
}

static inline void text_cstr(struct text *t, const char *s)
{
	text_bytes(t, s, strlen(s));
}

static inline void text_char(struct text *t, char c)
{
	text_bytes(t, &c, 1);
}

void text_u64(struct text *t, uint64_t n);
/* `n` thousandths, as 12.345. */
void text_thousandths(struct text *t, uint64_t n);
/* `digits` lower case hex digits, at most 16, leading zeros kept. */
void text_hex(struct text *t, uint64_t n, unsigned digits);
/* RFC 3339 UTC with nine digits and Z. */
void text_time(struct text *t, uint64_t ns);
/* A JSON string with its quotes: control characters, quotes and backslashes escaped; bytes that
 * are not UTF-8 become U+FFFD, one for each maximal part of a sequence (Unicode 15, 3.9), so
 * that the output is always valid JSON (RFC 8259). */
void text_json(struct text *t, const char *bytes, size_t len);

enum { TEXT_JSON_GROWTH = 6 }; /* text_json() writes at most 2 + 6 bytes for each of `len` */

/* For those who write digits in place: "00" to "99" one after another, and 0 to f. */
extern const char text_pairs[201], text_hex_digits[17];

/* Two digits at `at`; `n` is below 100. */
static inline void text_put2(char *at, uint32_t n)
{
	memcpy(at, text_pairs + (size_t)2 * n, 2);
}
