/* A part on its way to bytes: what index_part_write.c and index_part_addresses.c share. */
#pragma once

#include "inspect/packets/index/index_part_build.h"
#include "inspect/packets/index/index_sort.h"

/* Bytes that are put together in memory, since what stands before them says where they begin. */
struct index_bytes_out {
	uint8_t *at;
	size_t n;
};

struct index_writing {
	struct index_build *build;
	struct index_sorted *sorted, *room; /* two for each flow: one an end */
	uint32_t *flow_of;                  /* by row */
	uint32_t (*ends)[2];                /* by row: the numbers of its addresses */
	uint32_t *skips;
	struct index_bytes_out addresses, lists, postings, filter;
	uint32_t *offsets; /* of all packets, row by row */
	uint32_t *posting; /* by row: where its postings begin */
	uint32_t n_lines, n_v4, n_v6;
	size_t memory;
};

static inline void index_bytes_varint(struct index_bytes_out *out, uint32_t n)
{
	out->n += index_put_varint(out->at + out->n, n);
}

/* Sorts the addresses of one IP version, numbers them from `number` on and makes their lists; how many there are. Once rows
 * are numbered. */
uint32_t index_put_addresses(struct index_writing *w, uint8_t version, uint32_t number);
/* Once it is known how many addresses there are. */
void index_fill_filter(struct index_writing *w);
