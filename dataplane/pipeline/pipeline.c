/* The way of a burst through a lane; see lane.h. */
#include "dataplane/pipeline/filter_ask.h"
#include "dataplane/pipeline/lane.h"

#include "decap/session/direction.h"
#include "decap/touch.h"

#define burst_each(i, mask) \
	for (uint64_t rest_ = (mask); rest_ && ((i) = (uint32_t)__builtin_ctzll(rest_), 1); \
		rest_ &= rest_ - 1)

/* Headers fit into two lines: 50 bytes of encapsulation, 14 of Ethernet, 40 to 60 of IP and TCP. */
static void touch_headers(struct packet *packets, uint32_t n, uint64_t generation)
{
	for (uint32_t i = 0; i < n; i++) {
		packets[i].generation = (uint32_t)generation;
		if (packets[i].cap == 0)
			continue;
		touch(packets[i].data);
		touch(packets[i].data + (packets[i].cap > 64 ? 64 : 0));
	}
}

static void __attribute__((noinline, cold)) name_refused(
	struct lane *lane, const struct packet *packets, uint32_t n, const enum reason *why)
{
	for (uint32_t i = 0; i < n; i++)
		if (why[i] == REASON_inner_not_ip)
			ether_types_count(lane->not_ip, &packets[i]);
}

/* Returns those that go on. */
static inline uint64_t stage_session(struct lane *lane, struct pipeline_burst *b)
{
	uint64_t live = session_table_burst(
		lane->sessions, b->packets, b->n, lane->snapshot->learn, b->why);

	if ((uint32_t)__builtin_popcountll(live) != b->n)
		name_refused(lane, b->packets, b->n, b->why);
	return live & b->own;
}

/* decap and session: returns those that go on, and in `*flags` what flags there are at all. */
static uint64_t stage_decap(struct lane *lane, struct pipeline_burst *b, unsigned *flags)
{
	touch_headers(b->packets, b->n, lane->snapshot->generation);
	for (uint32_t i = 0; i < b->n; i++) {
		b->why[i] = decap_packet(&lane->decap, &b->packets[i], &lane->met);
		*flags |= b->packets[i].flags;
	}
	return stage_session(lane, b);
}

/* For what was decapsulated before; its fragments have learned their ports, too. */
static uint64_t stage_decapsulated(struct lane *lane, struct pipeline_burst *b, unsigned *flags)
{
	for (uint32_t i = 0; i < b->n; i++) {
		b->packets[i].generation = (uint32_t)lane->snapshot->generation;
		*flags |= b->packets[i].flags;
	}
	*flags &= ~(unsigned)PACKET_FRAGMENT;
	return stage_session(lane, b);
}

/* Those that are not known yet learn their ports. */
static void __attribute__((noinline))
learn_ports(struct lane *lane, struct packet *packets, uint64_t live)
{
	uint32_t i;

	burst_each (i, live) {
		struct packet *p = &packets[i];

		if (!(p->flags & PACKET_FRAGMENT) || fragment_table_packet(lane->fragments, p))
			continue;
		p->flags |= PACKET_NO_PORTS;
	}
}

/* For those that no MAC orients. Returns whether nothing else does. */
static bool __attribute__((noinline))
orient_otherwise(struct packet *p, const struct model_interface *eni)
{
	if (!(p->flags & PACKET_HAS_VNI))
		return false;
	p->direction = direction_of(p, eni, NULL);
	return p->direction == DIRECTION_UNKNOWN;
}

static inline bool orient(struct packet *p)
{
	const struct model_interface *eni = p->config ? p->config->interface : NULL;

	p->direction = eni ? direction_by_mac(p, eni) : DIRECTION_UNKNOWN;
	return p->direction == DIRECTION_UNKNOWN && orient_otherwise(p, eni);
}

static void stage_direction(struct lane *lane, struct packet *packets, uint64_t live)
{
	uint64_t undirected = 0;
	uint32_t i;

	burst_each (i, live)
		undirected += orient(&packets[i]);
	lane->direction_unknown += undirected;
}

/* Fragments that came here go on to the worker that learns their ports, which may be this one. */
static uint64_t __attribute__((noinline))
stage_fragment(struct lane *lane, struct pipeline_burst *b, uint64_t live)
{
	uint64_t gone = 0;

	if (b->exchange)
		gone = b->exchange->fragments(b->exchange->ctx, live);
	b->own &= ~gone;
	learn_ports(lane, b->packets, live & ~gone);
	return live & ~gone;
}

/* Takes packets that other workers have received, with their direction. Returns those that go on
 * here. */
static uint64_t take_handed(struct lane *lane, struct pipeline_burst *b, unsigned *flags)
{
	uint64_t live = 0;
	uint32_t i;

	burst_each (i, b->taken) {
		struct packet *p = &b->packets[i];
		bool known = session_table_lookup(lane->sessions, p, lane->snapshot->learn);

		/* One that is not known has no `config`: what stands there is of an earlier packet. */
		if (known && p->generation != (uint32_t)lane->snapshot->generation)
			(void)orient(p);
		p->generation = (uint32_t)lane->snapshot->generation;
		b->why[i] = known ? REASON_inspected : REASON_session_unknown;
		live |= (uint64_t)known << i;
		*flags |= p->flags;
	}
	return live;
}

/* To the owners of their flows; and from others to here. Flows do best with full bursts, so what others
 * hand over comes into the places of what has gone. */
static uint64_t stage_owner(
	struct lane *lane, struct pipeline_burst *b, uint64_t live, unsigned *flags)
{
	const struct pipeline_exchange *exchange = b->exchange;
	uint64_t gone = exchange->flows(exchange->ctx, live), fragments, handed;

	live &= ~gone;
	b->own &= ~gone;
	b->taken = exchange->take(exchange->ctx, ~b->own, &fragments);
	handed = take_handed(lane, b, flags);
	fragments &= handed;
	if (fragments) {
		learn_ports(lane, b->packets, fragments);
		gone = exchange->flows(exchange->ctx, fragments);
		handed &= ~gone;
		b->taken &= ~gone;
	}
	return live | handed;
}

static void __attribute__((noinline)) look_for_copy(struct lane *lane, const struct packet *p)
{
	if (p->flags & PACKET_HAS_VNI)
		session_table_sampled(lane->sessions, p->session,
			copies_packet(lane->copies, p, lane->is_live ? 0 : p->number));
}

/* Whatever the filter says of them: only a warning comes of it. Live those that other workers gave have no number. */
static void stage_copies(struct lane *lane, const struct packet *packets, uint64_t live)
{
	uint32_t i;

	burst_each (i, live)
		if (__builtin_expect(copies_sample(&packets[i]), 0))
			look_for_copy(lane, &packets[i]);
}

/* Judges the packets whose verdict a rule must find; `remember`: their flows may keep it. */
static uint64_t ask_filter(struct lane *lane, struct packet *packets, struct filter_job *jobs,
	uint32_t n, bool remember, enum reason *why)
{
	uint64_t refused = 0;

	filter_burst(lane->snapshot->filter, jobs, n);
	for (uint32_t j = 0; j < n; j++) {
		uint32_t i = (uint32_t)(jobs[j].packet - packets);

		if (jobs[j].by == FILTER_BY_RULE)
			rule_hits_add(&lane->hits[jobs[j].rule], packets[i].ip_len);
		if (remember && jobs[j].verdict)
			flow_table_remember(
				lane->flows, &packets[i], lane->verdict_base + jobs[j].verdict);
		why[i] = filter_ask_end(&packets[i], &jobs[j]);
		refused |= (uint64_t)(why[i] != REASON_inspected) << i;
	}
	return refused;
}

/* The verdict of the packet's flow and sender, if it is remembered and of this filter, direction and
 * configuration. Ports that are not known are not those of the flow. */
static inline bool recall(const struct lane *lane, struct packet *p, enum reason *why)
{
	const uint16_t odd = PACKET_LATER_FRAGMENT | PACKET_PORTS_CUT | PACKET_NO_PORTS;
	uint32_t number = p->remembered - lane->verdict_base;
	const struct filter_verdict *verdict = &lane->verdicts[number];

	if (number >= lane->n_verdicts || p->flags & odd ||
		verdict->scope != filter_scope(p->config->filter, p->direction))
		return false;
	p->accepted = verdict->accept;
	p->rule_number = verdict->number;
	if (verdict->number)
		rule_hits_add(&lane->hits[number - 1], p->ip_len);
	if (!verdict->accept)
		*why = verdict->number ? REASON_rule_rejected : REASON_rule_none;
	return true;
}

/* `flows`: the packets' flows have been looked for. */
static uint64_t stage_filter(
	struct lane *lane, struct packet *packets, uint64_t live, bool flows, enum reason *why)
{
	struct filter_job jobs[BURST_MAX];
	uint32_t n = 0, i;
	uint64_t refused = 0;

	burst_each (i, live) {
		struct packet *p = &packets[i];
		enum reason reason;

		if (filter_must_ask(lane->snapshot, p->config, p, &reason) &&
			!(flows && recall(lane, p, &reason)))
			filter_ask_job(&jobs[n++], p->config, p);
		if (reason == REASON_inspected)
			continue;
		why[i] = reason;
		refused |= UINT64_C(1) << i;
	}
	if (n > 0)
		refused |= ask_filter(lane, packets, jobs, n, flows, why);
	return live & ~refused;
}

/* For the packet file and the feeds. */
static void __attribute__((noinline))
mark_recorded(struct lane *lane, struct packet *p, const struct flow *flow, bool sheds)
{
	struct flow_recorded *so_far = flow_table_recorded(lane->flows, flow);

	p->flow_id = flow_id(flow, session_id(lane->sessions, flow->key.point));
	p->recorded =
		so_far ? record_keep(&lane->record, p, so_far, sheds) : RECORD_NOT_OFFERED;
}

static void __attribute__((noinline, cold))
refuse(struct lane *lane, const struct packet *p, enum reason *why)
{
	*why = REASON_flow_table_full;
	if (lane->detector.attempts)
		attempts_refused(lane->detector.attempts, p);
}

/* Flow and inspection go packet by packet: a packet may end the flow of an earlier one. Their flows
 * have been looked for. */
static void stage_flow(
	struct lane *lane, struct pipeline_burst *b, uint64_t live, uint64_t horizon_ns)
{
	uint32_t i;

	burst_each (i, live) {
		struct packet *p = &b->packets[i];
		struct flow *flow = flow_table_packet(lane->flows, p, horizon_ns);

		p->flow_id = 0;
		if (flow && lane->records)
			mark_recorded(lane, p, flow, b->sheds_recording);
		if (!flow)
			refuse(lane, p, &b->why[i]);
		else if (lane->dpi)
			dpi_packet(lane->dpi, flow, p);
	}
}

/* Of packets that the filter has looked at. */
static void __attribute__((cold))
count_accepted_cut(struct lane *lane, const struct packet *packets, uint64_t live)
{
	uint32_t i;

	burst_each (i, live)
		if (packets[i].flags & PACKET_ACCEPTED_CUT)
			session_table_accepted_cut(lane->sessions, packets[i].session);
}

static uint32_t mask_count(uint64_t mask)
{
	return (uint32_t)__builtin_popcountll(mask);
}

/* Filter and flow. An established flow knows its verdict, so flows are looked for first; where most
 * packets are refused, and have none, that would be for nothing. Results do not depend on it. */
static void stage_filter_and_flow(
	struct lane *lane, struct pipeline_burst *b, uint64_t live, uint64_t horizon_ns)
{
	bool flows = !lane->filters_first;
	uint64_t accepted;

	if (flows)
		flow_table_prefetch(lane->flows, b->packets, live);
	accepted = stage_filter(lane, b->packets, live, flows, b->why);
	if (!flows)
		flow_table_prefetch(lane->flows, b->packets, accepted);
	lane->filters_first = mask_count(accepted) < mask_count(live) / 2;
	stage_flow(lane, b, accepted, horizon_ns);
}

/* Mostly all that came end here. */
static void count(struct lane *lane, const struct pipeline_burst *b)
{
	uint64_t ended = b->own | b->taken;
	uint32_t n = mask_count(ended), i;

	lane->packets += n;
	if (n == b->n && ended == b->own) {
		for (i = 0; i < n; i++)
			lane->ledger.reasons[b->why[i]]++;
		return;
	}
	burst_each (i, ended)
		lane->ledger.reasons[b->why[i]]++;
}

void pipeline_run(struct lane *lane, struct pipeline_burst *burst, uint64_t horizon_ns)
{
	unsigned flags = 0;
	uint64_t live;

	lane_refresh(lane);
	live = burst->decapsulated ? stage_decapsulated(lane, burst, &flags)
				   : stage_decap(lane, burst, &flags);
	stage_direction(lane, burst->packets, live);
	if (flags & PACKET_FRAGMENT)
		live = stage_fragment(lane, burst, live);
	if (burst->exchange)
		live = stage_owner(lane, burst, live, &flags);
	stage_copies(lane, burst->packets, live);
	stage_filter_and_flow(lane, burst, live, horizon_ns);
	if (flags & PACKET_PORTS_CUT)
		count_accepted_cut(lane, burst->packets, live);
	count(lane, burst);
}
