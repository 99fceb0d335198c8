/* Packets that a mirror sends twice within one session: two mirror sessions of one interface with the same VNI, a bridge
 * that sends both ways, a copy on the way here. Each then counts twice. They are told from packets that the hosts
 * sent twice by IPv4's identification: a retransmission has another one, so has every RTP packet, keep-alive and echo
 * request, whatever is in them. A copy has the same inner frame to the last bit, and comes at once.
 *
 * A sample is looked at: packets whose identification ends in COPIES_PICK, one of 16 where stacks count or draw it.
 * Left out are: identification 0 (what Linux gives packets without a connection and macOS those that must not be fragmented),
 * IPv6, which has none, and fragments. A stack that gives all of its packets the same other one (RFC 6864 lets those
 * that must not be fragmented) and sends two equal packets within COPIES_NS would be taken for a mirror that does,
 * if that identification is of the sample.
 *
 * Compared are the length and the first COPIES_BYTES of the inner frame with those of the session's sampled packets among the
 * last COPIES_WINDOW packets. Results are the same for any number of workers: a packet and its copy have one owner, and what
 * an owner remembers never lacks one within the window, for no more than it can be of the sample. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/packet.h"

enum {
	COPIES_PICK = 10,  /* of 0 to 15: neither 0 nor 1, which tools put into all they send */
	COPIES_BYTES = 80, /* up to TCP's options, and the checksum, which covers the rest */
	COPIES_WINDOW = 4096, /* positions, and packets remembered */
	COPIES_NS = 10000000, /* between a packet and its copy */
};

struct copies;

/* The memory is fixed, some 160 KiB. NULL: no memory. */
struct copies *copies_create(void);
/* NULL is legal. */
void copies_destroy(struct copies *copies);

/* Whether the packet is of the sample. */
static inline bool copies_sample(const struct packet *p)
{
	return (p->ip_id_low & 15) == COPIES_PICK;
}

/* Of a packet of the sample that decap accepted and whose session is set: whether it is a copy; if it is none, it is remembered.
 * `position`: of the packet in the input, not falling; where there is none 0, and the last COPIES_WINDOW of
 * the sample are remembered. */
bool copies_packet(struct copies *copies, const struct packet *p, uint64_t position);
