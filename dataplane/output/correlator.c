#include "dataplane/output/correlator.h"

#include "config/log/now.h"
#include "config/settings/settings.h"
#include "config/thread/service.h"
#include "dataplane/output/outbox.h"
#include "dataplane/output/writer.h"
#include "inspect/detect/sensor.h"
#include "inspect/detect/suppress.h"
#include "inspect/record/fact.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"

/* Live, 8 MiB a worker: the facts of some 50,000 flows that end at once. */
enum { CHUNKS = 4, LIVE_CHUNKS = 32, ROUND_FACTS = 4096 };

/* Words of it: see decap/counters/counters.h. */
enum { ALERTS_STATS = sizeof(struct alerts_stats) / sizeof(uint64_t) };

struct correlator {
	struct service service;
	pthread_mutex_t asking; /* held around service_do(): a reload, and who looks */
	struct totals *totals;
	/* Copies of the totals': written by the correlator's thread, read by any. */
	_Atomic uint64_t overflow, error_bytes;
	_Atomic uint64_t conversations_overflow, names_overflow, failures_overflow;
	struct sensor *sensor; /* NULL: no alerts are made */
	/* A copy of what it has counted. */
	_Atomic uint64_t alerts_stats[ALERTS_STATS];
	_Atomic uint64_t alerts_offered, alerts_lost;
	struct writer *writer;
	uint32_t writer_index;
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

static void put(_Atomic uint64_t *copy, uint64_t value)
{
	atomic_store_explicit(copy, value, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *copy)
{
	return atomic_load_explicit(copy, memory_order_relaxed);
}

static void publish_alerts(struct correlator *c)
{
	const struct alerts_stats stats = sensor_stats(c->sensor);
	const struct output_ledger ledger = alerts_ledger(sensor_alerts(c->sensor));
	uint64_t words[ALERTS_STATS];

	memcpy(words, &stats, sizeof(words));
	for (unsigned i = 0; i < ALERTS_STATS; i++)
		put(&c->alerts_stats[i], words[i]);
	put(&c->alerts_offered, ledger.offered);
	put(&c->alerts_lost, ledger.lost_queue);
}

static void publish(struct correlator *c)
{
	const struct talkers_stats talkers = totals_talkers_stats(c->totals);
	const struct tables_stats tables = totals_tables_stats(c->totals);

	put(&c->overflow, talkers.overflow);
	put(&c->error_bytes, talkers.error_bytes);
	put(&c->conversations_overflow, tables.conversations_overflow);
	put(&c->names_overflow, tables.names_overflow);
	put(&c->failures_overflow, tables.failures_overflow);
	if (c->sensor)
		publish_alerts(c);
}

static void take(struct correlator *c, const struct record *record)
{
	if (record->type == RECORD_FLOW_FACT)
		totals_talk(c->totals, (const struct flow_fact *)record);
	else if (record->type == RECORD_NAME_FACT)
		totals_name(c->totals, (const struct name_fact *)record);
	else if (c->sensor)
		sensor_take(c->sensor, record);
}

static void send_alerts(struct correlator *c)
{
	if (c->sensor)
		writer_flush(c->writer, c->writer_index);
}

static bool correlate_round(void *ctx)
{
	struct correlator *c = ctx;
	unsigned n = 0;

	for (struct inlet *inlet; n < ROUND_FACTS && (inlet = next_inlet(c)) != NULL; n++) {
		take(c, outbox_peek(inlet->outbox));
		outbox_drop(inlet->outbox);
	}
	if (n > 0) {
		if (c->sensor)
			sensor_judge(c->sensor);
		publish(c);
		send_alerts(c);
	}
	return n > 0;
}

/* Live, once a second: facts have the time of their packets, which is that of the day. */
static void age_alerts(void *ctx)
{
	struct correlator *c = ctx;

	sensor_age(c->sensor, now_wall());
	publish_alerts(c);
	send_alerts(c);
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

static bool make_sensor(struct correlator *c, const struct correlator_params *params)
{
	struct sensor_params sensor = {.settings = params->settings, .live = !params->replay};

	if (!params->writer || !params->settings->detect.alerts)
		return true;
	c->writer = params->writer;
	c->writer_index = params->writer_index;
	sensor.sink = writer_sink(c->writer, c->writer_index);
	c->sensor = sensor_create(&sensor);
	return c->sensor != NULL;
}

struct correlator *correlator_create(
	const struct correlator_params *params, struct error *error)
{
	uint32_t n = params->n_outboxes;
	struct correlator *c = calloc(1, sizeof(*c) + n * sizeof(c->inlets[0]));

	error_set(error, "not enough memory for the correlator");
	if (!c)
		return NULL;
	pthread_mutex_init(&c->asking, NULL);
	c->ordered = params->replay;
	c->totals = totals_create(&params->tables);
	if (c->totals && make_inlets(c, n, params->replay) && make_sensor(c, params))
		return c;
	correlator_destroy(c);
	return NULL;
}

int correlator_run(struct correlator *c, struct error *error)
{
	const struct service_work work = {"correlator", correlate_round,
		c->sensor && !c->ordered ? age_alerts : NULL, NULL};

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

static void stop(struct correlator *c)
{
	for (uint32_t i = 0; i < c->n_inlets; i++)
		correlator_flush(c, i, UINT64_MAX);
	service_stop(&c->service, SERVICE_NO_LIMIT);
}

void correlator_stop(struct correlator *c)
{
	stop(c);
	if (!c->sensor)
		return;
	sensor_end(c->sensor);
	publish_alerts(c);
	send_alerts(c);
}

struct talkers_stats correlator_talkers(const struct correlator *c)
{
	return (struct talkers_stats){
		.overflow = get(&c->overflow),
		.error_bytes = get(&c->error_bytes),
	};
}

struct tables_stats correlator_tables(const struct correlator *c)
{
	return (struct tables_stats){
		.conversations_overflow = get(&c->conversations_overflow),
		.names_overflow = get(&c->names_overflow),
		.failures_overflow = get(&c->failures_overflow),
	};
}

struct alerts_stats correlator_alerts(const struct correlator *c)
{
	uint64_t words[ALERTS_STATS] = {0};
	struct alerts_stats stats;

	for (unsigned i = 0; i < ALERTS_STATS; i++)
		words[i] = get(&c->alerts_stats[i]);
	memcpy(&stats, words, sizeof(stats));
	return stats;
}

struct output_ledger correlator_alerts_ledger(const struct correlator *c)
{
	return (struct output_ledger){
		.offered = get(&c->alerts_offered), .lost_queue = get(&c->alerts_lost)};
}

static bool ask(struct correlator *c, void (*call)(void *ctx), void *ctx, uint64_t wait_ns)
{
	bool done;

	pthread_mutex_lock(&c->asking);
	done = service_do(&c->service, call, ctx, wait_ns);
	pthread_mutex_unlock(&c->asking);
	return done;
}

struct look {
	const struct sensor *sensor;
	struct alert_brief *rows;
	uint32_t max, n;
};

static void look(void *ctx)
{
	struct look *look = ctx;

	look->n = alerts_growing(sensor_alerts(look->sensor), look->rows, look->max);
}

bool correlator_growing(struct correlator *c, struct alert_brief *rows, uint32_t max,
	uint32_t *n, uint64_t wait_ns)
{
	struct look at = {c->sensor, rows, max, 0};
	bool done = !c->sensor || ask(c, look, &at, wait_ns);

	*n = at.n;
	return done;
}

struct suppression {
	struct sensor *sensor;
	struct suppress *suppress;
};

static void suppress(void *ctx)
{
	struct suppression *next = ctx;

	sensor_suppress(next->sensor, next->suppress);
	next->suppress = NULL;
}

bool correlator_suppress(
	struct correlator *c, const struct settings *settings, uint64_t wait_ns)
{
	struct suppression next = {c->sensor, suppress_create(settings)};
	bool done = next.suppress && (!c->sensor || ask(c, suppress, &next, wait_ns));

	suppress_destroy(next.suppress);
	return done;
}

const struct alerts_top *correlator_alerts_top(const struct correlator *c)
{
	return c->sensor ? alerts_top(sensor_alerts(c->sensor)) : NULL;
}

struct totals *correlator_totals(struct correlator *c)
{
	return c->totals;
}

void correlator_destroy(struct correlator *c)
{
	if (!c)
		return;
	stop(c);
	for (uint32_t i = 0; i < c->n_inlets; i++)
		outbox_destroy(c->inlets[i].outbox);
	totals_destroy(c->totals);
	sensor_destroy(c->sensor);
	pthread_mutex_destroy(&c->asking);
	free(c);
}
