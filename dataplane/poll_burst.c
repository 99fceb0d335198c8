/* What a worker does with a burst of packets: those it received, and those it was handed. */
#include "dataplane/owner.h"
#include "dataplane/poll_inside.h"

#include <rte_mbuf.h>

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

	for (uint32_t i = 0; i < n; i++) {
		poller->mbufs[k] = poller->mbufs[i];
		k += done >> i & 1;
	}
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

/* Judged packets go to the owners of their flows. Returns those that went. Which of a burst these are
 * is a coin toss to the CPU: so they are told first, without a branch. */
static uint64_t part_flows(struct poller *poller, uint64_t live)
{
	uint32_t owners[BURST_MAX], index = poller->params.index;
	uint64_t gone = 0;

	for (uint64_t rest = live; rest; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);

		owners[i] = owner_of_flow(&poller->packets[i], poller->params.n_workers);
		gone |= (uint64_t)(owners[i] != index) << i;
	}
	for (uint64_t rest = gone; rest; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);

		hand_over(poller, i, owners[i], HANDOFF_TO_FLOW);
	}
	return gone;
}

/* Packets of the bucket not_mirror so far: a sum of few counters. */
static uint64_t count_exceptions(const struct lane *lane)
{
	const uint64_t *reasons = lane->ledger.reasons;
	uint64_t sum = 0;

#define REASON(name, bucket, sentence) \
	sum += (BUCKET_##bucket == BUCKET_not_mirror) * reasons[REASON_##name];
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

/* Returns those of `mask` that the recorder keeps. */
static uint64_t record(struct poller *poller, uint64_t mask)
{
	const struct recorder_burst burst = {poller->mbufs, poller->packets, poller->why, mask};
	const struct poll_params *params = &poller->params;

	if (!params->recorder)
		return 0;
	return recorder_offer(params->recorder, params->index, &burst,
		poller->load.no_recording, &params->lane->recording);
}

void poll_received(struct poller *poller, const struct poll_queue *queue, uint32_t n)
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
	gone |= record(poller, burst_mask(n) & ~gone);
	rte_pktmbuf_free_bulk(poller->mbufs, gone ? keep_done(poller, n, ~gone) : n);
}

void poll_taken(struct poller *poller, uint32_t from, uint32_t n, uint64_t fragments)
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
	gone |= record(poller, burst_mask(n) & ~gone);
	handoff_give_back(params->handoff, from, params->index, poller->mbufs,
		keep_done(poller, n, ~gone));
}
