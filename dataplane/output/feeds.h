/* The feeds of the live appliance (settings, `feeds`): each takes decapsulated packets to another program
 * (inspect/packets/feed.h) on a thread of its own.
 *
 *     worker -> queue of a feed (packet_queue.h) -> its thread -> pipe, TCP, interface
 *
 * A worker never waits, and nothing is copied: each queue has references. A reader that is slow fills the
 * queue of its feed, and what does not fit is lost_queue of that feed alone. Packets of one worker go in its
 * order; those of several as the thread finds them. No feed may have an mbuf of a port when the port is
 * closed: feeds_stop() sees to that. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "config/settings/settings.h"
#include "dataplane/output/packet_queue.h"
#include "inspect/packets/point_tags.h"
#include "inspect/record/sink.h"

struct feeds;

/* All feeds of the settings, and what of them needs rights. NULL: there are none, or `error` says why (else
 * its text is ""). No thread yet. */
struct feeds *feeds_open(
	const struct settings *settings, uint32_t n_workers, struct error *error);
/* Numbers for the sessions of `model`, from the output directory `dir`; and the threads. 0, or -1 and
 * `error`. */
int feeds_start(struct feeds *feeds, const char *dir, const struct settings *settings,
	const struct model *model, struct error *error);
/* The workers have ended: gives readers what waits, for at most `ns`; what is left then is counted as lost.
 * Legal without a start, twice, and with NULL. */
void feeds_stop(struct feeds *feeds, uint64_t ns);
/* Stops and frees. NULL is legal. */
void feeds_destroy(struct feeds *feeds);

/* Where tags come from; NULL: no feed has any, or they were not started. */
struct point_tags *feeds_tags(const struct feeds *feeds);

/* Numbers for sessions of a new model, before a worker can meet its packets. NULL is legal. */
void feeds_configure(struct feeds *feeds, const struct model *model);

/* Worker `worker` alone; all mbufs stay the caller's. `shed`: no feed gets any, and counts them so. */
void feeds_offer(
	struct feeds *feeds, uint32_t worker, const struct packet_burst *burst, bool shed);

/* Any thread, from the start on; `index` counts as the settings do. NULL has none. */
uint32_t feeds_count(const struct feeds *feeds);
struct feed_state {
	const char *name; /* "feed:" and its name */
	struct output_ledger ledger;
	struct feed_stats stats;
	uint32_t queue, queue_size; /* packets that wait, and the room for them */
};
struct feed_state feeds_state(const struct feeds *feeds, uint32_t index);
