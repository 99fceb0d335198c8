/* Sorts by numbers, in as many passes as their digits differ: the order of equal ones stays. For this room
 * alone. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct index_sorted {
	uint64_t key;
	uint32_t value;
};

/* `room`: for as many. */
void index_sort(struct index_sorted *at, struct index_sorted *room, size_t n);
