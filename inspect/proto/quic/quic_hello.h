/* The hellos of a QUIC connection (RFC 9001, 4.1): its Initial packets, the TLS handshake in them, ClientHello and
 * ServerHello of that. Bounded as quic_initial.h and tls_handshake.h are. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/proto/quic/quic_initial.h"
#include "inspect/proto/tls/tls_handshake.h"
#include "inspect/proto/tls/tls_hello.h"

/* All zero is a flow of which nothing was seen. */
struct quic_hello {
	struct quic_initial initial;
	struct tls_handshake handshake[2]; /* the client's, the server's */
};

/* Where they go, borrowed until the call returns; `version` is QUIC's. */
struct quic_hello_sink {
	/* The first one; once more where the client begins again before it was whole. */
	void (*client_hello)(void *ctx, uint32_t version, const struct tls_client_hello *hello);
	/* HelloRetryRequest too, which another one follows. */
	void (*server_hello)(void *ctx, uint32_t version, const struct tls_server_hello *hello);
	void *ctx;
};

/* Takes a datagram's payload, as quic_initial_add() does. false: nothing more is to be read, and no memory is
 * held. */
bool quic_hello_add(struct quic_hello *hello, struct memory *memory, struct memory_list *list,
	struct cursor datagram, bool from_hi, const struct quic_hello_sink *sink);
/* Nothing more comes: tells what there is of a hello, and gives the memory back. */
void quic_hello_end(struct quic_hello *hello, const struct quic_hello_sink *sink);

/* What the client calls itself, a parameter of Google's (0x3129) among the transport parameters (RFC 9000, 18) of
 * its hello. false: it does not. */
bool quic_user_agent(const struct tls_client_hello *hello, struct tls_bytes *user_agent);
