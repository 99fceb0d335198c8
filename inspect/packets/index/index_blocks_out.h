/* Writes the payload of an index as blocks with checksums (index_format.h), through a buffer. The first block
 * is written last: it has the header, which knows what came after it. For this room alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/packets/index/index_format.h"

enum { INDEX_OUT_BLOCKS = 32 };

struct index_blocks_out {
	int fd;      /* borrowed */
	int error;   /* errno of the first write that failed; nothing is written after it */
	uint64_t at; /* position in the payload */
	uint8_t first[INDEX_BLOCK];
	uint32_t n; /* blocks in `buffer`, the one that is filled not included */
	uint8_t buffer[INDEX_OUT_BLOCKS][INDEX_BLOCK];
};

/* Begins behind the header. */
void index_out_begin(struct index_blocks_out *out, int fd);
void index_out_add(struct index_blocks_out *out, const void *bytes, size_t len);
/* Writes the rest, and the header. false: `error` is set. */
bool index_out_end(struct index_blocks_out *out, const uint8_t header[INDEX_HEADER]);
