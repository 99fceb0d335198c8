/* The live appliance: ports, workers, hand-off, writer and the configuration they share. Packets in
 * by any DPDK port; flow events, flow logs and a summary out, as replay writes them.
 *
 * One thread, the control thread, starts it, ticks it and stops it. appliance_reload() and the
 * functions that look may be called by another thread, but only by one at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "config/settings/settings.h"
#include "dataplane/live/handoff.h"
#include "dataplane/output/feeds.h"
#include "dataplane/output/tally.h"
#include "dataplane/output/worker_view.h"
#include "dataplane/pipeline/owner.h"
#include "dataplane/port/port.h"
#include "inspect/detect/mirror_watch.h"
#include "inspect/output/event_sinks.h"
#include "inspect/summary/summary.h"

struct appliance;
struct suricata;

enum { APPLIANCE_MESSAGE = 512 }; /* bytes of what a reload says */

struct appliance_params {
	const struct settings *settings; /* borrowed until the end */
	const char *output_dir, *version;
	struct suricata *suricata; /* started, and whose it is to end; NULL: none */
	/* Called when every device is open and running and memory is taken, before the first file
	 * is opened and the first packet is looked at: the moment to give up rights. NULL: nothing to
	 * do. false: `error` says why it cannot go on. */
	bool (*opened)(void *ctx, struct error *error);
	/* The same, once the output directory is there and locked, before anything in it is made or
	 * removed: the moment to bind sockets. */
	bool (*claimed)(void *ctx, struct error *error);
	void *ctx;
};

/* Opens the ports and starts everything; takes over `policy`, whatever comes of it. NULL: `error`
 * says why, and in the output directory all is as it was (it may be there, and empty). What is not as good as it could be is said on stderr. */
struct appliance *appliance_start(
	const struct appliance_params *params, struct policy policy, struct error *error);

/* Called by the control thread a few times a second: notices changes of ports. false: an
 * interface that was removed is there again, and capture.removed wants the appliance to end; it
 * was said. */
bool appliance_tick(struct appliance *appliance);

/* Puts a new model, new lists and the live settings (sessions.unknown, sessions.unknown_direction) in force,
 * without losing or misjudging a packet; takes over `policy`, whatever comes of it. Of all other
 * settings, `message` names those that differ from what is in force: they were left. 0, or -1:
 * nothing has changed, and `message` says why. */
int appliance_reload(struct appliance *appliance, const struct settings *settings,
	struct policy policy, char *message, size_t size);

/* The end, in order: stop receiving, drain the rings, end all flows (`shutdown`), write everything,
 * summary.json last. Gives the disk four seconds. `report` is given the summary. Frees.
 * false: something could not be written, or the ledger does not close; it was said. */
bool appliance_stop(struct appliance *appliance,
	void (*report)(void *ctx, const struct summary *summary), void *ctx);
/* The end of one that was not to start after all: no summary. Frees. NULL is legal. */
void appliance_abandon(struct appliance *appliance);

/* --- looking --- */

uint32_t appliance_workers(const struct appliance *appliance);
/* What the workers have counted, each read once, so that all that is said of it fits together. */
struct appliance_counts {
	uint32_t n_workers;
	struct tally workers[WORKERS_MAX], sum;
};
void appliance_count(const struct appliance *appliance, struct appliance_counts *counts);
/* Since worker `worker` went round last. */
uint64_t appliance_since_poll_ns(const struct appliance *appliance, uint32_t worker);
/* Of the CPU's counter, for busy_ticks. */
uint64_t appliance_hz(void);
/* The overload steps that there are here, in their order; returns how many. */
uint32_t appliance_steps(
	const struct appliance *appliance, enum overload_step steps[OVERLOAD_STEPS]);
/* The sum of the workers' ledgers; in_flight is what is in rings. Closes at all times. */
void appliance_ledger(const struct appliance_counts *counts, struct ledger *ledger);
/* NULL with one worker. */
const struct handoff *appliance_handoff(const struct appliance *appliance);

struct appliance_port {
	const char *name;
	const char *beneath; /* the interface that it reads: see port_interface() */
	enum port_link link;
	struct port_reading reading;
	uint16_t number; /* DPDK's */
	/* Of the exception path; NULL: the port has none. */
	const char *interface;
	bool interface_gone; /* somebody removed it */
	struct exception_ledger exception;
};
uint32_t appliance_ports(const struct appliance *appliance);
/* Asks the port anew: after appliance_count() it has counted all that the workers have received. `xstats`
 * (NULL: not wanted) gets at most `max` of the driver's own counters, of the same moment. */
struct appliance_port appliance_port(
	struct appliance *appliance, uint32_t index, struct port_xstat *xstats, uint32_t max);

/* What the output made of the records of one kind, and the writer's queue. */
struct output_ledger appliance_output(const struct appliance *appliance,
	const struct appliance_counts *counts, enum record_kind kind);
uint32_t appliance_queue(const struct appliance *appliance, uint32_t *size);
/* What became of the packets that packets.record wants, and the recorder's queue, in packets. What
 * was shed under overload counts as left out by policy. false: nothing is recorded. */
bool appliance_recording(const struct appliance *appliance,
	const struct appliance_counts *counts, struct output_ledger *ledger);
uint32_t appliance_recording_queue(const struct appliance *appliance, uint32_t *size);
/* Files of that kind that were removed to stay within the bounds, and their bytes. */
uint64_t appliance_removed(
	const struct appliance *appliance, enum record_kind kind, uint64_t *bytes);
uint64_t appliance_recording_removed(const struct appliance *appliance, uint64_t *bytes);
/* Feeds of the settings, in their order: what became of the packets that they want. */
uint32_t appliance_feeds(const struct appliance *appliance);
struct feed_state appliance_feed(const struct appliance *appliance, uint32_t index);
/* Where events go besides the file. */
const struct event_sinks *appliance_sinks(const struct appliance *appliance);

/* Views are read between these two; the control thread then does without. */
void appliance_views_take(struct appliance *appliance);
void appliance_views_leave(struct appliance *appliance);
/* Has all workers make their views anew, and waits for them, but no longer than a second: one that
 * stands still shows an older one. */
void appliance_refresh_views(struct appliance *appliance);
/* What the latest look at worker `worker` showed; valid until the next call for that worker. NULL:
 * nothing yet. `config` of a session may be followed only between appliance_hold() and
 * appliance_release(), and when appliance_is_current() says so of the view. */
const struct worker_view *appliance_view(struct appliance *appliance, uint32_t worker);
/* No configuration goes away in between. Not for long: a reload waits. */
void appliance_hold(struct appliance *appliance);
void appliance_release(struct appliance *appliance);
bool appliance_is_current(const struct appliance *appliance, const struct worker_view *view);
/* What the model in force says of a session; with appliance_hold(). NULL: nothing. */
const struct model_session *appliance_session(
	const struct appliance *appliance, const struct session_key *key);
/* What is the matter with sessions, a second ago or so; and of one whether it is silent, with appliance_hold(). */
void appliance_findings(struct appliance *appliance, struct mirror_findings *findings);
bool appliance_is_silent(const struct appliance *appliance, const struct session_key *key);
/* Fills `rows` with at most `max` alerts that grow, the one that grew last first; returns how many grow. */
uint32_t appliance_alerts(struct appliance *appliance, struct alert_brief *rows, uint32_t max);
/* For the names of labels. NULL: off. */
const struct dpi *appliance_dpi(const struct appliance *appliance);

uint64_t appliance_generation(const struct appliance *appliance);
uint64_t appliance_started_ns(const struct appliance *appliance); /* CLOCK_MONOTONIC */
const char *appliance_dir(const struct appliance *appliance);
/* Rules in the order they are judged, with all hits since the start; with appliance_hold(), which is
 * how long their texts live. Returns how many; fills at most `max`. */
uint32_t appliance_rules(
	const struct appliance *appliance, struct summary_rule *rules, uint32_t max);
