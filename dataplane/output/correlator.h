/* The correlator: one service thread behind all workers that joins what concerns more than one flow, from
 * small facts (inspect/record/fact.h) that workers put into an outbox each. What it holds is bounded and
 * counted. It keeps the talkers, the conversations, names and failures, and the alerts that grow (inspect/detect/alerts.h).
 *
 * In replay it takes the facts of all workers in the order of their blocks' numbers, those of one number
 * worker by worker, and a worker whose outbox is full waits; live it takes them as they come, and
 * a full outbox refuses, which whoever tells counts, unless it waits (correlator_wait()). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "inspect/detect/alerts.h"
#include "inspect/record/sink.h"
#include "inspect/record/totals.h"

struct correlator;
struct settings;
struct writer;

struct correlator_params {
	uint32_t n_outboxes;
	bool replay;
	struct totals_tables tables;
	const struct settings *settings; /* of detection; needed by the call alone */
	/* Where alerts go: its outbox of that index is the correlator's alone. NULL: none are made, and
	 * no settings are needed. */
	struct writer *writer;
	uint32_t writer_index;
};

/* The memory, so that there are sinks to give away; and the thread. NULL or -1: `error` says why. */
struct correlator *correlator_create(
	const struct correlator_params *params, struct error *error);
int correlator_run(struct correlator *correlator, struct error *error);

/* The sink of worker `index`; one thread at a time uses it. Without a correlator (NULL) one that has no
 * `take`. */
struct sink correlator_sink(struct correlator *correlator, uint32_t index);
/* Sends what worker `index` has gathered so far, which includes all facts up to `number`;
 * called by that worker. NULL is legal. */
void correlator_flush(struct correlator *correlator, uint32_t index, uint64_t number);
/* A full outbox of worker `index` waits from now on; called by that worker, or before it begins. NULL is legal. */
void correlator_wait(struct correlator *correlator, uint32_t index);

/* Any thread: what the bounds of its tables have cost so far. */
struct talkers_stats correlator_talkers(const struct correlator *correlator);
struct tables_stats correlator_tables(const struct correlator *correlator);
/* Of alerts, without what workers could not tell; and what it made of them for the writer. */
struct alerts_stats correlator_alerts(const struct correlator *correlator);
struct output_ledger correlator_alerts_ledger(const struct correlator *correlator);
/* Fills `rows` with at most `max` alerts that grow, the one that grew last first, by the correlator's thread;
 * `*n`: how many grow. false: it did not come to it within `wait_ns`, and will not. Any thread. */
bool correlator_growing(struct correlator *correlator, struct alert_brief *rows, uint32_t max,
	uint32_t *n, uint64_t wait_ns);

/* Live: alerts that these settings do not want end to be made. false: there is no memory, or the thread did not
 * come to it within `wait_ns`, and will not. Any thread. */
bool correlator_suppress(
	struct correlator *correlator, const struct settings *settings, uint64_t wait_ns);

/* Takes all that was sent, ends the alerts and the thread. The workers must have stopped, the writer not. */
void correlator_stop(struct correlator *correlator);
/* What was joined; once it was stopped, until it is destroyed. */
struct totals *correlator_totals(struct correlator *correlator);
/* The gravest alerts, likewise; NULL: none are made. */
const struct alerts_top *correlator_alerts_top(const struct correlator *correlator);
/* Stopped before, or not. NULL is legal. */
void correlator_destroy(struct correlator *correlator);
