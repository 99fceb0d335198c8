#include "inspect/proto/tls/dtls_stream.h"

enum {
	RECORD_HEADER = 13,
	MESSAGE_HEADER = 12,
	HELLO_REQUEST = 0,
	HELLO_VERIFY_REQUEST = 3,
	ALERT_BYTES = 2
};
enum record { CHANGE_CIPHER_SPEC = 20, ALERT, HANDSHAKE, APPLICATION_DATA };

/* A part of a handshake message. */
struct fragment {
	uint8_t type;
	uint32_t length; /* of the message */
	uint16_t number;
	uint32_t offset;
	struct cursor bytes;
};

struct telling {
	struct dtls_stream *stream;
	struct memory *memory;
	struct memory_list *list;
	const struct tls_sink *sink;
};

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool is_record(const uint8_t *header)
{
	return header[0] >= CHANGE_CIPHER_SPEC && header[0] <= APPLICATION_DATA &&
	       header[1] == 0xfe && header[2] >= 0xfc;
}

/* Those in clear have the first epoch. */
static bool is_clear(const uint8_t *header)
{
	return be16(header + 3) == 0;
}

static bool is_hello(uint8_t type)
{
	return type == TLS_CLIENT_HELLO || type == TLS_SERVER_HELLO ||
	       type == HELLO_VERIFY_REQUEST;
}

bool dtls_is_hello(struct cursor datagram)
{
	const uint8_t *header = cursor_take(&datagram, RECORD_HEADER);
	const uint8_t *message = cursor_take(&datagram, MESSAGE_HEADER);

	return header && message && is_record(header) && is_clear(header) &&
	       header[0] == HANDSHAKE && is_hello(message[0]) &&
	       be24(message + 9) <= be24(message + 1);
}

static void stop_gathering(struct dtls_stream *s)
{
	byte_buffer_clear(&s->body);
	s->type = 0;
}

/* Tells what was put together. */
static void tell_gathered(const struct telling *t)
{
	struct dtls_stream *s = t->stream;

	tls_stream_message(
		&s->tls, s->type, cursor_make(s->body.bytes, s->body.have, s->length), t->sink);
	s->next++;
	stop_gathering(s);
}

static void gather(const struct telling *t, const struct fragment *f)
{
	struct dtls_stream *s = t->stream;
	uint32_t n = least(f->bytes.cap, TLS_MESSAGE_MAX - s->body.have);
	bool has_room = byte_buffer_add(&s->body, t->memory, t->list, f->bytes.at, n);

	if (!has_room || f->bytes.cap < f->bytes.wire || s->body.have >= s->length ||
		s->body.have == TLS_MESSAGE_MAX)
		tell_gathered(t);
}

/* A message that is not whole in its record. */
static void take_part(const struct telling *t, const struct fragment *f)
{
	struct dtls_stream *s = t->stream;

	if (f->type == HELLO_REQUEST)
		return; /* has no bytes to be put together */
	if (f->offset == 0) {
		stop_gathering(s);
		s->type = f->type;
		s->length = f->length;
		s->next = f->number;
	} else if (f->type != s->type || f->number != s->next || f->length != s->length ||
		   f->offset != s->body.have) {
		return;
	}
	gather(t, f);
}

static bool is_whole(const struct fragment *f)
{
	return f->offset == 0 && f->bytes.wire >= f->length;
}

/* false: there is no whole header. */
static bool fragment_read(struct cursor *c, struct fragment *f)
{
	const uint8_t *header = cursor_take(c, MESSAGE_HEADER);
	uint32_t n;

	if (!header)
		return false;
	n = be24(header + 9);
	*f = (struct fragment){
		header[0], be24(header + 1), be16(header + 4), be24(header + 6), *c};
	cursor_claim(&f->bytes, n);
	cursor_skip(c, n);
	return f->bytes.status != CURSOR_BAD && f->offset + n <= f->length;
}

static void take_messages(const struct telling *t, struct cursor record)
{
	struct dtls_stream *s = t->stream;
	struct fragment f;

	while (record.wire && !tls_stream_is_over(&s->tls) && fragment_read(&record, &f)) {
		if (f.number < s->next)
			continue;
		if (!is_whole(&f)) {
			take_part(t, &f);
			continue;
		}
		stop_gathering(s);
		tls_stream_message(&s->tls, f.type, f.bytes, t->sink);
		s->next = (uint16_t)(f.number + 1);
	}
}

static void take_alert(const struct telling *t, struct cursor record)
{
	const uint8_t *alert = record.wire == ALERT_BYTES ? cursor_take(&record, 2) : NULL;

	if (alert && t->sink->alert)
		t->sink->alert(t->sink->ctx, alert[0], alert[1]);
}

static void take_record(const struct telling *t, const uint8_t *header, struct cursor record)
{
	if (!is_clear(header) || header[0] == APPLICATION_DATA)
		tls_stream_stop(&t->stream->tls);
	else if (header[0] == CHANGE_CIPHER_SPEC)
		tls_stream_change_cipher(&t->stream->tls, t->sink);
	else if (header[0] == ALERT)
		take_alert(t, record);
	else
		take_messages(t, record);
}

bool dtls_stream_add(struct dtls_stream *stream, struct memory *memory,
	struct memory_list *list, struct cursor datagram, const struct tls_sink *sink)
{
	const struct telling t = {stream, memory, list, sink};

	while (datagram.wire && !tls_stream_is_over(&stream->tls)) {
		const uint8_t *header = cursor_take(&datagram, RECORD_HEADER);
		struct cursor record = datagram;

		if (!header || !is_record(header)) {
			if (++stream->others == DTLS_OTHERS_MAX)
				tls_stream_stop(&stream->tls);
			break;
		}
		cursor_claim(&record, be16(header + 11));
		cursor_skip(&datagram, be16(header + 11));
		take_record(&t, header, record);
	}
	if (tls_stream_is_over(&stream->tls))
		stop_gathering(stream);
	return !tls_stream_is_over(&stream->tls);
}

void dtls_stream_end(struct dtls_stream *stream, const struct tls_sink *sink)
{
	const struct telling t = {stream, NULL, NULL, sink};

	if (stream->type && !tls_stream_is_over(&stream->tls))
		tell_gathered(&t);
	tls_stream_stop(&stream->tls);
}
