#include "inspect/proto/quic/quic_hello.h"

enum {
	EXTENSION_PARAMETERS = 0x39,         /* quic_transport_parameters (RFC 9001, 8.2) */
	EXTENSION_PARAMETERS_DRAFT = 0xffa5, /* up to draft 32 */
	PARAMETER_USER_AGENT = 0x3129,
};

/* What one call works with. */
struct reading {
	struct quic_hello *hello;
	struct memory *memory;
	struct memory_list *list;
	const struct quic_hello_sink *sink;
	uint32_t version;
	bool from_server;
	bool done; /* the side has said its hello */
};

static void take_message(
	void *ctx, uint8_t type, const uint8_t *body, uint32_t cap, uint32_t wire)
{
	struct reading *r = ctx;
	struct cursor c = cursor_make(body, cap, wire);
	struct tls_client_hello client;
	struct tls_server_hello server;

	if (r->done)
		return;
	if (type == TLS_CLIENT_HELLO && !r->from_server) {
		r->done = true;
		if (tls_client_hello_read(c, &client))
			r->sink->client_hello(r->sink->ctx, r->version, &client);
	} else if (type == TLS_SERVER_HELLO && r->from_server) {
		r->done = true;
		if (!tls_server_hello_read(c, &server))
			return;
		r->done = !server.is_retry;
		r->sink->server_hello(r->sink->ctx, r->version, &server);
	}
}

static void handshake_clear(struct tls_handshake *handshake)
{
	byte_buffer_clear(&handshake->body);
	*handshake = (struct tls_handshake){.left = 0};
}

static bool take_handshake(void *ctx, const struct quic_handshake *bytes)
{
	struct reading *r = ctx;
	struct tls_handshake *handshake = &r->hello->handshake[bytes->from_server];
	const struct tls_handshake_sink sink = {take_message, r};

	if (!bytes->offset)
		handshake_clear(handshake);
	r->version = bytes->version;
	r->from_server = bytes->from_server;
	r->done = false;
	tls_handshake_add(handshake, r->memory, r->list,
		cursor_make(bytes->bytes, bytes->len, bytes->len), &sink);
	if (!r->done && !handshake->lost)
		return true;
	handshake_clear(handshake);
	return false;
}

bool quic_hello_add(struct quic_hello *hello, struct memory *memory, struct memory_list *list,
	struct cursor datagram, bool from_hi, const struct quic_hello_sink *sink)
{
	struct reading r = {.hello = hello, .memory = memory, .list = list, .sink = sink};
	const struct quic_sink quic_sink = {take_handshake, &r};

	if (quic_initial_add(&hello->initial, memory, list, datagram, from_hi, &quic_sink))
		return true;
	quic_hello_end(hello, sink);
	return false;
}

void quic_hello_end(struct quic_hello *hello, const struct quic_hello_sink *sink)
{
	struct reading r = {.hello = hello, .sink = sink, .version = hello->initial.version};
	const struct tls_handshake_sink handshake_sink = {take_message, &r};

	for (unsigned side = 0; side < 2; side++) {
		r.from_server = side;
		r.done = false;
		tls_handshake_end(&hello->handshake[side], &handshake_sink);
	}
	quic_initial_end(&hello->initial);
}

static bool find_parameter(struct tls_bytes body, uint64_t id, struct tls_bytes *value)
{
	struct cursor c = cursor_make(body.at, body.len, body.len);

	while (c.wire && c.status == CURSOR_OK) {
		uint64_t is = quic_varint(&c), len = quic_varint(&c);
		const uint8_t *at = len <= c.wire ? cursor_take(&c, (uint32_t)len) : NULL;

		if (!at)
			return false;
		if (is == id) {
			*value = (struct tls_bytes){at, (uint32_t)len};
			return len > 0;
		}
	}
	return false;
}

bool quic_user_agent(const struct tls_client_hello *hello, struct tls_bytes *user_agent)
{
	struct tls_bytes extensions = hello->extensions, body;
	uint16_t type;

	while (tls_extension_next(&extensions, &type, &body))
		if (type == EXTENSION_PARAMETERS || type == EXTENSION_PARAMETERS_DRAFT)
			return find_parameter(body, PARAMETER_USER_AGENT, user_agent);
	return false;
}
