/* Which of `n` workers owns a packet: the same answer in replay, where the reader chooses
 * owners, and live, where workers hand packets over. */
#pragma once

#include <stdint.h>

#include "decap/packet.h"

enum { WORKERS_MAX = 64 };

/* By the symmetric hash of tenant, inner addresses, protocol, and ports where the protocol has them:
 * both directions of a conversation have one owner, and so have all flows that share a flow log
 * record (ICMP's of whatever type and id, and those that only the observation point tells apart). For
 * a packet that decap accepted, with its tenant set; a fragment needs its ports
 * (fragment_table_packet()) first. */
uint32_t owner_of_flow(const struct packet *p, uint32_t n);

/* By tenant, addresses, protocol and IP identification: so one worker gets all fragments of a
 * datagram, and can give the later ones the ports of the first. */
uint32_t owner_of_fragment(const struct packet *p, uint32_t n);
