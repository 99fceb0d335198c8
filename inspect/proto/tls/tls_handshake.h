/* Handshake messages (RFC 8446, 4; RFC 5246, 7.4) out of one direction's handshake bytes, wherever these
 * are cut: the fragments of TLS records (tls_stream.h), or the CRYPTO frames of QUIC put in order (RFC 9001,
 * 4.1.3), which have no records.
 *
 * A message that is whole in the bytes given is told from there; what comes in parts is put together, at
 * most TLS_MESSAGE_MAX bytes of it. Only hellos, Certificate and ServerKeyExchange are: of the others type and
 * length are told, at once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/cursor.h"
#include "inspect/flow/memory.h"
#include "inspect/stream/byte_buffer.h"

enum { TLS_MESSAGE_MAX = 16 * 1024, TLS_MESSAGE_HEADER = 4 };

/* HandshakeType: those whose bytes are told. */
enum tls_message_type {
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2, /* HelloRetryRequest too */
	TLS_CERTIFICATE = 11,
	TLS_SERVER_KEY_EXCHANGE = 12,
};

/* All zero is a stream of which nothing was seen. */
struct tls_handshake {
	struct byte_buffer body; /* of the message being put together */
	uint32_t left;           /* bytes of it that are to come, put together or not */
	uint8_t header[TLS_MESSAGE_HEADER];
	uint8_t have; /* bytes of the header; with all, and `left` or `body`, inside a message */
	bool lost;    /* where the next message begins is not known, or these are no messages */
};

/* Where messages go: `cap` bytes of the `wire` after the header, borrowed until the call returns. `cap` is less
 * where bytes were lost or cut, or the message is too long; 0 with every type not named above. Parsers of
 * bodies read them with cursor_make(body, cap, wire). */
struct tls_handshake_sink {
	void (*message)(
		void *ctx, uint8_t type, const uint8_t *body, uint32_t cap, uint32_t wire);
	void *ctx;
};

/* The next bytes of the stream: `wire` of them, of which `cap` arrived. After `lost` nothing is read. */
void tls_handshake_add(struct tls_handshake *handshake, struct memory *memory,
	struct memory_list *list, struct cursor bytes, const struct tls_handshake_sink *sink);
/* The next `n` bytes will not come: what there is of a message is told. Where they reach beyond it, the
 * stream is lost. */
void tls_handshake_lose(
	struct tls_handshake *handshake, uint32_t n, const struct tls_handshake_sink *sink);
/* The stream ends here: tells what there is of a message, gives the memory back, and is as new. */
void tls_handshake_end(struct tls_handshake *handshake, const struct tls_handshake_sink *sink);
