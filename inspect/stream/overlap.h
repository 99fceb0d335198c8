/* Whether a side of a TCP connection sends other bytes where it has sent some before. What went to the
 * parsers is gone by then: of each of the last segments there is a hash, of the first bytes of a side, as many as
 * may wait in order. What can be compared is a segment that comes again, alone or within a longer one; a part
 * of one cannot. Bytes that wait are compared by reorder_differs(). Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/stream/reorder.h"

enum { OVERLAP_SEGMENTS = 12 }; /* of a side: more than begin a connection, RFC 6928 */

struct overlap {
	struct overlap_side {
		uint32_t end;   /* sequence number after the last byte */
		uint32_t bytes; /* hashed so far */
		bool known;     /* `end` is */
		uint8_t n;      /* segments kept */
		uint8_t at;     /* the next one's place */
	} side[2];
	/* Of each side; the first n of it are set. */
	struct overlap_segment {
		uint64_t hash;
		uint32_t seq, len;
	} segment[2][OVERLAP_SEGMENTS];
};

/* Nothing was seen. */
void overlap_init(struct overlap *overlap);

/* Takes a packet in the order in which parsers get them; no more is hashed after `most` bytes of its side. true:
 * some of its bytes differ from those before. */
bool overlap_add(struct overlap *overlap, const struct piece *piece, uint32_t most);
