#include "inspect/proto/dns_stream.h"

#include <string.h>

#include "decap/cursor.h"
#include "decap/packet.h"
#include "inspect/proto/dns.h"

enum { LENGTH = 2 };

/* What was put together of a message is given up; the stream goes on at a message's start. */
static void stream_clear(struct dns_stream *s)
{
	memory_free(s->bytes);
	s->bytes = NULL;
	s->have = s->room = s->want = 0;
}

static bool stream_emit(struct dns_stream *s, const struct dns_sink *sink)
{
	bool is_message = true;

	if (s->have > LENGTH)
		is_message = sink->message(
			sink->ctx, s->bytes + LENGTH, s->have - LENGTH, s->want - LENGTH);
	stream_clear(s);
	return is_message;
}

/* `n` bytes of the message are missing: passes on what there is of it, and steps over them. */
static void stream_lose(struct dns_stream *s, uint32_t n, const struct dns_sink *sink)
{
	uint32_t left = s->want - s->have;
	bool known = s->want != 0 && n <= left;

	stream_emit(s, sink);
	s->skip = known ? left - n : 0;
}

/* false: no memory. */
static bool stream_grow(
	struct dns_stream *s, struct memory *memory, struct memory_list *list, uint32_t size)
{
	uint8_t *bytes;

	if (size <= s->room)
		return true;
	bytes = memory_alloc(memory, list, 2 * (size_t)size);
	if (!bytes)
		return false;
	if (s->have)
		memcpy(bytes, s->bytes, s->have);
	memory_free(s->bytes);
	s->bytes = bytes;
	s->room = 2 * size;
	return true;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Steps over `n` bytes that may not have arrived. */
static void step(struct cursor *c, uint32_t n)
{
	uint32_t there = least(n, c->cap);

	c->at += there;
	c->cap -= there;
	c->wire -= n;
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
	       (s->have < LENGTH + DNS_HEADER || dns_is_header(s->bytes + LENGTH));
}

/* Takes what `c` has of the message being put together. false: what is there is no message. */
static bool take_part(struct dns_stream *s, struct memory *memory, struct memory_list *list,
	struct cursor *c, const struct dns_sink *sink)
{
	uint32_t end = s->want ? s->want : LENGTH;
	uint32_t n = least(least(end, DNS_STREAM_MAX) - s->have, c->cap);

	if (!n || !stream_grow(s, memory, list, s->have + n)) {
		n = s->want ? s->want - s->have : c->wire;
		n = least(n, c->wire);
		stream_lose(s, n, sink);
		step(c, n);
		return true;
	}
	memcpy(s->bytes + s->have, c->at, n);
	step(c, n);
	s->have += n;
	if (!s->want && s->have == LENGTH)
		s->want = LENGTH + (uint32_t)be16(s->bytes);
	if (s->want && !is_plausible(s))
		return false;
	return s->have != s->want || stream_emit(s, sink);
}

static void take_bytes(struct dns_stream *s, struct memory *memory, struct memory_list *list,
	struct cursor *c, const struct dns_sink *sink)
{
	bool is_message = true;

	while (c->wire && is_message) {
		if (s->skip) {
			uint32_t n = least(s->skip, c->wire);

			s->skip -= n;
			step(c, n);
		} else if (s->have || !take_whole(c, sink, &is_message)) {
			is_message = take_part(s, memory, list, c, sink);
		}
	}
	if (!is_message)
		stream_clear(s);
}

/* To the sequence number that `piece` begins with: what lies between was not seen. */
static void stream_jump(struct dns_stream *s, uint32_t gap, const struct dns_sink *sink)
{
	if (s->have)
		stream_lose(s, gap, sink);
	else
		s->skip = s->skip >= gap ? s->skip - gap : 0;
}

void dns_stream_add(struct dns_stream *stream, struct memory *memory, struct memory_list *list,
	const struct piece *piece, const struct dns_sink *sink)
{
	struct cursor c = cursor_make(piece->ip, piece->cap, piece->wire);
	uint32_t seq = piece->seq + (piece->tcp_flags & TCP_SYN ? 1 : 0), ahead;

	step(&c, least(piece->payload, c.wire));
	if (!stream->known)
		stream->next = seq;
	stream->known = true;
	ahead = seq - stream->next;
	if (ahead >= 1u << 31) { /* it begins with bytes that were there already */
		if (-ahead >= c.wire)
			return;
		step(&c, -ahead);
		seq = stream->next;
	} else if (ahead) {
		stream_jump(stream, ahead, sink);
	}
	stream->next = seq + c.wire;
	take_bytes(stream, memory, list, &c, sink);
}
