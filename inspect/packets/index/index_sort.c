#include "inspect/packets/index/index_sort.h"

#include <string.h>

enum { DIGIT = 11, DIGITS = 1 << DIGIT };

static unsigned digit(uint64_t key, unsigned shift)
{
	return (unsigned)(key >> shift) & (DIGITS - 1);
}

/* Where the keys of each digit begin. */
static void count(const struct index_sorted *at, size_t n, unsigned shift, size_t begin[DIGITS])
{
	size_t sum = 0;

	memset(begin, 0, DIGITS * sizeof(begin[0]));
	for (size_t i = 0; i < n; i++)
		begin[digit(at[i].key, shift)]++;
	for (unsigned d = 0; d < DIGITS; d++) {
		size_t have = begin[d];

		begin[d] = sum;
		sum += have;
	}
}

void index_sort(struct index_sorted *at, struct index_sorted *room, size_t n)
{
	struct index_sorted *from = at, *to = room, *other;
	size_t begin[DIGITS];
	uint64_t differ = 0;

	for (size_t i = 1; i < n; i++)
		differ |= at[i].key ^ at[0].key;
	for (unsigned shift = 0; shift < 64; shift += DIGIT) {
		if (digit(differ, shift) == 0)
			continue;
		count(from, n, shift, begin);
		for (size_t i = 0; i < n; i++)
			to[begin[digit(from[i].key, shift)]++] = from[i];
		other = from;
		from = to;
		to = other;
	}
	if (from != at)
		memcpy(at, from, n * sizeof(*at));
}
