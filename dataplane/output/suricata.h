/* Suricata, fed by us: it gets the decapsulated packets with the tags of their observation points
 * (inspect/packets/feed.h) on its standard input, and its alerts, which come by a UNIX socket, become ours.
 *
 *     suricata_send() -> feed -> [Suricata] -> EVE -> thread "suricata" -> correlator
 *
 * In replay it takes packets in the order of the file, and whoever sends waits for it. It is given up when it takes
 * nothing for as long as the settings say, and when it ends before the packets do: then the rest of them is lost,
 * which is counted and said, and an alert says so, too. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/settings/settings.h"
#include "dataplane/output/correlator.h"
#include "decap/counters/counters.h"
#include "inspect/packets/packet_file.h"

struct model;
struct spawner;
struct suricata;

struct suricata_params {
	const struct settings *settings;
	const char *settings_file; /* NULL: none */
	const struct model *model; /* NULL: no sessions are known */
	struct spawner *spawner;
};

/* What of the settings can be seen to be wrong before anything is started: a program that is missing, and for
 * which the error says how to get it; a rule file that cannot be read. */
bool suricata_check(
	const struct settings *settings, const char *settings_file, struct error *error);

/* Starts it, and waits until it has read its rules. Those that it cannot read are said; none at all is an error.
 * Needs what rights_confine_offline() takes away. Everything is borrowed until suricata_destroy(). NULL: `error`
 * says why. */
struct suricata *suricata_start(const struct suricata_params *params, struct error *error);
/* Its alerts go to outbox `index` of the correlator, which is its own, from now on. 0, or -1 and `error`. */
int suricata_listen(struct suricata *suricata, struct correlator *correlator, uint32_t index,
	struct error *error);

/* Offers it a packet. One thread. NULL is legal, here and below. */
void suricata_send(struct suricata *suricata, const struct packet_record *record);
/* By the same thread: there are no more packets. Waits for the last of its alerts, and for its end. */
void suricata_end(struct suricata *suricata);
/* After suricata_end(): false when packets or alerts were lost, which was said. */
bool suricata_is_whole(const struct suricata *suricata);
struct suricata_stats suricata_stats(const struct suricata *suricata);
/* What the correlator refused of its alerts. */
uint64_t suricata_unheard(const struct suricata *suricata);

/* Kills it if it still runs. */
void suricata_destroy(struct suricata *suricata);
