/* Reads the payload of an index (index_format.h) that nobody need trust: each block is checked when it is read, and
 * no position outside of the payload is. What was read lately is kept. For this room alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/packets/index/index_format.h"

enum { INDEX_KEPT = 64 }; /* blocks */

struct index_blocks_in {
	int fd;              /* borrowed */
	uint64_t file, size; /* bytes of the file; of the payload */
	uint64_t bytes_read;
	enum index_status status;  /* of the first read that failed */
	int error;                 /* its errno, or 0 */
	uint64_t kept[INDEX_KEPT]; /* 1 + number of the block; 0: none */
	uint8_t blocks[INDEX_KEPT][INDEX_BLOCK];
};

/* `file`: bytes of the file. The payload is what fits there. */
void index_in_begin(struct index_blocks_in *in, int fd, uint64_t file);

/* The `len` bytes at a position. false: there are none, they are damaged, or cannot be read: `status`
 * says which. */
bool index_in_read(struct index_blocks_in *in, uint64_t at, void *bytes, size_t len);

/* Reads bytes one after the other, up to `end`. */
struct index_cursor {
	struct index_blocks_in *in;
	uint64_t at, end; /* of what is not in `bytes` yet */
	size_t i, n;
	uint8_t bytes[256];
};

void index_cursor_begin(
	struct index_cursor *cursor, struct index_blocks_in *in, uint64_t at, uint64_t end);
bool index_cursor_has_more(const struct index_cursor *cursor);
/* false: it is none, or goes on behind the end, or index_in_read() failed. */
bool index_cursor_varint(struct index_cursor *cursor, uint32_t *out);
/* The position of the next byte. */
uint64_t index_cursor_at(const struct index_cursor *cursor);
