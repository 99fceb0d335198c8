/* One direction of a TLS connection as long as it is in clear (RFC 8446, 5.1; RFC 5246, 6.2; SSL 3.0 too): records,
 * however segments cut them, and in them handshake messages, alerts and ChangeCipherSpec.
 *
 * It ends where encryption begins: with a ServerHello of 1.3, with ChangeCipherSpec, or with the first record of
 * application data. Not with the ChangeCipherSpec around a HelloRetryRequest: the second ClientHello, and the
 * second ServerHello, follow it in clear (RFC 8446, D.4).
 *
 * Where bytes are missing beyond the end of a record, the next segment that begins with what looks like
 * a record is taken to be one, among TLS_SEEK_MAX segments. Bounded: see tls_handshake.h. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/proto/tls/tls_certificate.h"
#include "inspect/proto/tls/tls_handshake.h"
#include "inspect/proto/tls/tls_hello.h"
#include "inspect/stream/byte_stream.h"

enum {
	TLS_RECORD_HEADER = 5,
	TLS_RECORD_MAX = (1 << 14) + 2048, /* bytes after it */
	TLS_SEEK_MAX = 32,                 /* segments */
};

/* All zero is a stream of which nothing was seen. */
struct tls_stream {
	struct tls_handshake handshake;
	uint16_t left; /* bytes of the record that are to come */
	uint8_t type;  /* of the record */
	uint8_t have;  /* bytes of `start` */
	uint8_t start[TLS_RECORD_HEADER + TLS_MESSAGE_HEADER]; /* of a record; of an alert */
	uint8_t step, seeks, said;                             /* private */
	uint16_t cipher, version;                              /* of the ServerHello */
};

/* Where it goes; what is pointed at is borrowed until the call returns. NULL: not wanted. */
struct tls_sink {
	void (*client_hello)(void *ctx, const struct tls_client_hello *hello);
	void (*server_hello)(void *ctx, const struct tls_server_hello *hello);
	/* The curve of a ServerKeyExchange (up to 1.2). */
	void (*group)(void *ctx, uint16_t group);
	/* Whether the server resumes an earlier session: in 1.3 by its pre_shared_key; up to 1.2 by
	 * ChangeCipherSpec without its part of a full handshake (RFC 5246, 7.3; RFC 5077). Once at most;
	 * not said where bytes between are missing. */
	void (*resumed)(void *ctx, bool is_resumed);
	/* Each of the first TLS_CERTIFICATES_MAX; the leaf is 0. */
	void (*certificate)(void *ctx, unsigned i, const struct tls_certificate *certificate);
	void (*alert)(void *ctx, uint8_t level, uint8_t description);
	void *ctx;
};

/* Whether these are the first bytes of a direction: a record with a hello or an alert. Of fewer than
 * TLS_RECORD_HEADER + 1 bytes, whether they may be. */
bool tls_is_record(const uint8_t *bytes, uint32_t n);

/* Takes the next bytes. false: nothing more is to be read, and no memory is held. */
bool tls_stream_add(struct tls_stream *stream, struct memory *memory, struct memory_list *list,
	const struct stream_part *part, const struct tls_sink *sink);
/* The connection ends here: tells what there is of a message, and gives the memory back. */
void tls_stream_end(struct tls_stream *stream, const struct tls_sink *sink);

/* For who finds messages otherwise (dtls_stream.h): the body of one; ChangeCipherSpec; and that all is over. */
void tls_stream_message(struct tls_stream *stream, uint8_t type, struct cursor body,
	const struct tls_sink *sink);
void tls_stream_change_cipher(struct tls_stream *stream, const struct tls_sink *sink);
void tls_stream_stop(struct tls_stream *stream);
bool tls_stream_is_over(const struct tls_stream *stream);
