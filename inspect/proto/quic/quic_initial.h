/* The Initial packets of a QUIC connection, of both sides, and the TLS handshake in them. The first one that opens
 * with keys from its own Destination Connection ID tells who the client is; the server's open with
 * keys from the same one. A client that begins again, after a Retry or in another version, gives new keys, as
 * long as the server has not answered.
 *
 * Bounded: QUIC_DATAGRAMS_MAX datagrams of a flow are looked at, QUIC_OPEN_MAX packets are opened, and after
 * QUIC_FAILED_MAX that did not open it is given up. Of a datagram no packet is read after one that does not open, or
 * that has another Destination Connection ID than the first (RFC 9000, 12.2): keys are derived once for it. No
 * memory while CRYPTO frames come in order. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/memory.h"
#include "inspect/proto/quic/quic_crypto.h"
#include "inspect/proto/quic/quic_keys.h"
#include "inspect/proto/quic/quic_packet.h"

enum { QUIC_DATAGRAMS_MAX = 64, QUIC_OPEN_MAX = 32, QUIC_FAILED_MAX = 6 };

/* All zero is a flow of which nothing was seen. */
struct quic_initial {
	struct quic_keys keys[2];          /* the client's, the server's */
	struct quic_crypto crypto[2];      /* the client's, the server's */
	uint64_t expected[2];              /* the packet number after the largest yet */
	uint32_t version;                  /* of the keys */
	uint8_t destination_len;           /* of the Destination Connection ID that */
	uint8_t destination[QUIC_CID_MAX]; /* the keys are from */
	uint8_t datagrams, opened, failed;
	bool known;        /* there are the client's keys, and it is known who that is */
	bool has_server;   /* there are the server's */
	bool client_is_hi; /* the client's datagrams are those with `from_hi` */
	bool answered;     /* an Initial of the server's was opened */
	bool retried;      /* a Retry was seen */
	bool negotiated;   /* a Version Negotiation packet was seen */
	bool over;
};

/* The next bytes of a side's handshake messages (RFC 9001, 4.1.3), for tls_handshake_add(): borrowed until the
 * call returns. */
struct quic_handshake {
	const uint8_t *bytes;
	uint32_t len;
	uint32_t
		offset; /* those before; 0 again: the side begins anew, and what came before is void */
	uint32_t version; /* of the packets */
	bool from_server;
};

struct quic_sink {
	/* false: no more is wanted from this side. */
	bool (*handshake)(void *ctx, const struct quic_handshake *handshake);
	void *ctx;
};

/* Takes a datagram's payload. `from_hi` tells the two sides apart, whichever is which. false: nothing more is
 * to be read, and no memory is held. */
bool quic_initial_add(struct quic_initial *quic, struct memory *memory,
	struct memory_list *list, struct cursor datagram, bool from_hi,
	const struct quic_sink *sink);
/* Nothing more is to be read; gives the memory back. */
void quic_initial_end(struct quic_initial *quic);
