/* Shannon's entropy of bytes: from 0 (all are the same) to 8 bits a byte (each value is as frequent as any
 * other). Of n bytes it is at most log2(n). Private to the dpi. */
#pragma once

#include <stdint.h>

enum { ENTROPY_BYTES = 256 }; /* at most, of the first payload of a side */

/* n * log2(n) for a count that grows by one, so that no logarithm is taken for a packet. */
struct entropy {
	uint32_t step[ENTROPY_BYTES +
		      1]; /* [n]: (n + 1) log2(n + 1) - n log2(n), in 1 / 65536 */
	uint32_t whole[ENTROPY_BYTES + 1]; /* [n]: n log2(n), the sum of the steps before */
};

void entropy_init(struct entropy *entropy);
/* Of the first ENTROPY_BYTES of `n` bytes, at least one; in thousandths of a bit a byte. */
uint16_t entropy_of(const struct entropy *entropy, const uint8_t *bytes, uint32_t n);
