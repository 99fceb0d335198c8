/* A block of packets on its way from the replay reader to the workers and back: the packets'
 * bytes, one slot each, and for each worker the list of slots it owns. All workers get every
 * block, in the same order, and give it back when they have done their share; so the i-th block
 * that every worker gave back is complete, and packets are recorded in file order whatever the
 * number of workers.
 *
 * The reader writes a block before it is dispatched and after it is complete; in between each
 * worker reads it and writes the `marks` of its own slots only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings/settings.h"
#include "dataplane/capture/input.h"
#include "dataplane/pipeline/owner.h"
#include "decap/ledger.h"
#include "decap/packet.h"
#include "inspect/packets/index/index_flow.h"
#include "inspect/packets/packet_file.h"
#include "inspect/packets/recorded.h"

enum {
	BLOCK_SLOTS = 1024,
	BLOCK_BYTES =
		256 *
		1024, /* fits the longest packet a capture can hold (snap length 262144) */
	/* As read from a file, with 16 bytes before each packet, and one packet too many. */
	BLOCK_ROOM = 2 * BLOCK_BYTES + 16 * (BLOCK_SLOTS + 1) + 64 * 1024,
};

/* What became of a packet, for packet files. */
struct mark {
	/* The least value of packets.record that records it: RECORD_ACCEPTED or RECORD_ALL.
	 * RECORD_NONE: it is never recorded, and `packet` is not set. */
	enum settings_record least;
	uint32_t keep; /* bytes of the frame that go to packets/ (record_kept()) */
	struct packet_record packet; /* `frame` points into the block */
};

/* Of a packet's comment in its capture: longer ones are left out where packets are copied. */
enum { BLOCK_COMMENT = 256 };

/* What an index is built of, and what else is asked of packets that are retrieved, for each slot. */
struct block_index {
	struct input_place places[BLOCK_SLOTS];
	uint32_t captures[BLOCK_SLOTS];        /* which one it is of */
	struct recorded recorded[BLOCK_SLOTS]; /* what a packet file of ours says of it */
	uint32_t n_comments;                   /* bytes of comments, behind those of packets */
	struct index_flow flows[BLOCK_SLOTS];  /* the owners of the packets write them */
};

struct block {
	uint64_t first_number; /* position of slot 0 in the input, from 1 */
	uint64_t horizon_ns;   /* clock of expiry; see inspect/flow/table.h */
	uint64_t rewind_ns;    /* not 0: the input's time went back; expire all by this first */
	uint32_t n_slots, n_bytes;
	bool last; /* the end of the input: end all flows */
	/* For lookahead.h: packets with lower numbers are in this block and in those behind it.
	 * They stay there until this block comes back. */
	uint64_t ahead_end;
	const struct block *next;
	struct mark *marks;          /* BLOCK_SLOTS of them, or NULL when nothing is recorded */
	struct block_index *index;   /* NULL: no index is built */
	uint64_t times[BLOCK_SLOTS]; /* as the capture has them */
	enum reason why[BLOCK_SLOTS];
	struct packet
		packets[BLOCK_SLOTS]; /* as decap left them; their bytes stand in `data` */
	uint32_t n_owned[WORKERS_MAX];
	uint16_t *owned; /* n_workers lists of BLOCK_SLOTS slot numbers */
	uint8_t *data;   /* BLOCK_ROOM bytes from malloc(); may be exchanged for others */
};

/* NULL: no memory. */
struct block *block_create(uint32_t n_workers, bool with_marks, bool with_index);
void block_destroy(struct block *block);

/* Empties the block for the reader. */
void block_reset(struct block *block);

/* The number of the first packet behind it. */
static inline uint64_t block_end(const struct block *block)
{
	return block->first_number + block->n_slots;
}

/* True when a packet of `cap` bytes still fits. */
static inline bool block_fits(const struct block *block, uint32_t cap)
{
	return block->n_slots < BLOCK_SLOTS && cap <= BLOCK_BYTES - block->n_bytes;
}

/* The slot numbers owned by `worker`, n_owned[worker] of them. */
static inline uint16_t *block_owned(const struct block *block, uint32_t worker)
{
	return block->owned + (size_t)worker * BLOCK_SLOTS;
}
