/* One direction of a TCP connection as a stream of bytes: takes segments, which reorder.h has put in order,
 * and says what each adds to what was there before. Bytes that were there already, of retransmissions, are
 * left out; what is missing is a gap. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/cursor.h"
#include "inspect/stream/reorder.h"

/* All zero is a stream of which nothing was seen: it begins with the first segment. */
struct byte_stream {
	uint32_t next; /* sequence number */
	bool known;    /* `next` is */
};

struct stream_part {
	uint32_t gap; /* bytes before the new ones that were not seen */
	struct cursor
		bytes; /* the new ones: `wire` of them, of which `cap` arrived; borrowed from the piece */
};

/* false: the segment adds nothing; `part` is not set. */
bool byte_stream_add(
	struct byte_stream *stream, const struct piece *piece, struct stream_part *part);
