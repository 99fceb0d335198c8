#include "inspect/proto/dns/dns_stream.h"

#include "decap/cursor.h"
#include "inspect/proto/dns/dns.h"

enum { LENGTH = 2 };

/* What was put together of a message is given up; the stream goes on at a message's start. */
static void stream_clear(struct dns_stream *s)
{
	byte_buffer_clear(&s->message);
	s->want = 0;
}

static bool stream_emit(struct dns_stream *s, const struct dns_sink *sink)
{
	bool is_message = true;

	if (s->message.have > LENGTH)
		is_message = sink->message(sink->ctx, s->message.bytes + LENGTH,
			s->message.have - LENGTH, s->want - LENGTH);
	stream_clear(s);
	return is_message;
}

/* `n` bytes of the message are missing: passes on what there is of it, and steps over them. */
static void stream_lose(struct dns_stream *s, uint32_t n, const struct dns_sink *sink)
{
	uint32_t left = s->want - s->message.have;
	bool known = s->want != 0 && n <= left;

	stream_emit(s, sink);
	s->skip = known ? left - n : 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* A message that begins here and is whole; false: it is not. */
static bool take_whole(struct cursor *c, const struct dns_sink *sink, bool *is_message)
{
	struct cursor ahead = *c;
	const uint8_t *length = cursor_take(&ahead, LENGTH), *data;

	data = length ? cursor_take(&ahead, be16(length)) : NULL;
	if (!data)
		return false;
	*is_message = be16(length) >= DNS_HEADER &&
		      sink->message(sink->ctx, data, be16(length), be16(length));
	*c = ahead;
	return true;
}

/* A rough check: what is no message might ask for bytes for a long time. */
static bool is_plausible(const struct dns_stream *s)
{
	return s->want >= LENGTH + DNS_HEADER &&
	       (s->message.have < LENGTH + DNS_HEADER ||
		       dns_is_header(s->message.bytes + LENGTH));
}

/* Takes what `c` has of the message being put together. false: what is there is no message. */
static bool take_part(struct dns_stream *s, struct memory *memory, struct memory_list *list,
	struct cursor *c, const struct dns_sink *sink)
{
	uint32_t end = s->want ? s->want : LENGTH;
	uint32_t n = least(least(end, DNS_STREAM_MAX) - s->message.have, c->cap);

	if (!n || !byte_buffer_add(&s->message, memory, list, c->at, n)) {
		n = s->want ? s->want - s->message.have : c->wire;
		n = least(n, c->wire);
		stream_lose(s, n, sink);
		cursor_skip(c, n);
		return true;
	}
	cursor_skip(c, n);
	if (!s->want && s->message.have == LENGTH)
		s->want = LENGTH + (uint32_t)be16(s->message.bytes);
	if (s->want && !is_plausible(s))
		return false;
	return s->message.have != s->want || stream_emit(s, sink);
}

static void take_bytes(struct dns_stream *s, struct memory *memory, struct memory_list *list,
	struct cursor *c, const struct dns_sink *sink)
{
	bool is_message = true;

	while (c->wire && is_message) {
		if (s->skip) {
			uint32_t n = least(s->skip, c->wire);

			s->skip -= n;
			cursor_skip(c, n);
		} else if (s->message.have || !take_whole(c, sink, &is_message)) {
			is_message = take_part(s, memory, list, c, sink);
		}
	}
	if (!is_message)
		stream_clear(s);
}

/* Over bytes that were not seen. */
static void stream_jump(struct dns_stream *s, uint32_t gap, const struct dns_sink *sink)
{
	if (s->message.have)
		stream_lose(s, gap, sink);
	else
		s->skip = s->skip >= gap ? s->skip - gap : 0;
}

void dns_stream_add(struct dns_stream *stream, struct memory *memory, struct memory_list *list,
	const struct piece *piece, const struct dns_sink *sink)
{
	struct stream_part part;

	if (!byte_stream_add(&stream->stream, piece, &part))
		return;
	if (part.gap)
		stream_jump(stream, part.gap, sink);
	take_bytes(stream, memory, list, &part.bytes, sink);
}
