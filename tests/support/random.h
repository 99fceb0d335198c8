/* Random numbers of tests and benchmarks, the same in every run and on every machine: Marsaglia's
 * xorshift64 ("Xorshift RNGs", 2003, shifts 13, 7, 17). It goes through all 2^64 - 1 states but 0 before
 * the first comes again. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state; /* anything but 0 */
};

/* The number at place `n` of row `row`, whatever was asked for before: SplitMix64's finalizer (Steele, Lea,
 * Flood, 2014) over both. */
static inline uint64_t random_at(uint64_t row, uint64_t n)
{
	uint64_t x = row * UINT64_C(0x9e3779b97f4a7c15) + n * UINT64_C(0xd1b54a32d192ed03) + 1;

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* Any seed will do, and seeds beside each other give numbers that have nothing in common. */
static inline struct random random_seeded(uint64_t seed)
{
	uint64_t state = random_at(seed, 0);

	return (struct random){state ? state : 1};
}

/* 64 bits. */
static inline uint64_t random_next(struct random *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state;
}

/* 0 to n - 1, all alike often; n from 1 on. */
static inline uint32_t random_below(struct random *r, uint32_t n)
{
	return (uint32_t)((random_next(r) >> 32) * n >> 32);
}

static inline void random_fill(struct random *r, uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(random_next(r) >> 56);
}
