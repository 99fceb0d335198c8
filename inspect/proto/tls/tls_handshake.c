#include "inspect/proto/tls/tls_handshake.h"

/* HandshakeType as IANA has it, with next_protocol (67) of drafts; bit n is type n. */
static bool is_type(uint8_t type)
{
	static const uint64_t known = 0x3f1fb7f;

	return type < 64 ? known >> type & 1 : type == 67 || type == 254;
}

static bool is_kept(uint8_t type)
{
	return type == TLS_CLIENT_HELLO || type == TLS_SERVER_HELLO ||
	       type == TLS_CERTIFICATE || type == TLS_SERVER_KEY_EXCHANGE;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Tells what there is of the message; what is left of it is stepped over. */
static void tell(struct tls_handshake *h, const struct tls_handshake_sink *sink)
{
	sink->message(
		sink->ctx, h->header[0], h->body.bytes, h->body.have, be24(h->header + 1));
	byte_buffer_clear(&h->body);
	h->have = 0;
}

/* Once the header is there. */
static void message_begin(struct tls_handshake *h, const struct tls_handshake_sink *sink)
{
	h->left = be24(h->header + 1);
	h->lost = !is_type(h->header[0]);
	if (h->lost)
		h->have = 0;
	else if (!h->left || !is_kept(h->header[0]))
		tell(h, sink);
}

static void take_header(
	struct tls_handshake *h, struct cursor *c, const struct tls_handshake_sink *sink)
{
	while (h->have < TLS_MESSAGE_HEADER && c->cap)
		h->header[h->have++] = *cursor_take(c, 1);
	if (h->have == TLS_MESSAGE_HEADER)
		message_begin(h, sink);
}

/* Inside a message that is kept. */
static void take_body(struct tls_handshake *h, struct memory *memory, struct memory_list *list,
	struct cursor *c, const struct tls_handshake_sink *sink)
{
	uint32_t n = least(least(h->left, c->cap), TLS_MESSAGE_MAX - h->body.have);

	if (!h->body.have && h->left <= c->cap && h->left <= TLS_MESSAGE_MAX) {
		sink->message(
			sink->ctx, h->header[0], cursor_take(c, h->left), h->left, h->left);
		h->left = 0;
		h->have = 0;
		return;
	}
	if (!byte_buffer_add(&h->body, memory, list, c->at, n)) {
		tell(h, sink);
		return;
	}
	cursor_skip(c, n);
	h->left -= n;
	if (!h->left || h->body.have == TLS_MESSAGE_MAX)
		tell(h, sink);
}

void tls_handshake_lose(
	struct tls_handshake *handshake, uint32_t n, const struct tls_handshake_sink *sink)
{
	struct tls_handshake *h = handshake;

	if (!n || h->lost)
		return;
	h->lost = n > h->left;
	h->left -= least(n, h->left);
	if (h->have == TLS_MESSAGE_HEADER)
		tell(h, sink);
	h->have = 0;
}

void tls_handshake_add(struct tls_handshake *handshake, struct memory *memory,
	struct memory_list *list, struct cursor bytes, const struct tls_handshake_sink *sink)
{
	struct tls_handshake *h = handshake;

	while (bytes.wire && !h->lost) {
		if (!bytes.cap) {
			tls_handshake_lose(h, bytes.wire, sink);
			return;
		}
		if (h->have == TLS_MESSAGE_HEADER) {
			take_body(h, memory, list, &bytes, sink);
		} else if (h->left) {
			uint32_t n = least(h->left, bytes.cap);

			cursor_skip(&bytes, n);
			h->left -= n;
		} else {
			take_header(h, &bytes, sink);
		}
	}
}

void tls_handshake_end(struct tls_handshake *handshake, const struct tls_handshake_sink *sink)
{
	if (handshake->have == TLS_MESSAGE_HEADER)
		tell(handshake, sink);
	*handshake = (struct tls_handshake){.left = 0};
}
