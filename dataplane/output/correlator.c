#include "dataplane/output/correlator.h"

#include "config/thread/service.h"
#include "dataplane/output/outbox.h"
#include "inspect/record/fact.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/log/error.h"

/* Live, 8 MiB a worker: the facts of some 50,000 flows that end at once. */
enum { CHUNKS = 4, LIVE_CHUNKS = 32, ROUND_FACTS = 4096 };

struct correlator {
	struct service service;
	struct totals *totals;
	/* Copies of the totals': written by the correlator's thread, read by any. */
	_Atomic uint64_t overflow, error_bytes;
	_Atomic uint64_t conversations_overflow, names_overflow, failures_overflow;
	bool ordered;
	uint32_t n_inlets;
	struct inlet {
		struct outbox *outbox;
		/* All facts up to this number were sent: written by the worker, read by the correlator. */
		_Atomic uint64_t reached;
	} inlets[];
};

/* The oldest fact that was sent, or NULL; then `*reached` says how far the worker is without one. */
static const struct fact *head_of(struct inlet *inlet, uint64_t *reached)
{
	/* Read first: what was sent before it was set is seen below. */
	*reached = atomic_load_explicit(&inlet->reached, memory_order_acquire);
	return outbox_open(inlet->outbox) ? (const struct fact *)outbox_peek(inlet->outbox)
					  : NULL;
}

/* The worker whose fact is next; NULL: there is none, or an older one may still come. */
static struct inlet *next_inlet(struct correlator *c)
{
	uint64_t least = UINT64_MAX, waits_for = UINT64_MAX, reached;
	struct inlet *next = NULL;

	for (uint32_t i = 0; i < c->n_inlets; i++) {
		const struct fact *head = head_of(&c->inlets[i], &reached);

		if (head == NULL) {
			waits_for = reached < waits_for ? reached : waits_for;
		} else if (next == NULL || head->number < least) {
			least = head->number;
			next = &c->inlets[i];
			if (!c->ordered)
				break;
		}
	}
	return c->ordered && least > waits_for ? NULL : next;
}

static void publish(struct correlator *c)
{
	const struct talkers_stats talkers = totals_talkers_stats(c->totals);
	const struct tables_stats tables = totals_tables_stats(c->totals);

	atomic_store_explicit(&c->overflow, talkers.overflow, memory_order_relaxed);
	atomic_store_explicit(&c->error_bytes, talkers.error_bytes, memory_order_relaxed);
	atomic_store_explicit(&c->conversations_overflow, tables.conversations_overflow,
		memory_order_relaxed);
	atomic_store_explicit(&c->names_overflow, tables.names_overflow, memory_order_relaxed);
	atomic_store_explicit(
		&c->failures_overflow, tables.failures_overflow, memory_order_relaxed);
}

static bool correlate_round(void *ctx)
{
	struct correlator *c = ctx;
	unsigned n = 0;

	for (struct inlet *inlet; n < ROUND_FACTS && (inlet = next_inlet(c)) != NULL; n++) {
		const struct record *record = outbox_peek(inlet->outbox);

		if (record->type == RECORD_FLOW_FACT)
			totals_talk(c->totals, (const struct flow_fact *)record);
		else if (record->type == RECORD_NAME_FACT)
			totals_name(c->totals, (const struct name_fact *)record);
		outbox_drop(inlet->outbox);
	}
	if (n > 0)
		publish(c);
	return n > 0;
}

static bool make_inlets(struct correlator *c, uint32_t n, bool replay)
{
	for (; c->n_inlets < n; c->n_inlets++) {
		struct inlet *inlet = &c->inlets[c->n_inlets];

		inlet->outbox = outbox_create(replay ? CHUNKS : LIVE_CHUNKS, replay);
		if (!inlet->outbox)
			return false;
	}
	return true;
}

struct correlator *correlator_create(uint32_t n_outboxes, bool replay,
	const struct totals_tables *tables, struct error *error)
{
	struct correlator *c = calloc(1, sizeof(*c) + n_outboxes * sizeof(c->inlets[0]));

	error_set(error, "not enough memory for the correlator");
	if (!c)
		return NULL;
	c->ordered = replay;
	c->totals = totals_create(tables);
	if (c->totals && make_inlets(c, n_outboxes, replay))
		return c;
	correlator_destroy(c);
	return NULL;
}

int correlator_run(struct correlator *c, struct error *error)
{
	const struct service_work work = {"correlator", correlate_round, NULL, NULL};

	return service_start(&c->service, &work, c, error);
}

struct sink correlator_sink(struct correlator *c, uint32_t index)
{
	return c ? outbox_sink(c->inlets[index].outbox) : (struct sink){NULL, NULL};
}

void correlator_flush(struct correlator *c, uint32_t index, uint64_t number)
{
	if (!c)
		return;
	outbox_flush(c->inlets[index].outbox);
	atomic_store_explicit(&c->inlets[index].reached, number, memory_order_release);
}

void correlator_wait(struct correlator *c, uint32_t index)
{
	if (c)
		outbox_wait(c->inlets[index].outbox);
}

void correlator_stop(struct correlator *c)
{
	for (uint32_t i = 0; i < c->n_inlets; i++)
		correlator_flush(c, i, UINT64_MAX);
	service_stop(&c->service, SERVICE_NO_LIMIT);
}

struct talkers_stats correlator_talkers(const struct correlator *c)
{
	return (struct talkers_stats){
		.overflow = atomic_load_explicit(&c->overflow, memory_order_relaxed),
		.error_bytes = atomic_load_explicit(&c->error_bytes, memory_order_relaxed),
	};
}

struct tables_stats correlator_tables(const struct correlator *c)
{
	return (struct tables_stats){
		.conversations_overflow =
			atomic_load_explicit(&c->conversations_overflow, memory_order_relaxed),
		.names_overflow =
			atomic_load_explicit(&c->names_overflow, memory_order_relaxed),
		.failures_overflow =
			atomic_load_explicit(&c->failures_overflow, memory_order_relaxed),
	};
}

struct totals *correlator_totals(struct correlator *c)
{
	return c->totals;
}

void correlator_destroy(struct correlator *c)
{
	if (!c)
		return;
	correlator_stop(c);
	for (uint32_t i = 0; i < c->n_inlets; i++)
		outbox_destroy(c->inlets[i].outbox);
	totals_destroy(c->totals);
	free(c);
}
