#include "inspect/stream/entropy.h"

#include <math.h>

enum { ONE = 1 << 16, THOUSAND = 1000 };

void entropy_init(struct entropy *entropy)
{
	for (uint32_t n = 1; n <= ENTROPY_BYTES; n++)
		entropy->whole[n] = (uint32_t)lround(ONE * (double)n * log2(n));
	for (uint32_t n = 1; n < ENTROPY_BYTES; n++)
		entropy->step[n] = entropy->whole[n + 1] - entropy->whole[n];
}

/* H = log2(n) - 1/n * (sum of c log2 c over the counts c of each value) */
uint16_t entropy_of(const struct entropy *entropy, const uint8_t *bytes, uint32_t n)
{
	uint16_t count[UINT8_MAX + 1] = {0};
	uint32_t sum = 0, rest;

	if (n > ENTROPY_BYTES)
		n = ENTROPY_BYTES;
	for (uint32_t i = 0; i < n; i++)
		sum += entropy->step[count[bytes[i]]++];
	rest = entropy->whole[n] - sum;
	return (uint16_t)(((uint64_t)rest * THOUSAND / n + ONE / 2) / ONE);
}
