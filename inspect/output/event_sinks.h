/* All sinks that the settings ask for, each with a forwarder of its own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "inspect/record/sink.h"

struct event_sinks;
struct settings;

enum { EVENT_SINKS_MAX = 8 };

/* Whether the settings ask for events of any kind. */
bool event_sinks_have_events(const struct settings *settings);

/* `wait`: full queues wait while their sink is there (replay). NULL: `error` says why. */
struct event_sinks *event_sinks_start(
	const struct settings *settings, bool wait, struct error *error);

/* One line, its newline included, to each of them. One thread at a time. */
void event_sinks_put(struct event_sinks *sinks, const char *line, size_t len);

/* Ends the forwarders; see forwarder_stop(). Afterwards the ledgers close. NULL is legal. */
void event_sinks_stop(struct event_sinks *sinks, uint64_t ns);
/* NULL is legal. */
void event_sinks_destroy(struct event_sinks *sinks);

/* What is known of one of them. */
struct event_sink_state {
	const char *name;
	uint64_t written, lost_queue, lost_disk; /* lines */
	uint64_t size, fill;                     /* bytes of the queue */
};

/* Any thread; for NULL none. */
uint32_t event_sinks_count(const struct event_sinks *sinks);
struct event_sink_state event_sinks_state(const struct event_sinks *sinks, uint32_t index);
/* The ledger of one sink when `made` events of all kinds were made: those that did not get this far
 * count as lost. */
struct output_ledger event_sink_ledger(
	const struct event_sink_state *state, const struct output_ledger *made);
