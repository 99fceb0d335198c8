/* Suricata, fed by us: it gets the decapsulated packets with the tags of their observation points
 * (inspect/packets/feed.h) on its standard input, and its alerts, which come by a UNIX socket, become ours.
 *
 *     replay  suricata_send() -----------------------> feed -> [Suricata] -> EVE -> thread "suricata" -> correlator
 *     live    suricata_offer() -> queue -> thread "ids" -> feed -> ...
 *
 * In replay it takes packets in the order of the file, and whoever sends waits for it. It is given up when it takes
 * nothing for as long as the settings say, and when it ends before the packets do: then the rest of them is lost,
 * which is counted and said, and an alert says so, too.
 *
 * Live nobody waits for it: what does not fit into its queue is lost, and so is what comes while it does not run. One
 * that ended, or was killed because it took nothing for too long, is started again, after a second, two, four, at
 * most a minute. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/settings/settings.h"
#include "dataplane/output/correlator.h"
#include "dataplane/output/packet_queue.h"
#include "decap/counters/counters.h"
#include "inspect/packets/packet_file.h"

struct model;
struct point_tags;
struct spawner;
struct suricata;

struct suricata_params {
	const struct settings *settings;
	const char *settings_file; /* NULL: none */
	const struct model *model; /* for the start alone; NULL: no sessions are known */
	struct spawner *spawner;
	bool is_live;
};

/* One that was started otherwise (settings: attach) reads a feed (feeds.h) and connects to a socket of ours with its
 * EVE; as we do not know what it has read, its alerts find their flow by tags and ends alone. Live only. */

/* What of the settings can be seen to be wrong before anything is started: a program that is missing, and for
 * which the error says how to get it; a rule file that cannot be read. */
bool suricata_check(
	const struct settings *settings, const char *settings_file, struct error *error);

/* Starts it, and waits until it has read its rules. Those that it cannot read are said; none at all is an error.
 * Needs what rights_confine_offline() takes away. All else is borrowed until suricata_destroy(). NULL: `error`
 * says why. */
struct suricata *suricata_start(const struct suricata_params *params, struct error *error);
/* Its alerts go to outbox `index` of the correlator, which is its own, from now on. 0, or -1 and `error`. */
int suricata_listen(struct suricata *suricata, struct correlator *correlator, uint32_t index,
	struct error *error);

/* Replay. Offers it a packet. One thread. NULL is legal, here and below. */
void suricata_send(struct suricata *suricata, const struct packet_record *record);
/* By the same thread: there are no more packets. Waits for the last of its alerts, and for its end. */
void suricata_end(struct suricata *suricata);
/* After suricata_end(): false when packets or alerts were lost, which was said. */
bool suricata_is_whole(const struct suricata *suricata);
/* Live any thread. */
struct suricata_stats suricata_stats(const struct suricata *suricata);
/* Live, before suricata_listen(): a queue for `n_workers`. false: no memory. */
bool suricata_make_queue(struct suricata *suricata, uint32_t n_workers);
/* Live, before suricata_listen(): of one that was started otherwise, the tags of the feed that it reads, which outlive
 * it (borrowed). */
void suricata_use_tags(struct suricata *suricata, struct point_tags *tags);
/* Live: packets of worker `worker`, which alone calls it; all mbufs stay the caller's. `shed`: it gets none, by
 * policy. */
void suricata_offer(struct suricata *suricata, uint32_t worker,
	const struct packet_burst *burst, bool shed);
/* Live: tags for the sessions of a new model, before a worker can meet its packets; and Suricata reads its rules again,
 * which takes its time and is said when it is done. */
void suricata_configure(struct suricata *suricata, const struct model *model);
/* Live, once the workers have ended: gives it what waits, and takes its last alerts, for at most `ns` each. Legal
 * twice. */
void suricata_stop(struct suricata *suricata, uint64_t ns);
/* What the correlator refused of its alerts. */
uint64_t suricata_unheard(const struct suricata *suricata);

/* Kills it if it still runs. */
void suricata_destroy(struct suricata *suricata);
