/* Which packets are recorded, and what a record says of one: for packets/ (settings,
 * packets.record), for feeds and for the packet file of replay (-w). Called when a packet has ended in its
 * bucket. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/settings/settings.h"
#include "decap/ledger.h"
#include "decap/packet.h"
#include "inspect/flow/flow.h"
#include "inspect/packets/index/index_flow.h"
#include "inspect/packets/packet_file.h"

/* RECORD_ACCEPTED: every packet with an inner frame (its own, when it is inspected as it is) that no
 * session, rule or de-duplication refused, whatever its inner headers are like. RECORD_ALL: those
 * refused, too. RECORD_SELECTED: as RECORD_ACCEPTED, and a rule says so. Packets lost between workers are in
 * none. */
bool record_wants(enum settings_record which, enum reason why);

/* For a number of bytes: packets.record asks for none of the packet; it does, but a rule, a bound of its flow or what
 * is shed leaves it out. */
#define RECORD_NOT_OFFERED UINT32_MAX
#define RECORD_NOTHING (UINT32_MAX - 1)

/* packets.record and its bounds, as numbers that are compared: what has no bound is the highest one. */
struct record_bounds {
	enum settings_record which;
	uint32_t snaplen;
	uint64_t max_flow_packets, max_flow_bytes;
};
struct record_bounds record_bounds_of(const struct settings *settings);

/* Of a packet that has reached its flow: how many bytes of its frame are recorded. `so_far` is what was recorded of
 * its flow, and counts this packet, too. `sheds`: nothing is. */
uint32_t record_keep(const struct record_bounds *bounds, const struct packet *p,
	struct flow_recorded *so_far, bool sheds);
/* The same, when the packet has ended: that of one that reached its flow stands in p->recorded. */
uint32_t record_kept(
	const struct record_bounds *bounds, const struct packet *p, enum reason why);

/* Those of a burst's `mask` that are recorded. */
uint64_t record_wanted(enum settings_record which, const enum reason *why, uint64_t mask);

/* Borrows the packet's bytes. */
struct packet_record record_of(const struct packet *p, enum reason why);

/* What an index keeps of it: without addresses where no filter has looked at it. */
struct index_flow record_index_flow(const struct packet *p, enum reason why);
