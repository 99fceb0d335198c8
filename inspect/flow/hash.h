/* The mixing step of every hash in this folder: a 64 x 64 bit product folded to 64 bits. The
 * inputs stay in the result, so that a factor of zero does not erase the other one. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)(product >> 64) ^ (uint64_t)product ^ a ^ b;
}

/* Digits of pi after the point: constants that nobody chose. */
static const uint64_t hash_salt[8] = {
	0x243f6a8885a308d3,
	0x13198a2e03707344,
	0xa4093822299f31d0,
	0x082efa98ec4e6c89,
	0x452821e638d01377,
	0xbe5466cf34e90c6c,
	0xc0ac29b7c97c50dd,
	0x3f84d5b5b5470917,
};

/* The halves change places. */
static inline uint64_t hash_turn(uint64_t word)
{
	return word << 32 | word >> 32;
}

static inline uint64_t hash_word(const void *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* `bytes` may be NULL where there are none. */
static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	const char *at = bytes;
	uint64_t word = len;

	for (; len >= sizeof(word); len -= sizeof(word), at += sizeof(word))
		hash = hash_fold(hash ^ hash_word(at), hash_salt[1]);
	hash = hash_fold(hash ^ word, hash_salt[2]);
	word = 0;
	if (len > 0)
		memcpy(&word, at, len);
	return hash_fold(hash ^ word, hash_salt[3]);
}
