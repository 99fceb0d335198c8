#include "inspect/proto/ssh/ssh_stream.h"

#include <string.h>

enum { LENGTH = 4, PACKET_MIN = 12 }; /* a packet's bytes after its length (RFC 4253, 6) */

enum step { STEP_LINES, STEP_PACKETS, STEP_DONE };

/* What one call works with. */
struct reading {
	struct ssh_stream *stream;
	struct memory *memory;
	struct memory_list *list;
	const struct ssh_sink *sink;
	struct cursor bytes;
};

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void stream_step(struct ssh_stream *s, enum step step)
{
	byte_buffer_clear(&s->buffer);
	s->step = (uint8_t)step;
}

/* `n` bytes that tell nothing. */
static void stream_waste(struct ssh_stream *s, uint32_t n)
{
	s->before += n;
	if (s->before > SSH_BEFORE_MAX)
		stream_step(s, STEP_DONE);
}

/* Takes up to `n` bytes over into the buffer. */
static void keep(struct reading *r, uint32_t n)
{
	n = least(n, r->bytes.cap);
	if (byte_buffer_add(&r->stream->buffer, r->memory, r->list, r->bytes.at, n))
		cursor_skip(&r->bytes, n);
	else
		stream_step(r->stream, STEP_DONE);
}

static void tell_line(struct reading *r, const uint8_t *line, uint32_t len)
{
	if (len && line[len - 1] == '\n')
		len--;
	if (len && line[len - 1] == '\r')
		len--;
	if (!ssh_is_identification(line, len)) {
		byte_buffer_clear(&r->stream->buffer);
		return;
	}
	r->sink->identification(r->sink->ctx, line, len);
	stream_step(r->stream, ssh_is_version_1(line, len) ? STEP_DONE : STEP_PACKETS);
}

/* A line, or what there is of it; of a long one what does not fit is dropped. No line begins with a zero, as
 * a packet does: the identification string was not seen. */
static void read_line(struct reading *r)
{
	struct byte_buffer *buffer = &r->stream->buffer;
	const uint8_t *at = r->bytes.at, *end = memchr(at, '\n', r->bytes.cap);
	uint32_t n = end ? (uint32_t)(end - at) + 1 : r->bytes.cap, room;

	if (!buffer->have && !*at)
		stream_step(r->stream, STEP_PACKETS);
	else
		stream_waste(r->stream, n);
	if (r->stream->step != STEP_LINES)
		return;
	if (end && !buffer->have) {
		cursor_skip(&r->bytes, n);
		tell_line(r, at, least(n, SSH_LINE_MAX));
		return;
	}
	room = least(n, SSH_LINE_MAX - buffer->have);
	keep(r, room);
	cursor_skip(&r->bytes, n - room);
	if (end && r->stream->step == STEP_LINES)
		tell_line(r, buffer->bytes, buffer->have);
}

/* The first `n` bytes of the packet as one run, or NULL: not all are there, and all that are were kept. */
static const uint8_t *gather(struct reading *r, uint32_t n)
{
	struct byte_buffer *buffer = &r->stream->buffer;

	if (!buffer->have && n <= r->bytes.cap)
		return r->bytes.at;
	if (buffer->have < n)
		keep(r, n - buffer->have);
	return buffer->have >= n ? buffer->bytes : NULL;
}

/* `cap` bytes of a packet of `wire`, with its length. */
static void tell_packet(
	const struct ssh_sink *sink, const uint8_t *packet, uint32_t cap, uint32_t wire)
{
	struct ssh_kexinit kexinit;

	if (ssh_kexinit_read(cursor_make(packet, cap, wire), &kexinit) && kexinit.n_lists)
		sink->kexinit(sink->ctx, &kexinit);
}

/* A message that may come before KEXINIT. */
static void pass_packet(struct ssh_stream *s, uint32_t wire)
{
	s->skip = wire - s->buffer.have;
	byte_buffer_clear(&s->buffer);
	stream_waste(s, wire);
}

static void read_packet(struct reading *r)
{
	struct ssh_stream *s = r->stream;
	const uint8_t *packet = gather(r, SSH_HEADER);
	uint32_t wire, cap;

	if (!packet)
		return;
	wire = LENGTH + be32(packet);
	if (be32(packet) < PACKET_MIN || be32(packet) > SSH_PACKET_MAX - LENGTH) {
		stream_step(s, STEP_DONE);
	} else if (packet[LENGTH + 1] == SSH_IGNORE || packet[LENGTH + 1] == SSH_DEBUG) {
		pass_packet(s, wire);
	} else if (packet[LENGTH + 1] != SSH_KEXINIT) {
		stream_step(s, STEP_DONE);
	} else {
		cap = least(wire, SSH_KEPT_MAX);
		packet = gather(r, cap);
		if (!packet)
			return;
		tell_packet(r->sink, packet, cap, wire);
		stream_step(s, STEP_DONE);
	}
}

static void skip(struct reading *r)
{
	uint32_t n = least(r->stream->skip, r->bytes.cap);

	r->stream->skip -= n;
	cursor_skip(&r->bytes, n);
}

/* `n` bytes are missing here: of an identification string and of KEXINIT there is what there is. Where the
 * next packet begins is known only inside one that is stepped over. */
static void lose(struct reading *r, uint32_t n)
{
	struct ssh_stream *s = r->stream;

	if (s->skip >= n) {
		s->skip -= n;
	} else if (s->step == STEP_LINES) {
		tell_line(r, s->buffer.bytes, s->buffer.have);
	} else {
		if (s->buffer.have >= SSH_HEADER)
			tell_packet(r->sink, s->buffer.bytes, s->buffer.have,
				LENGTH + be32(s->buffer.bytes));
		stream_step(s, STEP_DONE);
	}
}

bool ssh_stream_add(struct ssh_stream *stream, struct memory *memory, struct memory_list *list,
	const struct stream_part *part, const struct ssh_sink *sink)
{
	struct reading r = {stream, memory, list, sink, part->bytes};

	if (part->gap && stream->step != STEP_DONE)
		lose(&r, part->gap);
	while (r.bytes.cap && stream->step != STEP_DONE) {
		if (stream->skip)
			skip(&r);
		else if (stream->step == STEP_LINES)
			read_line(&r);
		else
			read_packet(&r);
	}
	if (r.bytes.wire && stream->step != STEP_DONE)
		lose(&r, r.bytes.wire);
	return stream->step != STEP_DONE;
}
