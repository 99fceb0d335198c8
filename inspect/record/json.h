/* JSON for people and programs, written to a stream with one member a line. What the stream could
 * not take shows in ferror(). Or the same members for a taker. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config/parse/addr.h"
#include "decap/counters/counters.h"

/* Takes members instead of a stream. A fraction and a string come as text, true and false as 1
 * and 0, null not at all. */
struct json_taker {
	void (*open)(void *ctx, const char *key, char bracket);
	void (*close)(void *ctx);
	void (*number)(void *ctx, const char *key, uint64_t n);
	void (*text)(void *ctx, const char *key, const char *text);
	void *ctx;
};

struct json {
	FILE *out;
	const struct json_taker *taker; /* NULL: the stream */
	unsigned depth;
	bool follows; /* something stands before, at this depth */
};

/* `key` is NULL inside arrays and at the top. Strings are cut at 1 KB. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_u64(struct json *j, const char *key, uint64_t n);
void json_double(struct json *j, const char *key, double n);
void json_bool(struct json *j, const char *key, bool value);
/* NULL is null. */
void json_string(struct json *j, const char *key, const char *s);
void json_addr(struct json *j, const char *key, const struct ip_addr *addr);
/* RFC 3339, UTC; 0 is null: there was no packet. */
void json_time(struct json *j, const char *key, uint64_t ns);
/* Members for the rows of a set that stand in one of `places`, from `row`. */
void json_counters(struct json *j, enum counter_set set, const void *row, unsigned places);
