/* One direction of a DTLS connection as long as it is in clear (RFC 6347, 4.1 and 4.2; RFC 9147, 5): records out of
 * datagrams, and in them fragments of handshake messages, alerts and ChangeCipherSpec. It ends as TLS does
 * (tls_stream.h), and with the first record of another epoch.
 *
 * A message that is whole in its record is told from there; fragments are put together if they come in the order
 * in which they were cut, at most TLS_MESSAGE_MAX bytes, and no later message before them. What was told is not
 * told again. Datagrams that are not DTLS (RFC 7983: STUN and media share its ports) are stepped over,
 * DTLS_OTHERS_MAX of them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/proto/tls/tls_stream.h"

enum { DTLS_OTHERS_MAX = 64 };

/* All zero is a stream of which nothing was seen. */
struct dtls_stream {
	struct tls_stream tls;   /* what was told; its records are not these */
	struct byte_buffer body; /* of the message that is put together */
	uint32_t length;         /* of that message */
	uint16_t next;           /* number of the first message that was not told */
	uint8_t type;            /* of the message; 0: none is put together */
	uint8_t others;          /* datagrams that were not DTLS; saturating */
};

/* Whether a direction begins with this datagram: a record with a hello in it, or a server's request to say
 * it again. */
bool dtls_is_hello(struct cursor datagram);

/* Takes the next datagram. false: nothing more is to be read, and no memory is held. */
bool dtls_stream_add(struct dtls_stream *stream, struct memory *memory,
	struct memory_list *list, struct cursor datagram, const struct tls_sink *sink);
/* The connection ends here: tells what there is of a message, and gives the memory back. */
void dtls_stream_end(struct dtls_stream *stream, const struct tls_sink *sink);
