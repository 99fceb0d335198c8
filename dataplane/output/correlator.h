/* The correlator: one service thread behind all workers that joins what concerns more than one flow, from
 * small facts (inspect/record/fact.h) that workers put into an outbox each. What it holds is bounded and
 * counted. So far it keeps the talkers, the conversations, and names and failures.
 *
 * In replay it takes the facts of all workers in the order of their blocks' numbers, those of one number
 * worker by worker, and a worker whose outbox is full waits; live it takes them as they come, and a full outbox refuses, which the exporter counts. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "inspect/record/sink.h"
#include "inspect/record/totals.h"

struct correlator;

/* The memory, so that there are sinks to give away; and the thread. NULL or -1: `error` says why. */
struct correlator *correlator_create(uint32_t n_outboxes, bool replay,
	const struct totals_tables *tables, struct error *error);
int correlator_run(struct correlator *correlator, struct error *error);

/* The sink of worker `index`; one thread at a time uses it. Without a correlator (NULL) one that has no
 * `take`. */
struct sink correlator_sink(struct correlator *correlator, uint32_t index);
/* Sends what worker `index` has gathered so far, which includes all facts up to `number`;
 * called by that worker. NULL is legal. */
void correlator_flush(struct correlator *correlator, uint32_t index, uint64_t number);
/* A full outbox of worker `index` waits from now on; called by that worker. NULL is legal. */
void correlator_wait(struct correlator *correlator, uint32_t index);

/* Any thread: what the bounds of its tables have cost so far. */
struct talkers_stats correlator_talkers(const struct correlator *correlator);
struct tables_stats correlator_tables(const struct correlator *correlator);

/* Takes all that was sent and ends the thread. The workers must have stopped. */
void correlator_stop(struct correlator *correlator);
/* What was joined; once it was stopped, until it is destroyed. */
struct totals *correlator_totals(struct correlator *correlator);
/* Stopped before, or not. NULL is legal. */
void correlator_destroy(struct correlator *correlator);
