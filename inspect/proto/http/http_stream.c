#include "inspect/proto/http/http_stream.h"

#include <string.h>

enum {
	SIZE_LINE = 32,  /* bytes of a chunk's line that are looked at */
	SIZE_DIGITS = 15 /* of a chunk's size */
};

/* A stream, and who is given what it finds. */
struct call {
	struct http_stream *s;
	struct memory *memory;
	struct memory_list *list;
	const struct http_sink *sink;
};

static uint32_t least(uint32_t a, uint64_t b)
{
	return a < b ? a : (uint32_t)b;
}

static void stream_over(struct http_stream *s)
{
	http_line_clear(&s->line);
	http_head_clear(&s->head);
	s->state = HTTP_OVER;
}

static void message_end(const struct call *call)
{
	call->s->state = HTTP_START;
	call->sink->end(call->sink->ctx, call->s->bytes);
}

static void stream_lost(const struct call *call)
{
	http_line_clear(&call->s->line);
	call->s->skips_line = false;
	call->s->lost = 0;
	call->s->state = HTTP_LOST;
	call->sink->lost(call->sink->ctx);
}

/* Where a message's end cannot be known, after its head. */
static void message_lost(const struct call *call)
{
	message_end(call);
	stream_lost(call);
}

/* RFC 9112, 6.3. */
static void body_begin(const struct call *call, bool is_response)
{
	const struct http_head *head = &call->s->head;
	enum http_state state = is_response ? HTTP_BODY_TO_END : HTTP_START;
	bool is_bad = false;

	if (head->is_chunked)
		state = HTTP_CHUNK_SIZE;
	else if (head->is_coded)
		is_bad = !is_response;
	else if (head->bad_length)
		is_bad = true;
	else if (head->has_length)
		state = head->length ? HTTP_BODY : HTTP_START;
	call->s->left = head->length;
	call->s->state = (uint8_t)state;
	if (is_bad)
		message_lost(call);
	else if (state == HTTP_START)
		message_end(call);
}

static void head_over(const struct call *call, bool is_cut)
{
	struct http_stream *s = call->s;
	struct http_message message;
	enum http_body body;

	http_head_message(&s->head, is_cut, &message);
	body = call->sink->head(call->sink->ctx, &message);
	if (body == HTTP_NO_MORE || is_cut || body == HTTP_BODY_NONE)
		message_end(call);
	else
		body_begin(call, message.is_response);
	http_head_clear(&s->head);
	if (body == HTTP_NO_MORE)
		stream_over(s);
	else if (is_cut)
		stream_lost(call);
}

/* Over bytes that are of no message. */
static void lost_add(struct http_stream *s, uint32_t n)
{
	s->lost += n;
	if (s->lost > HTTP_LOST_MAX)
		stream_over(s);
}

/* A line where a message should begin. Empty ones before it mean nothing (RFC 9112, 2.2). */
static void take_start(const struct call *call, const struct http_line *line)
{
	struct http_stream *s = call->s;

	if (!line->len)
		return;
	if (line->wire <= HTTP_HEAD_MAX && http_head_begin(&s->head, line)) {
		s->has_begun = true;
		s->state = HTTP_FIELDS;
		s->bytes = line->wire;
		if (s->head.is_h2)
			head_over(call, false);
	} else if (s->state == HTTP_LOST) {
		lost_add(s, line->wire);
	} else if (s->has_begun || s->is_late) {
		stream_lost(call);
		lost_add(s, line->wire);
	} else {
		stream_over(s);
	}
}

static void take_field(const struct call *call, const struct http_line *line)
{
	struct http_stream *s = call->s;

	if (line->len &&
		(s->bytes + line->wire > HTTP_HEAD_MAX || s->head.fields == HTTP_FIELDS_MAX)) {
		head_over(call, true);
		return;
	}
	s->bytes += line->wire;
	if (line->len)
		http_head_field(&s->head, call->memory, call->list, line);
	else
		head_over(call, false);
}

static int hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* RFC 9112, 7.1: hex digits, then maybe blanks and extensions. */
static void take_size(const struct call *call, const struct http_line *line)
{
	struct http_stream *s = call->s;
	uint64_t size = 0;
	uint32_t n = 0;

	s->bytes += line->wire;
	for (; n < line->kept && n <= SIZE_DIGITS && hex_digit(line->at[n]) >= 0; n++)
		size = 16 * size + (uint64_t)hex_digit(line->at[n]);
	if (!n || n > SIZE_DIGITS || (n < line->kept && !strchr(" \t;", line->at[n]))) {
		message_lost(call);
		return;
	}
	s->left = size;
	s->state = size ? HTTP_CHUNK : HTTP_TRAILERS;
}

static void take_chunk_end(const struct call *call, const struct http_line *line)
{
	call->s->bytes += line->wire;
	if (line->len)
		message_lost(call);
	else
		call->s->state = HTTP_CHUNK_SIZE;
}

static void take_trailer(const struct call *call, const struct http_line *line)
{
	call->s->bytes += line->wire;
	if (!line->len)
		message_end(call);
}

static void take_line(const struct call *call, const struct http_line *line)
{
	switch ((enum http_state)call->s->state) {
	case HTTP_START:
	case HTTP_LOST:
		take_start(call, line);
		break;
	case HTTP_FIELDS:
		take_field(call, line);
		break;
	case HTTP_CHUNK_SIZE:
		take_size(call, line);
		break;
	case HTTP_CHUNK_END:
		take_chunk_end(call, line);
		break;
	case HTTP_TRAILERS:
		take_trailer(call, line);
		break;
	case HTTP_BODY:
	case HTTP_CHUNK:
	case HTTP_BODY_TO_END:
	case HTTP_OVER:
		break;
	}
}

static uint32_t line_room(const struct http_stream *s)
{
	if (s->state == HTTP_CHUNK_SIZE)
		return SIZE_LINE;
	return s->state == HTTP_START || s->state == HTTP_LOST || s->state == HTTP_FIELDS
		       ? HTTP_LINE_MAX
		       : 0;
}

/* What came of a line, without its end, says enough: it begins no message, or is too long. */
static bool is_hopeless(const struct http_stream *s)
{
	if (s->state == HTTP_START || s->state == HTTP_LOST)
		return s->line.len >= HTTP_HEAD_MAX ||
		       !http_head_may_begin(s->line.bytes.bytes,
			       least(s->line.bytes.have, HTTP_METHOD_MAX + 1));
	return s->state == HTTP_FIELDS && s->line.len >= HTTP_HEAD_MAX;
}

static void line_give_up(const struct call *call)
{
	struct http_stream *s = call->s;

	if (s->state == HTTP_FIELDS)
		head_over(call, true);
	else if (s->state == HTTP_START && !s->has_begun && !s->is_late)
		stream_over(s);
	else if (s->state > HTTP_FIELDS)
		message_lost(call);
	else if (s->state == HTTP_START)
		stream_lost(call);
	http_line_clear(&s->line);
}

/* Up to the end of a line, or of what is there of it. */
static void step_line(const struct call *call, struct cursor *c)
{
	struct http_stream *s = call->s;
	uint32_t have = c->cap, room = line_room(s);
	const uint8_t *at = cursor_peek(c, have), *end = memchr(at, '\n', have);
	struct http_slice more = {at, end ? (uint32_t)(end - at) : have};
	struct http_line line;

	cursor_skip(c, more.len + (end ? 1 : 0));
	if (s->skips_line) {
		s->skips_line = !end;
		lost_add(s, more.len);
	} else if (end && !s->line.len) {
		line = http_line_whole(at, more.len, room);
		take_line(call, &line);
	} else if (!http_line_add(&s->line, call->memory, call->list, more, room) ||
		   (!end && is_hopeless(s))) {
		line_give_up(call);
		s->skips_line = !end;
	} else if (end) {
		line = http_line_joined(&s->line, room);
		take_line(call, &line);
		http_head_park(&s->head, call->memory, call->list);
		http_line_clear(&s->line);
	}
}

/* Over `n` bytes of a body, whether they arrived or not. */
static void body_skip(const struct call *call, uint32_t n)
{
	struct http_stream *s = call->s;

	s->bytes += n;
	if (s->state == HTTP_BODY_TO_END)
		return;
	s->left -= n;
	if (!s->left && s->state == HTTP_CHUNK)
		s->state = HTTP_CHUNK_END;
	else if (!s->left)
		message_end(call);
}

static bool is_body(const struct http_stream *s)
{
	return s->state == HTTP_BODY || s->state == HTTP_CHUNK || s->state == HTTP_BODY_TO_END;
}

static uint32_t body_least(const struct http_stream *s, uint32_t n)
{
	return s->state == HTTP_BODY_TO_END ? n : least(n, s->left);
}

/* A line whose rest is missing, if it begins a message. */
static bool take_cut_start(const struct call *call)
{
	struct http_stream *s = call->s;
	struct http_line line = {
		.at = s->line.bytes.bytes, .kept = s->line.bytes.have, .len = s->line.len};

	if (!s->line.bytes.have || !http_head_begin_cut(&s->head, &line))
		return false;
	s->has_begun = true;
	s->bytes = s->line.len;
	head_over(call, true);
	return true;
}

/* Over bytes that are missing. */
static void step_gap(const struct call *call, uint32_t gap)
{
	struct http_stream *s = call->s;

	if (is_body(s)) {
		uint32_t n = body_least(s, gap);

		body_skip(call, n);
		gap -= n;
		if (gap && s->state == HTTP_CHUNK_END)
			message_end(call);
	} else if (gap && s->state == HTTP_FIELDS) {
		head_over(call, true);
		return;
	} else if (gap && s->state > HTTP_FIELDS && s->state < HTTP_OVER) {
		message_end(call);
	} else if (gap && take_cut_start(call)) {
		return;
	}
	if (gap && s->state != HTTP_OVER)
		stream_lost(call);
}

void http_stream_add(struct http_stream *stream, struct memory *memory,
	struct memory_list *list, struct stream_part *part, const struct http_sink *sink)
{
	const struct call call = {stream, memory, list, sink};
	struct cursor *c = &part->bytes;

	step_gap(&call, part->gap);
	while (c->cap && stream->state != HTTP_OVER) {
		uint32_t n = is_body(stream) ? body_least(stream, c->cap) : 0;

		if (n) {
			cursor_skip(c, n);
			body_skip(&call, n);
		} else {
			step_line(&call, c);
		}
	}
	if (c->wire > c->cap && stream->state != HTTP_OVER) {
		uint32_t cut = c->wire;

		cursor_skip(c, cut);
		step_gap(&call, cut);
	}
	http_head_park(&stream->head, memory, list);
}

void http_stream_end(struct http_stream *stream, const struct http_sink *sink)
{
	const struct call call = {stream, NULL, NULL, sink};

	if (stream->state == HTTP_FIELDS)
		head_over(&call, true);
	else if (stream->state > HTTP_FIELDS && stream->state < HTTP_OVER)
		message_end(&call);
	else
		take_cut_start(&call);
	stream_over(stream);
}
