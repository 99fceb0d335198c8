/* Whether a side of a TCP connection sends other bytes where it has sent some before. What went to the
 * parsers is gone by then: of each of the last segments there is a hash, of the first bytes of a side, as many as
 * may wait in order. What can be compared is a segment that comes again, alone or within a longer one; a part
 * of one cannot. Bytes that wait are compared by reorder_differs(). Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/stream/reorder.h"

enum { OVERLAP_SEGMENTS = 12 }; /* of a side: more than begin a connection, RFC 6928 */

/* All zero: nothing was seen. */
struct overlap {
	struct overlap_side {
		uint32_t end;   /* sequence number after the last byte */
		uint32_t bytes; /* hashed so far */
		bool known;     /* `end` is */
		uint8_t n; /* segments so far, modulo OVERLAP_SEGMENTS; the next one's place */
		struct overlap_segment {
			uint64_t hash;
			uint32_t seq, len; /* len 0: none */
		} segment[OVERLAP_SEGMENTS];
	} side[2];
};

/* Takes a packet in the order in which parsers get them; no more is hashed after `most` bytes of its side. true:
 * some of its bytes differ from those before. */
bool overlap_add(struct overlap *overlap, const struct piece *piece, uint32_t most);
