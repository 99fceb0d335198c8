/* Which packets are recorded, and what a record says of one: for packets/ (settings,
 * packets.record), for feeds and for the packet file of replay (-w). Called when a packet has ended in its
 * bucket. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/settings/settings.h"
#include "decap/ledger.h"
#include "decap/packet.h"
#include "inspect/packets/packet_file.h"

/* RECORD_ACCEPTED: every packet with an inner frame (its own, when it is inspected as it is) that no
 * session, rule or de-duplication refused, whatever its inner headers are like. RECORD_ALL: those
 * refused, too. Packets lost between workers are in neither. */
bool record_wants(enum settings_record which, enum reason why);

/* Those of a burst's `mask` that are recorded. */
uint64_t record_wanted(enum settings_record which, const enum reason *why, uint64_t mask);

/* Borrows the packet's bytes. */
struct packet_record record_of(const struct packet *p, enum reason why);
