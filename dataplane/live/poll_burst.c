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

/* --- the exchange with other workers: see struct pipeline_exchange --- */

static uint64_t exchange_fragments(void *ctx, uint64_t live)
{
	struct poller *poller = ctx;
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

/* Which packets of a burst go to other workers is a coin toss to the CPU: so their mask is made
 * first, without a branch. */
static uint64_t exchange_flows(void *ctx, uint64_t live)
{
	struct poller *poller = ctx;
	uint32_t owners[BURST_MAX], index = poller->params.index;
	uint64_t gone = 0, taken;

	for (uint64_t rest = live; rest; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);

		owners[i] = owner_of_flow(&poller->packets[i], poller->params.n_workers);
		gone |= (uint64_t)(owners[i] != index) << i;
	}
	taken = gone & poller->taken;
	find_mbufs(poller, taken);
	for (uint64_t rest = gone; rest; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);

		hand_over(poller, i, owners[i], HANDOFF_TO_FLOW);
	}
	keep(poller, taken);
	return gone;
}

/* Another worker comes first each time. */
static uint64_t exchange_take(void *ctx, uint64_t free, uint64_t *fragments)
{
	struct poller *poller = ctx;
	const struct poll_params *params = &poller->params;
	uint64_t taken = 0;

	*fragments = 0;
	handoff_send(params->handoff, params->index);
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
	poller->taken = taken;
	return taken;
}

/* The first `n` packets, and what others have handed over. */
static struct pipeline_burst run(struct poller *poller, uint32_t n)
{
	const struct pipeline_exchange exchange = {
		poller, exchange_fragments, exchange_flows, exchange_take};
	struct pipeline_burst burst = {
		.packets = poller->packets,
		.why = poller->why,
		.n = n,
		.own = burst_mask(n),
		.exchange = poller->params.handoff ? &exchange : NULL,
		.sheds_recording = poller->load.no_recording,
	};

	poller->taken = 0;
	pipeline_run(poller->params.lane, &burst, poller->now_ns);
	burst.exchange = NULL;
	return burst;
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

/* Returns what of `own` the recorder does not keep. Suricata and feeds come first: they take references while the
 * packets are ours for sure. */
static uint64_t record(struct poller *poller, uint64_t own, uint64_t taken)
{
	const struct poll_params *params = &poller->params;
	const struct packet_burst burst = {
		poller->mbufs, poller->packets, poller->why, own | taken};
	bool shed = poller->load.no_recording;
	uint64_t kept;

	if (!params->recorder && !params->feeds && !params->suricata)
		return own;
	find_mbufs(poller, taken);
	if (params->suricata)
		suricata_offer(params->suricata, params->index, &burst, shed);
	if (params->feeds)
		feeds_offer(params->feeds, params->index, &burst, shed);
	if (!params->recorder)
		return own;
	kept = recorder_offer(
		params->recorder, params->index, &burst, shed, &params->lane->recording);
	keep(poller, kept & taken);
	return own & ~kept;
}

void poll_received(struct poller *poller, const struct poll_queue *queue, uint32_t n)
{
	const struct poll_params *params = &poller->params;
	uint64_t exceptions = count_exceptions(params->lane), own;
	struct pipeline_burst burst;

	load(poller, n);
	if (port_has_times(queue->port))
		load_times(poller, queue->port, n);
	burst = run(poller, n);
	own = burst.own;
	if (queue->exception && count_exceptions(params->lane) != exceptions)
		own &= ~exception_offer(
			queue->exception, params->index, poller->mbufs, poller->why, own);
	own = record(poller, own, burst.taken);
	if (own == burst_mask(n))
		rte_pktmbuf_free_bulk(poller->mbufs, n);
	else
		free_mbufs(poller, own);
	if (params->handoff)
		handoff_done(params->handoff, params->index);
}

bool poll_taken(struct poller *poller)
{
	uint64_t handed_in = poller->tally.handed_in;

	record(poller, 0, run(poller, 0).taken);
	handoff_done(poller->params.handoff, poller->params.index);
	return poller->tally.handed_in != handed_in;
}
