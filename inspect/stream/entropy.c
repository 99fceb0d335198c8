#include "inspect/stream/entropy.h"

#include <math.h>

enum { ONE = 1 << 16, THOUSAND = 1000, AT_ONCE = 8 };

void entropy_init(struct entropy *entropy)
{
	for (uint32_t n = 1; n <= ENTROPY_BYTES; n++)
		entropy->whole[n] = (uint32_t)lround(ONE * (double)n * log2(n));
	for (uint32_t n = 1; n < ENTROPY_BYTES; n++)
		entropy->step[n] = entropy->whole[n + 1] - entropy->whole[n];
}

static uint32_t step(const struct entropy *entropy, uint8_t count[], uint8_t value)
{
	return entropy->step[count[value]++];
}

/* H = log2(n) - 1/n * (sum of c log2 c over the counts c of each value). A count reaches 256 with the last byte
 * alone, when nobody asks for it any more. */
uint16_t entropy_of(const struct entropy *entropy, const uint8_t *bytes, uint32_t n)
{
	uint8_t count[UINT8_MAX + 1] = {0};
	uint32_t sum = 0, rest, i = 0;

	if (n > ENTROPY_BYTES)
		n = ENTROPY_BYTES;
	for (; i + AT_ONCE <= n; i += AT_ONCE)
		for (uint32_t j = 0; j < AT_ONCE; j++)
			sum += step(entropy, count, bytes[i + j]);
	for (; i < n; i++)
		sum += step(entropy, count, bytes[i]);
	rest = entropy->whole[n] - sum;
	return (uint16_t)(((uint64_t)rest * THOUSAND / n + ONE / 2) / ONE);
}
