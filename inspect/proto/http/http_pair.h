/* Both directions of an HTTP/1 connection: finds the request that a response answers, which is the first
 * of those without one (RFC 9112, 9.3.2). Either side may ask.
 *
 * Of each open request what http_transaction has is kept, in one block; at most HTTP_OPEN_MAX of them and
 * HTTP_OPEN_BYTES together. What has no room is told at once, without its response. Where bytes are missing
 * of the side that answers, responses may be, too: open requests are told without one, and none is matched
 * with the wrong one. */
#pragma once

#include "inspect/proto/http/http_stream.h"

enum { HTTP_OPEN_MAX = 32, HTTP_OPEN_BYTES = 16 * 1024 };

struct http_exchange;

/* All zero is a connection of which nothing was seen. About 600 bytes. */
struct http_pair {
	struct http_stream stream[2];       /* of each side */
	struct http_exchange *first, *last; /* requests whose responses have not begun */
	struct http_exchange *current[2];   /* whose request or response each side is sending */
	uint32_t n_open, open_bytes;
	uint32_t unheld; /* requests after these, told already; their responses are not told */
	bool asks[2];    /* sides that sent a request */
	uint8_t next;
};

/* What the connection is now. */
enum http_next {
	HTTP_GOES_ON,
	HTTP_GIVEN_UP,  /* no HTTP/1 any more, or never: nothing more will be found */
	HTTP_CONNECTED, /* a tunnel: what follows may be anything, mostly TLS */
	HTTP_WEBSOCKET,
	HTTP_H2,       /* after an upgrade, or from the beginning */
	HTTP_UPGRADED, /* to something else */
};

/* Who is told; `asked` and `answered` may be NULL. `asked`: a request's head is there, for which a response is waited
 * for. `answered`: a response's head is there, its body not yet. `transaction`:
 * the response is whole, or either was given up. Once for each request or, where there is none, response;
 * interim responses (1xx) are left out. */
struct http_pair_sink {
	void (*asked)(void *ctx, const struct http_transaction *transaction);
	void (*answered)(void *ctx, const struct http_transaction *transaction);
	void (*transaction)(void *ctx, const struct http_transaction *transaction);
	void *ctx;
};

struct http_segment {
	struct stream_part part;
	bool side;        /* who sent it */
	uint64_t time_ns; /* packet time */
};

/* Takes a part of either side. `segment->part.bytes` is left where HTTP ends. `list` is the same in every
 * call. */
enum http_next http_pair_add(struct http_pair *pair, struct memory *memory,
	struct memory_list *list, struct http_segment *segment,
	const struct http_pair_sink *sink);
/* The connection has ended, or no more is to be read of it: tells what is open, and gives the memory
 * back. */
void http_pair_end(struct http_pair *pair, struct memory *memory, struct memory_list *list,
	const struct http_pair_sink *sink);
