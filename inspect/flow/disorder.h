/* What one flow's TCP segments that do not go on where the last one ended were: sent again, or late. A
 * segment that begins below what its side has shown
 *
 *   - is a retransmission when all its bytes up to there were shown before;
 *   - fills a hole otherwise. Within the time that a round trip takes since the packet that left the
 *     hole it came out of order: nobody can have asked for it in so short a time. Later it is a
 *     retransmission, of a segment that was lost before the mirror.
 *
 * SYN and FIN are a byte each (RFC 9293, 3.4). A keep-alive (one byte that was shown, that
 * below the next one, or none; RFC 9293, 3.8.4) is neither. What a side sent before its first packet is taken for shown, and so is the
 * oldest hole when there are more than DISORDER_HOLES. Plain data; all zero is a flow without disorder. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { DISORDER_HOLES = 3 };

/* Bytes [from, to) were not shown; none: from == to. */
struct disorder_hole {
	uint32_t from, to;
	uint64_t found_ns;
};

/* Side 0 is the key's `lo`. */
struct disorder {
	struct disorder_hole holes[2]
				  [DISORDER_HOLES]; /* oldest first, then those that are none */
	uint32_t retransmitted[2], out_of_order[2]; /* packets */
	uint32_t data_again[2];                     /* of those retransmitted: with payload */
};

/* The side's next byte was `from`, and a packet begins at `to`. */
void disorder_hole(
	struct disorder *disorder, unsigned side, uint32_t from, uint32_t to, uint64_t now_ns);

/* A packet with bytes [seq, end), which begin below the side's next one. */
struct disorder_segment {
	uint32_t seq, end;
	bool has_data; /* not a SYN or FIN alone */
	bool is_probe; /* a keep-alive, unless it fills a hole */
	uint64_t time_ns;
};

/* Counts it. `round_trip_ns`: 0 = unknown. */
void disorder_late(struct disorder *disorder, unsigned side,
	const struct disorder_segment *segment, uint64_t round_trip_ns);

/* The side begins anew: it has no holes. */
void disorder_forget(struct disorder *disorder, unsigned side);

/* Nothing was counted, and there is no hole. */
bool disorder_is_none(const struct disorder *disorder);
