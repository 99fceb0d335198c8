/* The way of a burst through a lane; see lane.h. */
#include "dataplane/pipeline/judge.h"
#include "dataplane/pipeline/lane.h"
#include "dataplane/pipeline/simulate.h"

#include "decap/session/direction.h"
#include "decap/touch.h"

#define burst_each(i, mask) \
	for (uint64_t rest_ = (mask); rest_ && ((i) = (uint32_t)__builtin_ctzll(rest_), 1); \
		rest_ &= rest_ - 1)

/* Headers fit into two lines: 50 bytes of encapsulation, 14 of Ethernet, 40 to 60 of IP and TCP. */
static void touch_headers(struct packet *packets, uint32_t n, uint64_t generation)
{
	for (uint32_t i = 0; i < n; i++) {
		packets[i].generation = generation;
		if (packets[i].cap == 0)
			continue;
		touch(packets[i].data);
		touch(packets[i].data + (packets[i].cap > 64 ? 64 : 0));
	}
}

static void __attribute__((noinline))
leave_out(const struct lane *lane, struct packet *packets, uint32_t n, enum reason *why)
{
	for (uint32_t i = 0; i < n; i++)
		why[i] = inner_filter_judge(lane->inner, &packets[i], why[i]);
}

static void __attribute__((noinline, cold)) name_refused(
	struct lane *lane, const struct packet *packets, uint32_t n, const enum reason *why)
{
	for (uint32_t i = 0; i < n; i++)
		if (why[i] == REASON_inner_not_ip)
			ether_types_count(lane->not_ip, &packets[i]);
}

/* decap and session: returns those that go on, and in `*flags` what flags there are at all. */
static uint64_t stage_decap(struct lane *lane, struct packet *packets, uint32_t n,
	enum reason *why, unsigned *flags)
{
	uint64_t live;

	*flags = 0;
	touch_headers(packets, n, lane->snapshot->generation);
	for (uint32_t i = 0; i < n; i++) {
		why[i] = decap_packet(&lane->decap, &packets[i], &lane->met);
		*flags |= packets[i].flags;
	}
	if (lane->inner)
		leave_out(lane, packets, n, why);
	live = session_table_burst(lane->sessions, packets, n, lane->snapshot->learn, why);
	if ((uint32_t)__builtin_popcountll(live) != n)
		name_refused(lane, packets, n, why);
	return live;
}

static void stage_fragment(struct lane *lane, struct packet *packets, uint64_t live)
{
	uint32_t i;

	burst_each (i, live) {
		struct packet *p = &packets[i];

		if (!(p->flags & PACKET_FRAGMENT) || fragment_table_packet(lane->fragments, p))
			continue;
		if (!lane->ahead.ports || !lane->ahead.ports(lane->ahead.ctx, p))
			p->flags |= PACKET_NO_PORTS;
	}
}

/* For those that no MAC orients. */
static void __attribute__((noinline))
orient_otherwise(struct lane *lane, struct packet *p, const struct model_interface *eni)
{
	if (!(p->flags & PACKET_HAS_VNI))
		return;
	p->direction = direction_of(p, eni, NULL);
	lane->undirected += p->direction == DIRECTION_UNKNOWN;
}

static inline void orient(struct lane *lane, struct packet *p)
{
	const struct model_interface *eni = p->config ? p->config->interface : NULL;

	p->direction = eni ? direction_by_mac(p, eni) : DIRECTION_UNKNOWN;
	if (p->direction == DIRECTION_UNKNOWN)
		orient_otherwise(lane, p, eni);
}

/* Judges the packets whose verdict a rule must find; `remember`: their flows may keep it. */
static uint64_t judge(struct lane *lane, struct packet *packets, struct filter_job *jobs,
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
		why[i] = judge_end(&packets[i], &jobs[j]);
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

		orient(lane, p);
		if (judge_asks(lane->snapshot, p->config, p, &reason) &&
			!(flows && recall(lane, p, &reason)))
			judge_job(&jobs[n++], p->config, p);
		if (reason == REASON_inspected)
			continue;
		why[i] = reason;
		refused |= UINT64_C(1) << i;
	}
	if (n > 0)
		refused |= judge(lane, packets, jobs, n, flows, why);
	return live & ~refused;
}

static void __attribute__((cold)) delay_inspection(struct lane *lane)
{
	uint64_t given = dpi_stats(lane->dpi).packets;

	simulate_work((given - lane->dpi_delayed) * lane->dpi_delay_ns);
	lane->dpi_delayed = given;
}

static uint64_t __attribute__((noinline))
recorded_id(const struct lane *lane, const struct flow *flow)
{
	return flow_id(flow, session_id(lane->sessions, flow->key.point));
}

/* Flow and inspection go packet by packet: a packet may end the flow of an earlier one. Their flows
 * have been looked for. */
static void stage_flow(struct lane *lane, struct packet *packets, uint64_t live,
	uint64_t horizon_ns, enum reason *why)
{
	uint32_t i;

	burst_each (i, live) {
		struct flow *flow = flow_table_packet(lane->flows, &packets[i], horizon_ns);

		packets[i].flow_id = flow && lane->records ? recorded_id(lane, flow) : 0;
		if (!flow)
			why[i] = REASON_flow_table_full;
		else if (lane->dpi)
			dpi_packet(lane->dpi, flow, &packets[i]);
	}
	if (lane->dpi_delay_ns && lane->dpi)
		delay_inspection(lane);
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

uint64_t pipeline_front(struct lane *lane, struct packet *packets, uint32_t n, enum reason *why)
{
	unsigned flags;

	lane_refresh(lane);
	return stage_decap(lane, packets, n, why, &flags);
}

uint64_t pipeline_judge(
	struct lane *lane, struct packet *packets, uint64_t live, enum reason *why)
{
	uint64_t accepted;

	stage_fragment(lane, packets, live);
	accepted = stage_filter(lane, packets, live, false, why);
	count_accepted_cut(lane, packets, accepted);
	return accepted;
}

uint64_t pipeline_adopt(
	struct lane *lane, struct packet *packets, uint64_t live, enum reason *why)
{
	uint64_t refused = 0;
	uint32_t i;

	lane_refresh(lane);
	burst_each (i, live) {
		bool known =
			session_table_adopt(lane->sessions, &packets[i], lane->snapshot->learn);

		why[i] = known ? REASON_inspected : REASON_session_unknown;
		refused |= (uint64_t)!known << i;
	}
	return live & ~refused;
}

void pipeline_flows(struct lane *lane, struct packet *packets, uint64_t live,
	uint64_t horizon_ns, enum reason *why)
{
	flow_table_prefetch(lane->flows, packets, live);
	stage_flow(lane, packets, live, horizon_ns, why);
}

void pipeline_count(struct lane *lane, uint64_t done, const enum reason *why)
{
	uint32_t i;

	burst_each (i, done)
		lane->ledger.reasons[why[i]]++;
	lane->packets += (uint64_t)__builtin_popcountll(done);
}

static void count(struct lane *lane, uint32_t n, const enum reason *why)
{
	for (uint32_t i = 0; i < n; i++)
		lane->ledger.reasons[why[i]]++;
	lane->packets += n;
}

static uint32_t mask_count(uint64_t mask)
{
	return (uint32_t)__builtin_popcountll(mask);
}

/* Filter and flow. An established flow knows its verdict, so flows are looked for first; where most
 * packets are refused, and have none, that would be for nothing. Results do not depend on it. */
static void judge_and_count(struct lane *lane, struct packet *packets, uint64_t live,
	uint64_t horizon_ns, enum reason *why)
{
	bool flows = !lane->judges_first;
	uint64_t accepted;

	if (flows)
		flow_table_prefetch(lane->flows, packets, live);
	accepted = stage_filter(lane, packets, live, flows, why);
	if (!flows)
		flow_table_prefetch(lane->flows, packets, accepted);
	lane->judges_first = mask_count(accepted) < mask_count(live) / 2;
	stage_flow(lane, packets, accepted, horizon_ns, why);
}

void pipeline_run(struct lane *lane, struct packet *packets, uint32_t n, uint64_t horizon_ns,
	enum reason *why)
{
	unsigned flags;
	uint64_t live;

	lane_refresh(lane);
	live = stage_decap(lane, packets, n, why, &flags);
	if (flags & PACKET_FRAGMENT)
		stage_fragment(lane, packets, live);
	judge_and_count(lane, packets, live, horizon_ns, why);
	if (flags & PACKET_PORTS_CUT)
		count_accepted_cut(lane, packets, live);
	count(lane, n, why);
}
