#include "inspect/stream/byte_stream.h"

enum { BEHIND = 1u << 31 }; /* from here on a difference of sequence numbers is negative */

bool byte_stream_add(
	struct byte_stream *stream, const struct piece *piece, struct stream_part *part)
{
	struct cursor c = cursor_make(piece->ip, piece->cap, piece->wire);
	uint32_t seq = piece_data_seq(piece);

	cursor_skip(&c, piece->payload);
	if (!stream->known)
		stream->next = seq;
	stream->known = true;
	part->gap = seq - stream->next;
	if (part->gap >= BEHIND) {
		uint32_t repeated = -part->gap;

		if (repeated >= c.wire)
			return false;
		cursor_skip(&c, repeated);
		seq = stream->next;
		part->gap = 0;
	}
	if (!part->gap && !c.wire)
		return false;
	stream->next = seq + c.wire;
	part->bytes = c;
	return true;
}
