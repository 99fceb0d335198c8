/* For capture_blocks*.c alone. */
#pragma once

#include "dataplane/capture/capture_blocks.h"
#include "dataplane/capture/capture_interface.h"

#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)

enum {
	BLOCK_HEADER = 8, /* type and length */
	BLOCK_TRAILER = 4,
	BLOCK_LEAST = BLOCK_HEADER + BLOCK_TRAILER,
};

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_NAMES = 4,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED = 6,
	BLOCK_SECRETS = 10,
	BLOCK_SECTION = 0x0a0d0d0a, /* the same in either byte order */
};

struct capture_blocks {
	struct capture_window *window;
	bool swapped;       /* the numbers of this section are not in our byte order */
	uint32_t type, len; /* of the block in hand; `len` a multiple of 4 */
	uint64_t done;      /* blocks before it */
	uint64_t offset;    /* where it begins */
	uint32_t comment, comment_len; /* of the packet in it, see capture_blocks_comment() */
	unsigned direction;            /* likewise */
	struct capture_interface *interfaces; /* of this section */
	uint32_t n_interfaces, room;
	uint32_t links;
	char wrong[200];
};

/* "block 5 at byte 400, an Enhanced Packet Block: ..." is what is wrong. Gives `status` back. */
__attribute__((cold, format(printf, 3, 4))) enum records_status blocks_refuse(
	struct capture_blocks *b, enum records_status status, const char *format, ...);

/* The capture ends in the block in hand, some of which may have been dropped. */
__attribute__((cold)) enum records_status blocks_cut(struct capture_blocks *b);

/* The capture ends before `need` bytes of the next block are there, or right before it. */
__attribute__((cold)) enum records_status blocks_cut_in_header(
	struct capture_blocks *b, size_t need);
