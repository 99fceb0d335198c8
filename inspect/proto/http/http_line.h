/* Lines of a stream, wherever parts of it begin and end. Private to the HTTP parser. */
#pragma once

#include "inspect/proto/http/http.h"
#include "inspect/stream/byte_buffer.h"

enum { HTTP_TAIL_MAX = 16 }; /* bytes of a line's end, where a request has its version */

/* A line without its end: CRLF, or LF alone (RFC 9112, 2.2). */
struct http_line {
	const uint8_t *at; /* the first `kept` bytes of `len` */
	uint32_t kept, len;
	const uint8_t *tail; /* the last of them */
	uint32_t tail_len;
	uint32_t wire; /* with its end */
};

/* A line whose end is not there yet. All zero is none. */
struct http_line_part {
	struct byte_buffer bytes; /* its beginning */
	uint32_t len;
	uint8_t tail[HTTP_TAIL_MAX];
};

/* A line of `len` bytes up to its LF, of which `room` are of interest; borrowed. */
struct http_line http_line_whole(const uint8_t *bytes, uint32_t len, uint32_t room);

/* Adds to a part; `room` is the same for all of a line. false: no memory. */
bool http_line_add(struct http_line_part *part, struct memory *memory, struct memory_list *list,
	struct http_slice more, uint32_t room);
/* What was added as a line; borrowed from the part. */
struct http_line http_line_joined(const struct http_line_part *part, uint32_t room);
void http_line_clear(struct http_line_part *part);
