/* Remembers the ports of first fragments, so that later fragments are counted into the flow of
 * their datagram (and, later, take the verdict its first fragment got). Keyed by tenant,
 * addresses, protocol and IP identification; bounded; the oldest entry of a neighbourhood gives
 * way, which `overwritten` counts when it was still young. Not reassembly.
 * The replay reader and every worker own one each; the results are the same. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/packet.h"

struct fragment_table;

/* `capacity` datagrams in flight (rounded up to a power of two), each remembered `timeout_ns`
 * of packet time. NULL: no memory. */
struct fragment_table *fragment_table_create(uint32_t capacity, uint64_t timeout_ns);
void fragment_table_destroy(struct fragment_table *table);

/* For a packet with PACKET_FRAGMENT whose tenant is set: learns a first fragment's ports (ICMP:
 * type, code and id), or sets a later one's to what was learned, and PACKET_PORTS_LEARNED. A
 * first fragment cut before its ports teaches nothing. false: a later fragment whose first was
 * not seen; it keeps ports 0. */
bool fragment_table_packet(struct fragment_table *table, struct packet *p);

/* Entries overwritten while still young: a capacity limit was hit. */
uint64_t fragment_table_overwritten(const struct fragment_table *table);
