#include "inspect/proto/tls/tls_stream.h"

#include "inspect/proto/tls/tls_names.h"

enum record { CHANGE_CIPHER_SPEC = 20, ALERT, HANDSHAKE, APPLICATION_DATA };

enum step {
	CLEAR,
	HELLO_AGAIN, /* after a client's ChangeCipherSpec: a second ClientHello, or the end */
	SEEK,        /* where the next record begins is not known */
	OVER,
};

/* What was told or seen; bits of `said`. */
enum said {
	SAID_CLIENT = 1,
	SAID_SERVER = 2,
	SAID_RETRY = 4, /* a HelloRetryRequest, and no ServerHello after it */
	SAID_RESUMED = 8,
	SAID_LOSS = 16,
	SAID_CERTIFICATES = 32,
	SAID_GROUP = 64,
	SAID_RETRIED = 128, /* a HelloRetryRequest at any time */
};

enum { OTHER = 0 /* a record whose bytes are not read */, ALERT_BYTES = 2, ALERT_FATAL = 2 };
enum { NEW_SESSION_TICKET = 4 };

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool is_header(const uint8_t *h)
{
	uint16_t length = be16(h + 3);

	return h[0] >= CHANGE_CIPHER_SPEC && h[0] <= APPLICATION_DATA && h[1] == 3 &&
	       h[2] <= 4 && length <= TLS_RECORD_MAX && (length || h[0] == APPLICATION_DATA);
}

bool tls_is_record(const uint8_t *bytes, uint32_t n)
{
	bool is_alert = n && bytes[0] == ALERT;
	uint8_t inside;

	if ((n && bytes[0] != HANDSHAKE && !is_alert) || (n > 1 && bytes[1] != 3))
		return false;
	if (n < TLS_RECORD_HEADER)
		return true;
	if (!is_header(bytes) || (is_alert && be16(bytes + 3) != ALERT_BYTES))
		return false;
	inside = n == TLS_RECORD_HEADER ? 1 : bytes[TLS_RECORD_HEADER];
	return is_alert ? inside == 1 || inside == ALERT_FATAL
			: inside == TLS_CLIENT_HELLO || inside == TLS_SERVER_HELLO;
}

/* ---- messages ---- */

struct telling {
	struct tls_stream *stream;
	const struct tls_sink *sink;
	struct memory *memory;
	struct memory_list *list;
	struct tls_handshake_sink messages;
};

static void say_resumed(const struct telling *t, bool is_resumed)
{
	if (!(t->stream->said & SAID_RESUMED) && t->sink->resumed)
		t->sink->resumed(t->sink->ctx, is_resumed);
	t->stream->said |= SAID_RESUMED;
}

static void client_hello(const struct telling *t, struct cursor body)
{
	struct tls_client_hello hello;

	if (!tls_client_hello_read(body, &hello)) {
		t->stream->step = OVER;
		return;
	}
	t->stream->said |= SAID_CLIENT;
	if (t->sink->client_hello)
		t->sink->client_hello(t->sink->ctx, &hello);
}

static void server_hello(const struct telling *t, struct cursor body)
{
	struct tls_stream *s = t->stream;
	struct tls_server_hello hello;

	if (!tls_server_hello_read(body, &hello) ||
		(hello.is_retry && s->said & SAID_RETRIED)) {
		s->step = OVER;
		return;
	}
	s->cipher = hello.cipher;
	s->version = hello.version;
	s->said = (uint8_t)((s->said & ~SAID_RETRY) | SAID_SERVER);
	if (hello.is_retry)
		s->said |= SAID_RETRY | SAID_RETRIED;
	if (t->sink->server_hello)
		t->sink->server_hello(t->sink->ctx, &hello);
	if (!tls_is_1_3(hello.version) || hello.is_retry)
		return;
	if (hello.is_whole)
		say_resumed(t, hello.has_psk);
	s->step = OVER;
}

static void certificates(const struct telling *t, struct cursor body)
{
	struct tls_certificate certificate;

	if (!t->sink->certificate || !tls_chain_open(&body))
		return;
	for (unsigned i = 0; i < TLS_CERTIFICATES_MAX && tls_chain_next(&body, &certificate);
		i++)
		t->sink->certificate(t->sink->ctx, i, &certificate);
	t->stream->said |= SAID_CERTIFICATES;
}

static void key_exchange(const struct telling *t, struct cursor body)
{
	uint16_t group = tls_key_exchange_group(body, t->stream->cipher);

	if (!group)
		return;
	t->stream->said |= SAID_GROUP;
	if (t->sink->group)
		t->sink->group(t->sink->ctx, group);
}

/* A handshake has one of each, but for a ServerHello after a HelloRetryRequest. Telling one costs much more than the few
 * bytes that it may have. */
static bool is_again(const struct tls_stream *s, uint8_t type)
{
	switch (type) {
	case TLS_SERVER_HELLO:
		return s->said & SAID_SERVER && !(s->said & SAID_RETRY);
	case TLS_CERTIFICATE:
		return s->said & SAID_CERTIFICATES;
	case TLS_SERVER_KEY_EXCHANGE:
		return s->said & SAID_GROUP;
	default:
		return false;
	}
}

static void take_message(const struct telling *t, uint8_t type, struct cursor body)
{
	if (t->stream->step == OVER || is_again(t->stream, type))
		return;
	if (type == TLS_CLIENT_HELLO)
		client_hello(t, body);
	else if (type == TLS_SERVER_HELLO)
		server_hello(t, body);
	else if (type == TLS_CERTIFICATE)
		certificates(t, body);
	else if (type == TLS_SERVER_KEY_EXCHANGE)
		key_exchange(t, body);
	/* All that may come between the ServerHello and the end of a resumed session's handshake. */
	if (t->stream->said & SAID_SERVER && type != TLS_SERVER_HELLO &&
		type != NEW_SESSION_TICKET)
		say_resumed(t, false);
}

static void message(void *ctx, uint8_t type, const uint8_t *bytes, uint32_t cap, uint32_t wire)
{
	take_message(ctx, type, cursor_make(bytes, cap, wire));
}

void tls_stream_message(struct tls_stream *stream, uint8_t type, struct cursor body,
	const struct tls_sink *sink)
{
	const struct telling t = {.stream = stream, .sink = sink};

	take_message(&t, type, body);
}

/* ---- records ---- */

static void stream_finish(const struct telling *t)
{
	tls_handshake_end(&t->stream->handshake, &t->messages);
	t->stream->step = OVER;
}

static void change_cipher(const struct telling *t)
{
	struct tls_stream *s = t->stream;

	if (s->said & SAID_RETRY)
		return;
	if (s->said & SAID_CLIENT) {
		s->step = HELLO_AGAIN;
		return;
	}
	if (s->said & SAID_SERVER && !(s->said & SAID_LOSS))
		say_resumed(t, true);
	stream_finish(t);
}

void tls_stream_change_cipher(struct tls_stream *stream, const struct tls_sink *sink)
{
	const struct telling t = {.stream = stream, .sink = sink};

	if (stream->said & SAID_SERVER)
		say_resumed(&t, true);
	stream->step = OVER;
}

void tls_stream_stop(struct tls_stream *stream)
{
	stream->step = OVER;
}

bool tls_stream_is_over(const struct tls_stream *stream)
{
	return stream->step == OVER;
}

/* Bytes of an alert are gathered in `start`, which is free inside a record. */
static void take_alert(const struct telling *t, struct cursor c)
{
	struct tls_stream *s = t->stream;
	const uint8_t *at;

	while (s->have < ALERT_BYTES && (at = cursor_take(&c, 1)) != NULL)
		s->start[s->have++] = *at;
	if (s->left)
		return;
	if (s->have == ALERT_BYTES && s->start[0] && s->start[0] <= ALERT_FATAL &&
		t->sink->alert)
		t->sink->alert(t->sink->ctx, s->start[0], s->start[1]);
	s->have = 0;
}

static void take_handshake(const struct telling *t, struct cursor bytes)
{
	struct tls_stream *s = t->stream;

	tls_handshake_add(&s->handshake, t->memory, t->list, bytes, &t->messages);
	if (s->handshake.lost && !(s->said & SAID_LOSS))
		s->step = OVER;
}

/* Bytes inside the record. */
static void take_inside(const struct telling *t, struct cursor *c)
{
	struct tls_stream *s = t->stream;
	struct cursor inside = *c;
	uint32_t n = least(s->left, c->wire);

	cursor_claim(&inside, n);
	cursor_skip(c, n);
	s->left = (uint16_t)(s->left - n);
	if (inside.cap < inside.wire)
		s->said |= SAID_LOSS;
	if (s->type == HANDSHAKE)
		take_handshake(t, inside);
	else if (s->type == ALERT)
		take_alert(t, inside);
	else if (s->type == CHANGE_CIPHER_SPEC && !s->left)
		change_cipher(t);
}

/* A client's record after ChangeCipherSpec: only a second ClientHello is as long as its record. */
static void hello_again(const struct telling *t)
{
	struct tls_stream *s = t->stream;
	const uint8_t *hello = s->start + TLS_RECORD_HEADER;

	if (hello[0] != TLS_CLIENT_HELLO || TLS_MESSAGE_HEADER + be24(hello + 1) != s->left) {
		stream_finish(t);
		return;
	}
	s->step = CLEAR;
	s->left = (uint16_t)(s->left - TLS_MESSAGE_HEADER);
	take_handshake(t, cursor_make(hello, TLS_MESSAGE_HEADER, TLS_MESSAGE_HEADER));
}

/* Once its header is there. */
static void record_begin(const struct telling *t)
{
	struct tls_stream *s = t->stream;

	s->type = s->start[0];
	s->left = be16(s->start + 3);
	s->have = 0;
	if (!is_header(s->start) || s->type == APPLICATION_DATA)
		stream_finish(t);
	else if (s->type == ALERT && s->left != ALERT_BYTES)
		s->type = OTHER; /* encrypted */
	else if (s->type == HANDSHAKE && s->handshake.lost)
		s->handshake = (struct tls_handshake){.left = 0};
}

static void take_header(const struct telling *t, struct cursor *c)
{
	struct tls_stream *s = t->stream;
	bool again = s->step == HELLO_AGAIN;
	uint8_t want = again ? sizeof(s->start) : TLS_RECORD_HEADER;

	while (s->have < want && c->cap) {
		s->start[s->have++] = *cursor_take(c, 1);
		if (again && s->have == TLS_RECORD_HEADER &&
			(s->start[0] != HANDSHAKE || be16(s->start + 3) < TLS_MESSAGE_HEADER)) {
			stream_finish(t);
			return;
		}
	}
	if (s->have < want)
		return;
	record_begin(t);
	if (again && s->step == HELLO_AGAIN)
		hello_again(t);
}

/* The next record begins somewhere in what is missing. */
static void stream_lose(const struct telling *t)
{
	struct tls_stream *s = t->stream;

	tls_handshake_end(&s->handshake, &t->messages);
	s->said |= SAID_LOSS;
	s->have = 0;
	if (s->step != OVER)
		s->step = SEEK;
}

static void take_bytes(const struct telling *t, struct cursor c)
{
	struct tls_stream *s = t->stream;

	while (c.wire && s->step != OVER) {
		if (s->left) {
			take_inside(t, &c);
		} else if (!c.cap) {
			stream_lose(t);
			return;
		} else {
			take_header(t, &c);
		}
	}
}

/* Whether a record begins with these bytes of a segment. */
static bool stream_finds(const struct telling *t, struct cursor bytes)
{
	struct tls_stream *s = t->stream;
	const uint8_t *header = cursor_take(&bytes, TLS_RECORD_HEADER);

	if (header && is_header(header)) {
		s->step = CLEAR;
		return true;
	}
	if (++s->seeks == TLS_SEEK_MAX)
		s->step = OVER;
	return false;
}

bool tls_stream_add(struct tls_stream *stream, struct memory *memory, struct memory_list *list,
	const struct stream_part *part, const struct tls_sink *sink)
{
	struct telling t = {stream, sink, memory, list, {message, &t}};

	if (part->gap)
		take_bytes(&t, cursor_make(part->bytes.at, 0, part->gap));
	if (stream->step != SEEK || stream_finds(&t, part->bytes))
		take_bytes(&t, part->bytes);
	if (stream->step == OVER)
		byte_buffer_clear(&stream->handshake.body);
	return stream->step != OVER;
}

void tls_stream_end(struct tls_stream *stream, const struct tls_sink *sink)
{
	struct telling t = {stream, sink, NULL, NULL, {message, &t}};

	if (stream->step != OVER)
		stream_finish(&t);
}
