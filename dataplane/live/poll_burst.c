/* What a worker does with a burst of packets: those it received, and those it was handed. */
#include "dataplane/live/poll_inside.h"
#include "dataplane/pipeline/owner.h"

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

static void free_mbufs(struct poller *poller, uint64_t done)
{
	struct rte_mbuf *mbufs[BURST_MAX];
	uint32_t k = 0;

	for (uint32_t i = 0; i < BURST_MAX; i++) {
		mbufs[k] = poller->mbufs[i];
		k += done >> i & 1;
	}
	rte_pktmbuf_free_bulk(mbufs, k);
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

/* Puts what others have handed over into the places `free` of the burst. Another worker comes first
 * each time. */
static uint64_t take(struct poller *poller, uint64_t free, uint64_t *fragments)
{
	const struct poll_params *params = &poller->params;
	uint64_t taken = 0;

	*fragments = 0;
	for (uint32_t k = 0; k < params->n_workers && free != taken; k++) {
		uint32_t from = poller->turn;
		struct handoff_taken more;

		poller->turn = from + 1 < params->n_workers ? from + 1 : 0;
		if (from == params->index)
			continue;
		more = handoff_take(params->handoff, from, params->index, poller->packets,
			poller->numbers, free & ~taken);
		taken |= more.all;
		*fragments |= more.fragments;
	}
	poller->tally.handed_in += (uint64_t)__builtin_popcountll(taken);
	return taken;
}

/* Of packets that were taken. */
static void find_mbufs(struct poller *poller, uint64_t taken)
{
	const struct poll_params *params = &poller->params;

	for (uint64_t rest = taken; rest; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);

		poller->mbufs[i] =
			handoff_mbuf(params->handoff, params->index, poller->numbers[i]);
	}
}

/* Their senders will not free them. */
static void keep(struct poller *poller, uint64_t taken)
{
	for (uint64_t rest = taken; rest; rest &= rest - 1)
		handoff_keep(poller->params.handoff, poller->params.index,
			poller->numbers[__builtin_ctzll(rest)]);
}

/* Fragments that came for their ports. Returns those whose flows are here; the others are sent on. */
static uint64_t judge_fragments(struct poller *poller, uint64_t *taken, uint64_t fragments)
{
	uint64_t judged =
		pipeline_judge(poller->params.lane, poller->packets, fragments, poller->why);
	uint64_t gone;

	find_mbufs(poller, judged);
	gone = part_flows(poller, judged);
	keep(poller, gone);
	*taken &= ~gone;
	return judged & ~gone;
}

/* What a worker does with what it has taken, up to the flow stage. Returns those that go on to it,
 * and takes off `taken` those that went to other workers. */
static uint64_t run_taken(struct poller *poller, uint64_t *taken, uint64_t fragments)
{
	uint64_t live =
		pipeline_adopt(poller->params.lane, poller->packets, *taken, poller->why);

	fragments &= live;
	return fragments ? (live & ~fragments) | judge_fragments(poller, taken, fragments)
			 : live;
}

/* The same for what it has received itself. */
static uint64_t run_own(struct poller *poller, uint64_t *own)
{
	struct lane *lane = poller->params.lane;
	uint32_t n = (uint32_t)__builtin_popcountll(*own);
	uint64_t live, gone;

	live = pipeline_front(lane, poller->packets, n, poller->why);
	gone = part_fragments(poller, live);
	live = pipeline_judge(lane, poller->packets, live & ~gone, poller->why);
	gone |= part_flows(poller, live);
	handoff_send(poller->params.handoff, poller->params.index);
	*own &= ~gone;
	return live & ~gone;
}

/* Flows do best with full bursts, so what others hand over comes into the places of what has gone.
 * Returns what is left of `own`, and in `taken` the others. */
static uint64_t run_among_others(struct poller *poller, uint64_t own, uint64_t *taken)
{
	struct lane *lane = poller->params.lane;
	uint64_t live = own ? run_own(poller, &own) : 0, fragments;

	*taken = take(poller, ~own, &fragments);
	if (*taken)
		live |= run_taken(poller, taken, fragments);
	if (own | *taken) {
		pipeline_flows(lane, poller->packets, live, poller->now_ns, poller->why);
		pipeline_count(lane, own | *taken, poller->why);
	}
	return own;
}

/* Returns what of `own` the recorder does not keep. */
static uint64_t record(struct poller *poller, uint64_t own, uint64_t taken)
{
	const struct poll_params *params = &poller->params;
	const struct recorder_burst burst = {
		poller->mbufs, poller->packets, poller->why, own | taken};
	uint64_t kept;

	if (!params->recorder)
		return own;
	find_mbufs(poller, taken);
	kept = recorder_offer(params->recorder, params->index, &burst,
		poller->load.no_recording, &params->lane->recording);
	keep(poller, kept & taken);
	return own & ~kept;
}

void poll_received(struct poller *poller, const struct poll_queue *queue, uint32_t n)
{
	const struct poll_params *params = &poller->params;
	uint64_t exceptions = count_exceptions(params->lane), own = burst_mask(n), taken = 0;

	load(poller, n);
	if (port_has_times(queue->port))
		load_times(poller, queue->port, n);
	if (params->n_workers == 1)
		pipeline_run(params->lane, poller->packets, n, poller->now_ns, poller->why);
	else
		own = run_among_others(poller, own, &taken);
	if (queue->exception && count_exceptions(params->lane) != exceptions)
		own &= ~exception_offer(
			queue->exception, params->index, poller->mbufs, poller->why, own);
	own = record(poller, own, taken);
	if (own == burst_mask(n))
		rte_pktmbuf_free_bulk(poller->mbufs, n);
	else
		free_mbufs(poller, own);
	if (params->handoff)
		handoff_done(params->handoff, params->index);
}

bool poll_taken(struct poller *poller)
{
	uint64_t handed_in = poller->tally.handed_in, taken;

	run_among_others(poller, 0, &taken);
	record(poller, 0, taken);
	handoff_done(poller->params.handoff, poller->params.index);
	return poller->tally.handed_in != handed_in;
}
