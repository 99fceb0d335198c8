/* One direction of DNS over TCP (RFC 1035, 4.2.2): each message after its length of two bytes, wherever
 * segments begin and end. Bounded: of a message at most DNS_STREAM_MAX bytes are kept, and no more
 * than twice what arrived. Needs segments in order (reorder.h); where some are missing, or what is read is no
 * message, the next segment is taken to begin one. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/memory.h"
#include "inspect/stream/byte_buffer.h"
#include "inspect/stream/byte_stream.h"

enum { DNS_STREAM_MAX = 16 * 1024 };

/* All zero is a stream of which nothing was seen. */
struct dns_stream {
	struct byte_stream stream;
	struct byte_buffer message; /* being put together, from its length on */
	uint32_t want;              /* its bytes, with its length; 0: not known yet */
	uint32_t skip;              /* bytes of the stream before the next message */
};

/* Where messages go: `cap` bytes of one of `wire`. false: it is none. */
struct dns_sink {
	bool (*message)(void *ctx, const uint8_t *data, uint32_t cap, uint32_t wire);
	void *ctx;
};

/* Takes a TCP segment. */
void dns_stream_add(struct dns_stream *stream, struct memory *memory, struct memory_list *list,
	const struct piece *piece, const struct dns_sink *sink);
