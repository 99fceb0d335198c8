/* Remembers the ports of first fragments, so that later fragments are counted into the flow of
 * their datagram (and, later, take the verdict its first fragment got). Keyed by observation point
 * (as in flow keys: outer source, VNI, network), VLAN ids, addresses, protocol and IP identification:
 * two mirrored ends send the same identification, and their filters may differ. Bounded; the oldest
 * entry of a neighbourhood gives way, which `overwritten` counts when it was still young. Not
 * reassembly.
 * The distributor of a replay owns one, and every live worker. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/parse/session_key.h"
#include "decap/packet.h"

/* What the fragments of one datagram share. Without padding: compared as bytes. */
struct fragment_key {
	struct ip_addr src, dst;
	struct session_key point; /* all 0 without an encapsulation */
	uint32_t id;
	uint16_t vlan[2]; /* 0 where there is none, or none counts */
	uint8_t protocol, ip_version;
	uint16_t has_point;
};

/* A first fragment, as far as later ones need to know it. */
struct fragment_first {
	struct fragment_key key; /* version 0 = empty */
	uint64_t time_ns;
	uint64_t number; /* of the packet */
	uint16_t src_port, dst_port, icmp_id;
	uint8_t icmp_type, icmp_code;
	bool cut; /* fewer bytes arrived than it claims */
};

struct fragment_params {
	uint32_t capacity;   /* datagrams in flight, rounded up to a power of two */
	uint64_t timeout_ns; /* packet time that each is remembered */
	bool use_vlan;       /* VLAN ids are part of the key, as they are of flows' */
	uint64_t seed;       /* of the hash, as the flow table's: who gives way depends on it */
};

struct fragment_table;

/* NULL: no memory. */
struct fragment_table *fragment_table_create(const struct fragment_params *params);
void fragment_table_destroy(struct fragment_table *table);

/* For a packet with PACKET_FRAGMENT: learns a first fragment's ports (ICMP: type, code and id), or
 * sets a later one's to what was learned, and PACKET_PORTS_LEARNED. A first fragment cut before its
 * ports teaches nothing. false: a later fragment whose first was not seen; it keeps ports 0. */
bool fragment_table_packet(struct fragment_table *table, struct packet *p);

const struct fragment_params *fragment_table_params(const struct fragment_table *table);

/* Entries overwritten while still young: a capacity limit was hit. */
uint64_t fragment_table_overwritten(const struct fragment_table *table);

/* The number of the only set in which the packet's datagram can stand: four entries are looked at. */
uint64_t fragment_table_set(const struct fragment_table *table, const struct packet *p);

/* The same for a caller that keeps first fragments itself, by the same parameters: */

/* The key of a packet with PACKET_FRAGMENT. */
void fragment_key_make(
	struct fragment_key *key, const struct fragment_params *params, const struct packet *p);
/* Of a first fragment with this key that knows its ports. */
void fragment_first_make(
	struct fragment_first *first, const struct fragment_key *key, const struct packet *p);
/* Whether it is of the datagram of a packet with this key, and not further away in time than the
 * timeout, whichever of them came first. */
bool fragment_first_fits(const struct fragment_first *first,
	const struct fragment_params *params, const struct fragment_key *key, uint64_t time_ns);
/* Sets a later fragment's ports. */
void fragment_first_teach(const struct fragment_first *first, struct packet *p);
