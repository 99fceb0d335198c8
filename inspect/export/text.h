/* Text built in a caller's buffer: the one place where numbers, times, addresses and JSON are
 * turned into bytes. Never allocates, never writes past `end`; the first thing that does not fit
 * sets `full` and from then on nothing is written. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decap/addr.h"

struct text {
	char *at, *end;
	bool full;
};

static inline struct text text_make(char *buffer, size_t size)
{
	struct text t = {buffer, buffer + size, false};

	return t;
}

void text_bytes(struct text *t, const char *bytes, size_t len);
void text_cstr(struct text *t, const char *s);
void text_char(struct text *t, char c);
void text_u64(struct text *t, uint64_t n);
void text_addr(struct text *t, const struct ip_addr *a, uint8_t ip_version);
/* RFC 3339 UTC with nine digits and Z. */
void text_time(struct text *t, uint64_t ns);
/* A JSON string with its quotes: control characters, quotes and backslashes escaped; bytes that
 * are not UTF-8 become U+FFFD, so that the output is always valid JSON (RFC 8259). */
void text_json(struct text *t, const char *bytes, size_t len);
