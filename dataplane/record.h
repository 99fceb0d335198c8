/* Which packets are recorded, and what a record says of one: for packets/ (settings,
 * packets.record) and for the packet file of replay (-w). Asked once the packet's way has ended. */
#pragma once

#include <stdbool.h>

#include "config/settings.h"
#include "decap/ledger.h"
#include "decap/packet.h"
#include "inspect/export/packet_file.h"

/* RECORD_ACCEPTED: every decapsulated packet that no session, rule or de-duplication refused, whatever
 * its inner headers are like. RECORD_ALL: those refused, too. Packets lost between workers are in
 * neither. `plain`: nothing was decapsulated, the packet is its own inner frame. */
bool record_wants(
	enum settings_record which, const struct packet *p, enum reason why, bool plain);

/* Borrows the packet's bytes. */
struct packet_record record_of(const struct packet *p, enum reason why);
