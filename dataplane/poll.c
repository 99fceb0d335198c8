#include "dataplane/poll.h"

#include "dataplane/clock.h"
#include "dataplane/owner.h"
#include "dataplane/patience.h"
#include "dataplane/poll_load.h"
#include "dataplane/ring.h"
#include "dataplane/simulate.h"

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	/* Flow slots looked at in each slice: a table of a million flows is gone round once a
	 * second. */
	SLICE_SLOTS = 1024,
	SLICE_EVERY_MS = 1,
	WINDOW_GRACE_MS = 1000, /* for packets of a window that is over, still in rings */
	RECORDS_EVERY_MS = 200, /* records wait no longer for their chunk to fill */
	RING_BURSTS = 4,        /* taken from one ring before the next is looked at */
};

#define MS_NS UINT64_C(1000000)

struct poller {
	struct poll_params params;
	pthread_t thread;
	struct clock clock;
	uint64_t now_ns, slice_at, records_at;
	struct patience patience;
	struct poll_load load;
	struct simulation simulation;
	struct tally tally;
	uint64_t number; /* packets received, for messages */
	struct packet packets[BURST_MAX];
	struct rte_mbuf *mbufs[BURST_MAX];
	enum reason why[BURST_MAX];
	/* What other threads read. */
	_Alignas(64) struct tally_board board;
	_Atomic uint64_t seen;
	_Atomic int reached;
	atomic_bool done;
};

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static uint64_t tell_time(struct poller *poller)
{
	uint64_t ticks = rte_rdtsc();

	if (clock_is_due(&poller->clock, ticks))
		clock_correct(&poller->clock, ticks, wall_ns());
	poller->now_ns = clock_ns(&poller->clock, ticks);
	atomic_store_explicit(&poller->seen, ticks, memory_order_relaxed);
	return ticks;
}

static uint64_t burst_mask(uint32_t n)
{
	return n == BURST_MAX ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

static void load(struct poller *poller, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct rte_mbuf *m = poller->mbufs[i];
		struct packet *p = &poller->packets[i];

		p->data = rte_pktmbuf_mtod(m, const uint8_t *);
		p->cap = m->data_len;
		p->wire = m->pkt_len;
		p->time_ns = poller->now_ns;
		p->number = ++poller->number;
		p->link = LINK_ETHERNET;
		poller->tally.cut += m->data_len < m->pkt_len;
	}
	poller->tally.received += n;
}

/* The times of the device, where it gives some that are sane. */
static void load_times(struct poller *poller, const struct port *port, uint32_t n)
{
	uint64_t times[BURST_MAX];

	poller->tally.device_times += port_times(port, poller->mbufs, n, poller->now_ns, times);
	for (uint32_t i = 0; i < n; i++)
		poller->packets[i].time_ns = times[i];
}

/* Brings the mbufs of `done` to the front and returns how many those are; the others belong to a
 * ring now. */
static uint32_t keep_done(struct poller *poller, uint32_t n, uint64_t done)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++)
		if (done >> i & 1)
			poller->mbufs[k++] = poller->mbufs[i];
	return k;
}

static void hand_over(struct poller *poller, uint32_t i, uint32_t owner, enum handoff_to where)
{
	handoff_put(poller->params.handoff, poller->params.index, owner, poller->mbufs[i],
		&poller->packets[i], where);
	poller->tally.handed_out++;
}

/* Fragments go to the one worker that learns their ports. Returns those that went. */
static uint64_t part_fragments(struct poller *poller, uint64_t live)
{
	const struct poll_params *params = &poller->params;
	uint64_t gone = 0;

	if (params->n_receivers == 1)
		return 0;
	for (uint64_t rest = live; rest; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest), owner;

		if (!(poller->packets[i].flags & PACKET_FRAGMENT))
			continue;
		owner = owner_of_fragment(&poller->packets[i], params->n_receivers);
		if (owner == params->index)
			continue;
		hand_over(poller, i, owner, HANDOFF_TO_FRAGMENT);
		gone |= UINT64_C(1) << i;
	}
	return gone;
}

/* Judged packets go to the owners of their flows. Returns those that went. */
static uint64_t part_flows(struct poller *poller, uint64_t live)
{
	uint64_t gone = 0;

	for (uint64_t rest = live; rest; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);
		uint32_t owner = owner_of_flow(&poller->packets[i], poller->params.n_workers);

		if (owner == poller->params.index)
			continue;
		hand_over(poller, i, owner, HANDOFF_TO_FLOW);
		gone |= UINT64_C(1) << i;
	}
	return gone;
}

/* Packets of the bucket not_mirror so far: a sum of few counters. */
static uint64_t count_exceptions(const struct lane *lane)
{
	const uint64_t *reasons = lane->ledger.reasons;
	uint64_t sum = 0;

#define REASON(name, bucket, sentence) \
	sum += BUCKET_##bucket == BUCKET_not_mirror ? reasons[REASON_##name] : 0;
#include "decap/reasons.def"
	return sum;
}

/* Returns those that went to other workers. */
static uint64_t run_among_others(struct poller *poller, uint32_t n)
{
	struct lane *lane = poller->params.lane;
	uint64_t live, gone;

	live = pipeline_front(lane, poller->packets, n, poller->why);
	gone = part_fragments(poller, live);
	live = pipeline_judge(lane, poller->packets, live & ~gone, poller->why);
	gone |= part_flows(poller, live);
	live &= ~gone;
	pipeline_flows(lane, poller->packets, live, poller->now_ns, poller->why);
	pipeline_count(lane, burst_mask(n) & ~gone, poller->why);
	return gone;
}

static void run_received(struct poller *poller, const struct poll_queue *queue, uint32_t n)
{
	struct lane *lane = poller->params.lane;
	uint64_t exceptions = count_exceptions(lane), gone = 0;

	load(poller, n);
	if (port_has_times(queue->port))
		load_times(poller, queue->port, n);
	if (poller->params.n_workers == 1)
		pipeline_run(lane, poller->packets, n, poller->now_ns, poller->why);
	else
		gone = run_among_others(poller, n);
	if (queue->exception && count_exceptions(lane) != exceptions)
		gone |= exception_offer(queue->exception, poller->params.index, poller->mbufs,
			poller->why, burst_mask(n) & ~gone);
	rte_pktmbuf_free_bulk(poller->mbufs, gone ? keep_done(poller, n, ~gone) : n);
}

static void run_taken(struct poller *poller, uint32_t from, uint32_t n, uint64_t fragments)
{
	const struct poll_params *params = &poller->params;
	struct lane *lane = params->lane;
	uint64_t live, judged, gone;

	poller->tally.handed_in += n;
	live = pipeline_adopt(lane, poller->packets, n, poller->why);
	fragments &= live;
	judged = pipeline_judge(lane, poller->packets, fragments, poller->why);
	gone = part_flows(poller, judged);
	live = (live & ~fragments) | (judged & ~gone);
	pipeline_flows(lane, poller->packets, live, poller->now_ns, poller->why);
	pipeline_count(lane, burst_mask(n) & ~gone, poller->why);
	handoff_give_back(params->handoff, from, params->index, poller->mbufs,
		keep_done(poller, n, ~gone));
}

static bool shall_wait(struct poller *poller)
{
	const struct poll_params *params = &poller->params;

	return params->handoff &&
	       patience_waits(&poller->patience,
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
		if (poller->simulation.drop_every)
			n = simulation_drop(&poller->simulation, poller->mbufs, n);
		if (n > 0)
			run_received(poller, queue, n);
		judge_load(poller, false);
		sum += n;
	}
	if (n_short == poller->params.n_queues)
		patience_drained(&poller->patience);
	return sum;
}

static uint32_t poll_ring(struct poller *poller, uint32_t from)
{
	uint64_t fragments;
	uint32_t n = handoff_take(poller->params.handoff, from, poller->params.index,
		poller->packets, poller->mbufs, BURST_MAX, &fragments);

	if (n > 0)
		run_taken(poller, from, n, fragments);
	judge_load(poller, false);
	return n;
}

/* What others have received already goes before what a port may still hold. */
static uint32_t poll_rings(struct poller *poller)
{
	const struct poll_params *params = &poller->params;
	uint32_t sum = 0;

	for (uint32_t from = 0; params->handoff && from < params->n_workers; from++) {
		uint32_t n = BURST_MAX;

		for (int k = 0; from != params->index && n == BURST_MAX && k < RING_BURSTS;
			k++) {
			n = poll_ring(poller, from);
			sum += n;
		}
	}
	return sum;
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

static void publish(struct poller *poller)
{
	const struct lane *lane = poller->params.lane;
	const struct flow_table_stats *flows = flow_table_stats(lane->flows);
	struct tally *t = &poller->tally;

	memcpy(t->reasons, lane->ledger.reasons, sizeof(t->reasons));
	t->packets = lane->packets;
	t->undirected = lane->undirected;
	t->acked_unseen = flows->acked_unseen;
	t->flows_made = flows->made;
	t->flows_ended = flows->ended;
	t->flows_evicted = flows->evicted;
	t->flows_refused = flows->refused;
	t->flows_live = flows->live;
	t->flows_peak = flows->peak;
	t->sessions_overflow = session_table_overflow(lane->sessions);
	t->dropped = poller->simulation.dropped;
	t->overload = poller->load.strain.overload.step;
	for (int step = 0; step < OVERLOAD_STEPS; step++) {
		t->overload_entered[step] = poller->load.strain.overload.entered[step];
		t->overload_ns[step] = poller->load.strain.overload.spent_ns[step];
	}
	if (lane->dpi) {
		struct dpi_stats dpi = dpi_stats(lane->dpi);

		t->dpi_packets = dpi.packets;
		t->dpi_refused = dpi.refused_flows;
		t->dpi_shed = dpi.shed_flows;
		t->dpi_memory = dpi.memory;
		t->dpi_memory_peak = dpi.memory_peak;
	}
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
		const struct output_ledger *ledger =
			exporter_ledger(lane->exporter, (enum record_kind)kind);

		t->offered[kind] = ledger->offered;
		t->by_policy[kind] = ledger->by_policy;
		t->lost_queue[kind] = ledger->lost_queue;
	}
	tally_publish(&poller->board, t);
}

/* Simulated: until it is over, or the appliance ends. */
static void stand_still(const struct poller *poller)
{
	uint64_t end = wall_ns() + poller->simulation.stall_ns;
	const struct timespec nap = {0, 10 * (long)MS_NS};

	while (wall_ns() < end &&
		atomic_load_explicit(poller->params.phase, memory_order_acquire) == POLL_RUN)
		nanosleep(&nap, NULL);
}

static void take_line(const struct poller *poller)
{
	struct poll_line *line = poller->params.line;

	if (!line || !atomic_load_explicit(&line->is_full, memory_order_acquire))
		return;
	exporter_event(poller->params.lane->exporter, line->bytes, line->len);
	atomic_store_explicit(&line->is_full, false, memory_order_release);
}

/* What time brings: flows and windows that are over, records that have waited long enough. */
static void keep_house(struct poller *poller)
{
	struct lane *lane = poller->params.lane;

	lane_refresh(lane);
	if (poller->now_ns - poller->slice_at < SLICE_EVERY_MS * MS_NS)
		return;
	poller->slice_at = poller->now_ns;
	judge_load(poller, true);
	flow_table_expire(lane->flows, poller->now_ns, SLICE_SLOTS);
	flow_table_close_windows(
		lane->flows, poller->now_ns - WINDOW_GRACE_MS * MS_NS, SLICE_SLOTS);
	view_step(poller->params.view, lane, poller->now_ns);
	if (poller->now_ns - poller->records_at < RECORDS_EVERY_MS * MS_NS)
		return;
	poller->records_at = poller->now_ns;
	patience_count(&poller->patience, poller->tally.received, poller->now_ns);
	take_line(poller);
	writer_flush(poller->params.writer, poller->params.index);
	publish(poller);
	if (simulation_stalls(&poller->simulation, poller->now_ns))
		stand_still(poller);
}

static uint32_t round_once(struct poller *poller, enum poll_phase phase)
{
	uint64_t began = tell_time(poller);
	uint32_t n = poll_rings(poller);

	if (phase == POLL_RUN)
		n += poll_ports(poller);
	flush_rings(poller);
	keep_house(poller);
	if (n == 0) {
		poller->tally.empty_polls++;
		return 0;
	}
	poller->tally.bursts++;
	poller->tally.busy_ticks += rte_rdtsc() - began;
	publish(poller);
	return n;
}

static void end(struct poller *poller)
{
	struct lane *lane = poller->params.lane;

	/* Live, a full outbox loses records; at the end there is time to wait for the disk. */
	writer_wait(poller->params.writer, poller->params.index, true);
	flow_table_end_all(lane->flows, poller->now_ns, FLOW_END_SHUTDOWN);
	writer_flush(poller->params.writer, poller->params.index);
	lane->ledger.received = poller->tally.received;
	lane->dropped = poller->simulation.dropped;
	publish(poller);
	atomic_store_explicit(&poller->done, true, memory_order_release);
}

/* A thread of its own that DPDK knows, so that it gets a cache of each pool. */
static void settle(struct poller *poller)
{
	cpu_set_t cpus;
	char name[16];

	snprintf(name, sizeof(name), "worker %u", poller->params.index);
	pthread_setname_np(pthread_self(), name);
	if (poller->params.cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET(poller->params.cpu, &cpus);
		pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	}
	rte_thread_register();
	clock_start(&poller->clock, rte_get_tsc_hz(), rte_rdtsc(), wall_ns());
	poller->now_ns = poller->clock.base_ns;
	poller->records_at = poller->now_ns;
	patience_init(&poller->patience, poller->params.ports_hold, poller->now_ns);
	poll_load_init(&poller->load, &poller->params);
	simulation_init(&poller->simulation, poller->params.settings, poller->params.index);
}

static void *poll_main(void *arg)
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
	return NULL;
}

struct poller *poll_start(const struct poll_params *params, char *error, size_t size)
{
	struct poller *poller = aligned_alloc(64, RTE_ALIGN_CEIL(sizeof(*poller), 64));

	snprintf(error, size, "could not start worker %u", params->index);
	if (!poller)
		return NULL;
	memset(poller, 0, sizeof(*poller));
	poller->params = *params;
	poller->seen = rte_rdtsc();
	if (pthread_create(&poller->thread, NULL, poll_main, poller) == 0)
		return poller;
	free(poller);
	return NULL;
}

void poll_join(struct poller *poller)
{
	pthread_join(poller->thread, NULL);
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
