#include "dataplane/live/poll_inside.h"

#include "config/log/now.h"
#include "config/thread/backoff.h"
#include "config/thread/cache_line.h"

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_pause.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "config/log/error.h"

enum {
	/* Flow slots looked at in each slice: a table of a million flows is gone round once a
	 * second. */
	SLICE_SLOTS = 1024,
	SLICE_EVERY_MS = 1,
	WINDOW_GRACE_MS = 1000, /* for packets of a window that is over, still in rings */
	RECORDS_EVERY_MS = 200, /* records wait no longer for their chunk to fill */
	ALERTS_EVERY_MS = 10,   /* nor facts where an alert is among them */
	RING_BURSTS = 4,        /* taken from the rings in a round, for each worker */
};

static uint64_t tell_time(struct poller *poller)
{
	uint64_t ticks = rte_rdtsc();

	if (clock_is_due(&poller->clock, ticks))
		clock_correct(&poller->clock, ticks, now_wall());
	poller->now_ns = clock_ns(&poller->clock, ticks);
	atomic_store_explicit(&poller->seen, ticks, memory_order_relaxed);
	return ticks;
}

static bool shall_wait(struct poller *poller)
{
	const struct poll_params *params = &poller->params;

	return params->handoff &&
	       rx_pause_waits(&poller->rx_pause,
		       handoff_is_tight(params->handoff, params->index), poller->now_ns);
}

static void judge_load(struct poller *poller, bool whole)
{
	uint64_t ticks = rte_rdtsc();

	poll_load_judge(&poller->load, &poller->params, &poller->tally, ticks,
		clock_ns(&poller->clock, ticks), whole);
}

static uint32_t poll_ports(struct poller *poller)
{
	uint32_t sum = 0, n_short = 0;

	for (uint32_t q = 0; q < poller->params.n_queues && !shall_wait(poller); q++) {
		const struct poll_queue *queue = &poller->params.queues[q];
		uint32_t n = port_receive(queue->port, queue->queue, poller->mbufs, BURST_MAX);

		n_short += n < BURST_MAX;
		if (n > 0)
			poll_received(poller, queue, n);
		judge_load(poller, false);
		sum += n;
	}
	if (n_short == poller->params.n_queues)
		rx_pause_drained(&poller->rx_pause);
	return sum;
}

/* Full bursts only, when some have come with what was received already: what is left then comes with
 * what is received next. Returns how many bursts. */
static uint32_t poll_rings(struct poller *poller, bool some_came)
{
	const struct poll_params *params = &poller->params;
	uint32_t n = 0;

	while (params->handoff && n < RING_BURSTS * params->n_workers) {
		if (some_came && !handoff_has_burst(params->handoff, params->index))
			break;
		if (!poll_taken(poller))
			break;
		judge_load(poller, false);
		n++;
	}
	return n;
}

static void flush_rings(struct poller *poller)
{
	uint32_t lost;

	if (!poller->params.handoff)
		return;
	lost = handoff_flush(poller->params.handoff, poller->params.index);
	poller->params.lane->ledger.reasons[REASON_handoff_full] += lost;
	poller->tally.handed_out -= lost;
}

static void send_records(const struct poller *poller)
{
	writer_flush(poller->params.writer, poller->params.index);
	correlator_flush(poller->params.correlator, poller->params.index, 0);
}

static void send_alerts(struct poller *poller)
{
	uint64_t told = poller->params.lane->detector.told;

	if (told == poller->told ||
		poller->now_ns - poller->told_at < ALERTS_EVERY_MS * NS_PER_MS)
		return;
	poller->told = told;
	poller->told_at = poller->now_ns;
	correlator_flush(poller->params.correlator, poller->params.index, 0);
}

/* What time brings: flows and windows that are over, records that have waited long enough. */
static void keep_house(struct poller *poller)
{
	struct lane *lane = poller->params.lane;

	lane_refresh(lane);
	if (poller->now_ns - poller->slice_at < SLICE_EVERY_MS * NS_PER_MS)
		return;
	poller->slice_at = poller->now_ns;
	judge_load(poller, true);
	lane_tick(lane, poller->now_ns);
	flow_table_expire(lane->flows, poller->now_ns, SLICE_SLOTS);
	flow_table_close_windows(
		lane->flows, poller->now_ns - WINDOW_GRACE_MS * NS_PER_MS, SLICE_SLOTS);
	exporter_close_windows(lane->exporter, poller->now_ns, SLICE_SLOTS);
	lane_age_sessions(lane, poller->now_ns);
	worker_view_step(poller->params.view, lane, poller->now_ns);
	send_alerts(poller);
	if (poller->now_ns - poller->records_at < RECORDS_EVERY_MS * NS_PER_MS)
		return;
	poller->records_at = poller->now_ns;
	rx_pause_count(&poller->rx_pause, poller->tally.received, poller->now_ns);
	send_records(poller);
	poll_publish(poller);
}

static uint32_t round_once(struct poller *poller, enum poll_phase phase)
{
	uint64_t began = tell_time(poller), handed_in = poller->tally.handed_in;
	uint32_t n = phase == POLL_RUN ? poll_ports(poller) : 0;

	n += poll_rings(poller, poller->tally.handed_in != handed_in);
	flush_rings(poller);
	keep_house(poller);
	if (n == 0) {
		poller->tally.empty_polls++;
		return 0;
	}
	poller->tally.bursts++;
	poller->tally.busy_ticks += rte_rdtsc() - began;
	poll_publish(poller);
	return n;
}

static void end(struct poller *poller)
{
	struct lane *lane = poller->params.lane;

	/* Live, a full outbox loses records; at the end there is time to wait for the disk. */
	writer_wait(poller->params.writer, poller->params.index);
	correlator_wait(poller->params.correlator, poller->params.index);
	lane_end(lane, poller->now_ns, FLOW_END_SHUTDOWN);
	send_records(poller);
	lane->ledger.received = poller->tally.received;
	poll_publish(poller);
	atomic_store_explicit(&poller->done, true, memory_order_release);
}

/* A thread of its own that DPDK knows, so that it gets a cache of each pool. */
static void settle(struct poller *poller)
{
	cpu_set_t cpus;

	if (poller->params.cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET(poller->params.cpu, &cpus);
		pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	}
	rte_thread_register();
	clock_start(&poller->clock, rte_get_tsc_hz(), rte_rdtsc(), now_wall());
	poller->now_ns = poller->clock.base_ns;
	poller->records_at = poller->now_ns;
	rx_pause_init(&poller->rx_pause, poller->params.ports_hold, poller->now_ns);
	poll_load_init(&poller->load, &poller->params);
}

static void poll_main(void *arg)
{
	struct poller *poller = arg;
	struct backoff backoff = {0};

	settle(poller);
	for (;;) {
		/* Read before the round: a phase is reached when a round of it is over. */
		enum poll_phase phase = (enum poll_phase)atomic_load_explicit(
			poller->params.phase, memory_order_acquire);

		if (phase == POLL_END)
			break;
		if (round_once(poller, phase) > 0)
			backoff_reset(&backoff);
		else if (poller->params.sleep)
			backoff_wait(&backoff);
		else
			rte_pause();
		atomic_store_explicit(&poller->reached, (int)phase, memory_order_release);
	}
	end(poller);
	rte_thread_unregister();
}

struct poller *poll_start(const struct poll_params *params, struct error *error)
{
	struct poller *poller = cache_line_alloc(sizeof(*poller));
	char name[THREAD_NAME];

	error_set(error, "could not start worker %u", params->index);
	if (!poller)
		return NULL;
	poller->params = *params;
	poller->seen = rte_rdtsc();
	snprintf(name, sizeof(name), "worker %u", params->index);
	if (thread_start(&poller->thread, name, poll_main, poller, error) == 0)
		return poller;
	free(poller);
	return NULL;
}

void poll_join(struct poller *poller)
{
	thread_join(&poller->thread);
	free(poller);
}

void poll_read(struct poller *poller, struct tally *tally)
{
	tally_read(&poller->board, tally);
}

enum poll_phase poll_reached(struct poller *poller)
{
	return (enum poll_phase)atomic_load_explicit(&poller->reached, memory_order_acquire);
}

uint64_t poll_seen(struct poller *poller)
{
	return atomic_load_explicit(&poller->seen, memory_order_relaxed);
}

bool poll_done(struct poller *poller)
{
	return atomic_load_explicit(&poller->done, memory_order_acquire);
}
