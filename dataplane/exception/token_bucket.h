/* A token bucket: at most `burst` at once, and `rate` a second in the long run. One thread owns it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct token_bucket {
	uint64_t rate;  /* tokens a second, at most 10^8; 0: no limit */
	uint64_t burst; /* tokens it holds, at most 10^6 */
	uint64_t parts; /* in it now; a token is 10^9 of them, so that 1 ns brings `rate` */
	uint64_t now_ns;
};

/* It starts full. */
void token_bucket_init(
	struct token_bucket *bucket, uint64_t rate, uint64_t burst, uint64_t now_ns);
/* Fills it with what time has brought; a clock that goes back brings nothing. */
void token_bucket_fill(struct token_bucket *bucket, uint64_t now_ns);
/* Takes one token; false: there is none. */
bool token_bucket_take(struct token_bucket *bucket);
