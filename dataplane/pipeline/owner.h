/* Which of `n` workers owns a packet: the same answer in replay, where the reader deals packets out,
 * and live, where workers hand them to each other. */
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

/* By tenant, addresses, protocol and IP identification: whoever owns them all learns the ports from
 * the first fragment and knows them for the later ones. */
uint32_t owner_of_fragment(const struct packet *p, uint32_t n);
