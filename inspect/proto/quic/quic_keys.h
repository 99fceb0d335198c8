/* The keys of QUIC's Initial packets, which anyone can derive who saw the client's first one (RFC 9001, 5;
 * RFC 9369, 3.3), and what they protect. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/proto/quic/quic_packet.h"

enum { QUIC_PLAIN_MAX = 16 * 1024 };

struct quic_keys {
	uint8_t key[16], iv[12], hp[16];
};

/* A packet without its protection. */
struct quic_plain {
	uint64_t number;
	struct cursor frames; /* in `bytes` */
	uint8_t bytes[QUIC_PLAIN_MAX];
};

/* A side's keys, from the version's salt and labels, and the Destination Connection ID of the client's first
 * Initial. The version is a known one. Costs more than all else that is done for a packet. */
void quic_keys_derive(uint32_t version, const struct quic_cid *destination, bool of_server,
	struct quic_keys *keys);

/* Takes the protection of a packet with a number off. `expected` is the one after the side's largest yet.
 * false: it was made with other keys, or is too short. A packet that was cut, or is longer than
 * QUIC_PLAIN_MAX, cannot be authenticated: it is taken for what it claims to be when its reserved bits and its
 * first frame are as they should be. */
bool quic_keys_open(const struct quic_keys *keys, const struct quic_packet *packet,
	uint64_t expected, struct quic_plain *plain);
