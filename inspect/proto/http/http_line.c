#include "inspect/proto/http/http_line.h"

#include <string.h>

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* `end` is behind the line's last byte, of which its tail was kept. Takes off the CR. */
static struct http_line line_make(
	const uint8_t *at, const uint8_t *end, uint32_t len, uint32_t room)
{
	uint32_t tail_len = least(len, HTTP_TAIL_MAX);
	struct http_line line = {at, 0, len, end - tail_len, tail_len, len + 1};

	if (tail_len && end[-1] == '\r') {
		line.len--;
		line.tail_len--;
	}
	line.kept = least(line.len, room);
	return line;
}

struct http_line http_line_whole(const uint8_t *bytes, uint32_t len, uint32_t room)
{
	return line_make(bytes, bytes + len, len, room);
}

bool http_line_add(struct http_line_part *part, struct memory *memory, struct memory_list *list,
	struct http_slice more, uint32_t room)
{
	uint32_t tail = least(more.len, HTTP_TAIL_MAX);

	room = room > part->bytes.have ? room - part->bytes.have : 0;
	memmove(part->tail, part->tail + tail, HTTP_TAIL_MAX - tail);
	memcpy(part->tail + HTTP_TAIL_MAX - tail, more.bytes + more.len - tail, tail);
	part->len += more.len;
	return !room ||
	       byte_buffer_add(&part->bytes, memory, list, more.bytes, least(more.len, room));
}

struct http_line http_line_joined(const struct http_line_part *part, uint32_t room)
{
	return line_make(part->bytes.bytes, part->tail + HTTP_TAIL_MAX, part->len, room);
}

void http_line_clear(struct http_line_part *part)
{
	byte_buffer_clear(&part->bytes);
	part->len = 0;
}
