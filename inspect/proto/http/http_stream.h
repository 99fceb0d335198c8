/* One direction of an HTTP/1 connection: message after message, wherever segments begin and end. Bodies are
 * stepped over by Content-Length, chunks, or up to the end of the stream (RFC 9112, 6.3). Needs segments in
 * order (reorder.h).
 *
 * Bytes that are missing, or that a mirror cut away, take nothing from the next message, where the length
 * of the body that they are in is known. Else the message ends there, and the next is looked for at every
 * line. Of a line at most HTTP_LINE_MAX bytes are kept, of a head what http.h says; no more than twice that
 * is allocated, and nothing when a head is whole in its segment. What a call takes grows with the bytes of
 * its part alone. */
#pragma once

#include "inspect/proto/http/http_head.h"
#include "inspect/stream/byte_stream.h"

enum http_state {
	HTTP_START, /* of a message */
	HTTP_LOST,  /* the same, somewhere ahead */
	HTTP_FIELDS,
	HTTP_BODY, /* of known length */
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK,
	HTTP_CHUNK_END,
	HTTP_TRAILERS,
	HTTP_BODY_TO_END,
	HTTP_OVER, /* what follows is no HTTP */
};

/* All zero is a stream of which nothing was seen. */
struct http_stream {
	bool is_late; /* set by the caller: it began before what is given, maybe inside a message */
	bool has_begun;
	bool skips_line; /* what is left of the line is of no interest */
	uint8_t state;
	uint64_t bytes; /* of the message so far */
	uint64_t left;  /* of the body or chunk */
	uint32_t lost;  /* bytes looked through for a message */
	struct http_line_part line;
	struct http_head head;
};

/* What comes after a head. */
enum http_body {
	HTTP_BODY_AS_SAID, /* by its fields */
	HTTP_BODY_NONE,
	HTTP_NO_MORE, /* the stream is over: a tunnel, or another protocol, begins */
};

/* `head` is called once a message, then `end` with the bytes of the message as far as they are known. `lost`:
 * bytes are missing, and other messages may be among them. */
struct http_sink {
	enum http_body (*head)(void *ctx, const struct http_message *message);
	void (*end)(void *ctx, uint64_t bytes);
	void (*lost)(void *ctx);
	void *ctx;
};

/* Takes a part; `part->bytes` is left where the stream is over, and at its end else. */
void http_stream_add(struct http_stream *stream, struct memory *memory,
	struct memory_list *list, struct stream_part *part, const struct http_sink *sink);
/* The stream has ended: tells what is open, and gives the memory back. */
void http_stream_end(struct http_stream *stream, const struct http_sink *sink);
