/* The blocks of a pcapng capture (draft-ietf-opsawg-pcapng), with any number of sections in either
 * byte order, each with interfaces of any link types, snap lengths and clocks. libpcap refuses a
 * file whose interfaces differ, packets above a snap length, and blocks of more than 16 MiB.
 *
 * Packets are Enhanced Packet Blocks, Simple Packet Blocks and the obsolete Packet Blocks. All
 * other blocks are stepped over, whatever they are and however long: what is not needed is never
 * kept in memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/capture/capture_record.h"
#include "dataplane/capture/capture_window.h"

struct capture_blocks;

/* Reads on from the first block. Borrows the window. NULL: no memory. */
struct capture_blocks *capture_blocks_create(struct capture_window *window);

/* Reads the blocks before the first packet. RECORDS_OK, also when there is none; RECORDS_CUT or
 * RECORDS_BROKEN. Before the window lends. */
enum records_status capture_blocks_prepare(struct capture_blocks *blocks);

/* The link types of the interfaces so far: a bit for each of capture_links that there is. */
uint32_t capture_blocks_links(const struct capture_blocks *blocks);

/* The next packet. Without a time, if it is of a Simple Packet Block. */
enum records_status capture_blocks_next(
	struct capture_blocks *blocks, struct capture_record *record);

/* Where the block of the packet that was given last begins; and its first comment: how far behind the packet's first
 * byte, and how long (0: there is none). */
uint64_t capture_blocks_offset(const struct capture_blocks *blocks);
uint32_t capture_blocks_comment(const struct capture_blocks *blocks, uint32_t *len);
/* As the block's flags have it: 1 inbound, 2 outbound, 0 not said (or said behind the comment). */
unsigned capture_blocks_direction(const struct capture_blocks *blocks);

/* Why; which block, and where. Without a full stop. */
const char *capture_blocks_wrong(const struct capture_blocks *blocks);

/* NULL is legal. */
void capture_blocks_destroy(struct capture_blocks *blocks);
