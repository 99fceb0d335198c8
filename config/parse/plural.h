/* Singular and plural of regular nouns in messages: printf("%u port%s", n, plural(n)). */
#pragma once

#include <stdint.h>

static inline const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* The verb that goes with them. */
static inline const char *plural_are(uint64_t n)
{
	return n == 1 ? "is" : "are";
}

static inline const char *plural_were(uint64_t n)
{
	return n == 1 ? "was" : "were";
}
