/* Looks for first fragments that come after later ones: networks change the order, and some
 * senders send the last fragment first. For replay alone, where later packets are in memory
 * already: the distributor looks before it chooses owners, in blocks that are decapsulated. It
 * looks only for a later fragment whose first was not seen, and at no packet twice. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/capture/block.h"
#include "inspect/flow/fragment.h"

enum {
	LOOKAHEAD_PACKETS = 256, /* behind the later fragment */
	LOOKAHEAD_BLOCKS = 4,    /* that wait behind one for it, at most: 1 MiB of packets */
};

struct lookahead {
	struct fragment_params params;
	const struct block *block; /* of the packets asked for */
	uint64_t looked_end; /* packets with numbers below have been looked at, or passed by */
	/* The first fragments found that were not passed by, in order. */
	struct fragment_first firsts[LOOKAHEAD_PACKETS];
	uint32_t begin, end; /* positions, never wrapped */
};

/* `params` as those of the fragment table. */
void lookahead_init(struct lookahead *lookahead, const struct fragment_params *params);

/* The packets asked for from now on are of this block. */
static inline void lookahead_block(struct lookahead *lookahead, const struct block *block)
{
	lookahead->block = block;
}

/* For a later fragment whose first was not seen, in the order of numbers: gives it the ports of the
 * nearest first one that comes, with PACKET_PORTS_LEARNED, and PACKET_FIRST_AHEAD where that is whole.
 * false: none comes within bounds. */
bool lookahead_packet(struct lookahead *lookahead, struct packet *p) __attribute__((cold));
