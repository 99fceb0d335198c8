/* QUIC's long headers (RFC 9000, 17.2; RFC 9369, 3.2; RFC 8999 for versions that are not known): one packet
 * after the other of those that share a datagram. What the struct points at is borrowed from the datagram. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/cursor.h"

enum { QUIC_CID_MAX = 20, QUIC_VERSION_TEXT = 11 };

enum quic_version { QUIC_V1 = 1, QUIC_V2 = 0x6b3343cf };
#define QUIC_DRAFT UINT32_C(0xff000000) /* and the draft's number */

enum quic_type {
	QUIC_INITIAL,
	QUIC_ZERO_RTT,
	QUIC_HANDSHAKE,
	QUIC_RETRY,
	QUIC_NEGOTIATION, /* of the version; a packet of the server's */
	QUIC_UNKNOWN,     /* of a version that is not known */
};

struct quic_cid {
	const uint8_t *at;
	uint8_t len;
};

struct quic_packet {
	enum quic_type type;
	uint32_t version;
	struct quic_cid destination, source;
	struct cursor bytes; /* from the first byte to the packet's end, as its length claims */
	uint32_t number_at;  /* offset of the packet number, in types that have one */
};

/* Takes the next packet off the datagram. false: what is left has no long header, or lies, or was cut before
 * the header's end. */
bool quic_packet_read(struct cursor *datagram, struct quic_packet *packet);

/* Whether a datagram begins with an Initial of a version whose keys are known. */
bool quic_is_initial(struct cursor datagram);

/* Whether a datagram is one of a client of Google's own versions that begins a connection: it names Q024 to Q049 and
 * has the hello's tag, or Q050 and only the other side's connection id. */
bool quic_is_google_hello(struct cursor datagram);

/* Those whose Initials can be read: 1, 2, drafts 22 to 34, mvfst's and Google's on the way to them. */
bool quic_version_is_known(uint32_t version);
/* "v1", "draft-29", "mvfst-27", "T050"; of one that is not known "0x5a6a7a8a". Returns `text`. */
const char *quic_version_name(uint32_t version, char text[QUIC_VERSION_TEXT]);

/* A variable-length integer (RFC 9000, 16); 0 and a status where it is not whole. */
uint64_t quic_varint(struct cursor *c);
