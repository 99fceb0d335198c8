/* The head of an HTTP/1 message, line by line. Private to the HTTP parser. */
#pragma once

#include "inspect/proto/http/http_line.h"

enum {
	HTTP_LINE_MAX = HTTP_METHOD_MAX + 1 + HTTP_TARGET_MAX
}; /* bytes of a line that are looked at */

/* All zero is none. */
struct http_head {
	struct byte_buffer
		kept; /* values of a head that comes in several parts, parked there */
	struct http_slice value[HTTP_VALUES];
	uint32_t at[HTTP_VALUES]; /* in `kept`: of parked ones */
	uint32_t target_bytes, fields;
	uint64_t length; /* Content-Length */
	uint16_t status;
	uint8_t seen, parked; /* bit n: value n is */
	uint8_t field;        /* which one the last line has: a folded line goes on with it */
	int8_t minor;
	bool is_response, is_h2;
	bool has_length, bad_length;
	bool is_coded, is_chunked; /* Transfer-Encoding: there is one; `chunked` is the last */
};

/* Takes the first line. false: it begins no message, and `head` is as it was. */
bool http_head_begin(struct http_head *head, const struct http_line *line);
/* The same of the beginning of one whose rest is missing: a response's status, or one of the methods that
 * everybody knows, with its target where that is whole. */
bool http_head_begin_cut(struct http_head *head, const struct http_line *line);
/* Whether a line that begins with these `n` bytes may begin a message, or is the empty one before it. */
bool http_head_may_begin(const uint8_t *bytes, uint32_t n);

/* Takes one of the other lines, up to the empty one. */
void http_head_field(struct http_head *head, struct memory *memory, struct memory_list *list,
	const struct http_line *line);
/* To be called before the bytes of the lines that were given go away. What has no memory is not seen. */
void http_head_park(struct http_head *head, struct memory *memory, struct memory_list *list);

/* Valid as long as the head is. */
void http_head_message(const struct http_head *head, bool is_cut, struct http_message *out);
/* Gives the memory back: all zero again. */
void http_head_clear(struct http_head *head);
