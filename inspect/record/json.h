/* JSON for people and programs, written to a stream with one member a line. What the stream could
 * not take shows in ferror(). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
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
