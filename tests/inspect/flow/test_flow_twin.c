/* The flow table against a twin that is as stupid as can be: it keeps a list of every flow with a
 * copy of every packet, looks flows up by walking the list, knows flows by the number of the
 * conversation that made the packet (not by a key), and works everything out again from the
 * packets when the flow is over. Both must report the same flows, updates and windows. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/flow/table.h"
#include "support/random.h"

static const uint64_t second_ns = 1000000000;
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { PACKETS = 6000, CONVERSATIONS = 60, RECORDS_MAX = 4 * PACKETS };

/* Two ends, one protocol, one observation point; ends may be equal to those of other points. */
struct conversation {
	struct ip_addr addr[2];
	uint32_t point;
	uint16_t port[2]; /* ICMP: the types that the two ends send */
	uint8_t protocol;
};

struct event {
	struct packet packet;
	uint64_t horizon;
	int conversation, from;
};

/* What was reported, in a form that does not depend on who found it. A window record is one
 * side's. Sides are by end of the conversation, or by client and server. */
struct record {
	uint64_t start_ns, last_ns, id_ns, packets[2], bytes[2];
	struct ip_addr addr[2];
	uint32_t point, kind, window_first, window_last;
	uint32_t truncated, rule_number;
	uint16_t port[2];
	uint8_t protocol, end, tcp_flags[2], accepted, ports_cut, client_by, direction;
};

enum { KIND_FLOW, KIND_WINDOW };

struct records {
	struct record *at;
	uint32_t count;
};

static struct record *record_new(struct records *records)
{
	CU_ASSERT_FATAL(records->count < RECORDS_MAX);
	return memset(&records->at[records->count++], 0, sizeof(struct record));
}

/* What the table reports. */

static void record_ends(struct record *r, const struct flow *flow, bool swap)
{
	struct flow_ends ends = flow_ends(flow);

	r->addr[swap] = *ends.src;
	r->addr[!swap] = *ends.dst;
	r->port[swap] = ends.src_port;
	r->port[!swap] = ends.dst_port;
	r->point = flow->key.point;
	r->protocol = (uint8_t)flow->key.protocol;
}

static void table_ended(void *ctx, struct flow *flow, enum flow_end end)
{
	struct record *r = record_new(ctx);

	record_ends(r, flow, false);
	r->kind = KIND_FLOW;
	r->end = (uint8_t)end;
	r->start_ns = flow->start_ns;
	r->id_ns = flow->first[0] | (uint64_t)flow->first[1] << 16 |
		   (uint64_t)flow->first[2] << 32;
	r->last_ns = flow->last_ns;
	for (int side = 0; side < 2; side++) {
		r->packets[side] = flow->side[side].packets;
		r->bytes[side] = flow->side[side].bytes;
		r->tcp_flags[side] = flow->tcp_flags[side];
	}
	r->truncated = flow->truncated;
	r->rule_number = flow->rule_number;
	r->accepted = (flow->flags & FLOW_ACCEPTED) != 0;
	r->ports_cut = (flow->flags & FLOW_PORTS_CUT) != 0;
	r->client_by = (uint8_t)flow_client_by(flow);
	r->direction = (uint8_t)flow_direction(flow);
}

static void table_window(void *ctx, const struct flow *flow, const struct flow_window sent[2])
{
	for (int side = 0; side < 2; side++) {
		const struct flow_window *s = &sent[side];
		struct record *r;

		if (s->packets == 0)
			continue;
		r = record_new(ctx);
		record_ends(r, flow, side == 1);
		r->kind = KIND_WINDOW;
		r->packets[0] = s->packets;
		r->bytes[0] = s->bytes;
		r->tcp_flags[0] = s->tcp_flags;
		r->window_first = s->first;
		r->window_last = s->last;
	}
}

/* The twin. */

struct twin_flow {
	int conversation;
	bool over;
	uint32_t count;
	const struct event *events[PACKETS];
};

struct twin {
	const struct flow_params *params;
	const struct conversation *conversations;
	struct twin_flow *flows;
	int n_flows;
	struct records records;
};

static bool is_tcp(const struct event *e)
{
	return e->packet.protocol == 6;
}

static uint64_t twin_last(const struct twin_flow *flow, uint32_t n)
{
	uint64_t last = 0;

	for (uint32_t i = 0; i < n; i++)
		if (flow->events[i]->packet.time_ns > last)
			last = flow->events[i]->packet.time_ns;
	return last;
}

static bool twin_closed(const struct twin_flow *flow)
{
	bool fin[2] = {false, false}, rst = false;

	for (uint32_t i = 0; i < flow->count; i++) {
		const struct event *e = flow->events[i];

		if (!is_tcp(e))
			continue;
		if (e->packet.tcp_flags & FIN)
			fin[e->from] = true;
		if (e->packet.tcp_flags & RST)
			rst = true;
	}
	return rst || (fin[0] && fin[1]);
}

/* Which end is the client after `n` packets, and what told. */
static int twin_client(
	const struct twin *twin, const struct twin_flow *flow, uint32_t n, uint8_t *by)
{
	const struct conversation *c = &twin->conversations[flow->conversation];
	bool low[2] = {c->port[0] < 1024, c->port[1] < 1024};
	int client = flow->events[0]->from;

	*by = FLOW_CLIENT_BY_FIRST_PACKET;
	if ((c->protocol == 6 || c->protocol == 17) && low[0] != low[1]) {
		client = low[0];
		*by = FLOW_CLIENT_BY_PORTS;
	}
	for (uint32_t i = 0; i < n && *by != FLOW_CLIENT_BY_SYN; i++) {
		const struct event *e = flow->events[i];
		uint8_t flags = e->packet.tcp_flags;

		if (!is_tcp(e))
			continue;
		if (flags & (FIN | RST))
			break;
		if (flags & SYN && !(flags & ACK)) {
			client = e->from;
			*by = FLOW_CLIENT_BY_SYN;
		} else if (flags & SYN && *by != FLOW_CLIENT_BY_SYN_ACK) {
			client = !e->from;
			*by = FLOW_CLIENT_BY_SYN_ACK;
		}
	}
	return client;
}

static uint64_t twin_start(const struct twin_flow *flow, uint32_t n)
{
	uint64_t start = UINT64_MAX;

	for (uint32_t i = 0; i < n; i++)
		if (flow->events[i]->packet.time_ns < start)
			start = flow->events[i]->packet.time_ns;
	return start;
}

static bool over_by(uint64_t now, uint64_t last, uint64_t timeout)
{
	return timeout != 0 && now > last && now - last > timeout;
}

/* True when the flow was over at `now`; which timeout ran out first says why. */
static bool twin_timed_out(
	const struct twin *twin, const struct twin_flow *flow, uint64_t now, enum flow_end *end)
{
	uint64_t last = twin_last(flow, flow->count);
	bool idle = over_by(now, last, twin->params->idle_timeout_ns);
	bool close =
		twin_closed(flow) && over_by(now, last, twin->params->tcp_close_timeout_ns);

	*end = FLOW_END_IDLE;
	if (close &&
		(!idle || twin->params->tcp_close_timeout_ns <= twin->params->idle_timeout_ns))
		*end = FLOW_END_TCP_CLOSE;
	return idle || close;
}

/* The record of the flow's first `n` packets. */
static void twin_report(
	struct twin *twin, const struct twin_flow *flow, uint32_t n, enum flow_end end)
{
	const struct conversation *c = &twin->conversations[flow->conversation];
	struct record *r = record_new(&twin->records);
	int client = twin_client(twin, flow, n, &r->client_by);

	r->kind = KIND_FLOW;
	r->end = (uint8_t)end;
	r->point = c->point;
	r->protocol = c->protocol;
	r->start_ns = twin_start(flow, n);
	r->id_ns = flow->events[0]->packet.time_ns & UINT64_MAX >> 16;
	r->last_ns = twin_last(flow, n);
	r->rule_number = flow->events[n - 1]->packet.rule_number;
	r->accepted = flow->events[n - 1]->packet.accepted;
	for (int side = 0; side < 2; side++) {
		r->addr[side] = c->addr[side == 0 ? client : !client];
		r->port[side] = c->port[side == 0 ? client : !client];
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct event *e = flow->events[i];
		int side = e->from == client ? 0 : 1;

		r->packets[side]++;
		r->bytes[side] += e->packet.ip_len;
		r->tcp_flags[side] |= e->packet.tcp_flags;
		if (e->packet.flags & PACKET_CUT)
			r->truncated++;
		if (e->packet.flags & PACKET_PORTS_CUT)
			r->ports_cut = 1;
		if (r->direction == DIRECTION_UNKNOWN &&
			e->packet.direction != DIRECTION_UNKNOWN)
			r->direction =
				(uint8_t)(side == 0 ? e->packet.direction
						    : DIRECTION_INGRESS + DIRECTION_EGRESS -
							      e->packet.direction);
	}
}

/* The records of one end's packets among those from `begin` up to `end`. */
static void twin_window(
	struct twin *twin, const struct twin_flow *flow, uint32_t begin, uint32_t end, int from)
{
	const struct conversation *c = &twin->conversations[flow->conversation];
	struct record *r = NULL;

	for (uint32_t i = begin; i < end; i++) {
		const struct packet *p = &flow->events[i]->packet;
		uint32_t second = (uint32_t)(p->time_ns / second_ns);

		if (flow->events[i]->from != from)
			continue;
		if (!r) {
			r = record_new(&twin->records);
			r->window_first = r->window_last = second;
		}
		r->window_first = second < r->window_first ? second : r->window_first;
		r->window_last = second > r->window_last ? second : r->window_last;
		r->packets[0]++;
		r->bytes[0] += p->ip_len;
		r->tcp_flags[0] |= p->tcp_flags & 7;
		if (p->tcp_flags & SYN && p->tcp_flags & ACK)
			r->tcp_flags[0] |= 16;
	}
	if (!r)
		return;
	r->kind = KIND_WINDOW;
	r->point = c->point;
	r->protocol = c->protocol;
	r->addr[0] = c->addr[from];
	r->addr[1] = c->addr[!from];
	r->port[0] = c->port[from];
	r->port[1] = c->port[!from];
}

static bool same_window(const struct twin *twin, uint64_t a_ns, uint64_t b_ns)
{
	uint64_t ns = twin->params->window_s * second_ns;

	return ns == 0 || a_ns / ns == b_ns / ns;
}

/* The flow is over: goes through its packets once more, for updates and windows. */
static void twin_end(struct twin *twin, struct twin_flow *flow, enum flow_end end)
{
	uint64_t update = flow->events[0]->packet.time_ns;
	uint32_t begin = 0;

	for (uint32_t i = 1; i <= flow->count; i++) {
		uint64_t now = i < flow->count ? flow->events[i]->packet.time_ns : 0;
		bool due = i < flow->count &&
			   over_by(now, update, twin->params->active_timeout_ns);

		if (due)
			update = now;
		if (due)
			twin_report(twin, flow, i, FLOW_END_ACTIVE);
		if (i < flow->count && !due &&
			same_window(twin, now, flow->events[i - 1]->packet.time_ns))
			continue;
		for (int from = 0; from < 2 && twin->params->window_s != 0; from++)
			twin_window(twin, flow, begin, i, from);
		begin = i;
	}
	twin_report(twin, flow, flow->count, end);
	flow->over = true;
}

static struct twin_flow *twin_find(struct twin *twin, int conversation)
{
	for (int i = 0; i < twin->n_flows; i++)
		if (twin->flows[i].conversation == conversation && !twin->flows[i].over)
			return &twin->flows[i];
	return NULL;
}

static void twin_packet(struct twin *twin, const struct event *e)
{
	struct twin_flow *flow = twin_find(twin, e->conversation);
	uint64_t now = e->horizon > e->packet.time_ns ? e->horizon : e->packet.time_ns;
	bool pure_syn = is_tcp(e) && (e->packet.tcp_flags & (SYN | ACK | FIN | RST)) == SYN;
	enum flow_end end;

	if (flow && twin_timed_out(twin, flow, now, &end))
		twin_end(twin, flow, end);
	else if (flow && pure_syn && twin_closed(flow) &&
		 twin->params->tcp_close_timeout_ns != 0)
		twin_end(twin, flow, FLOW_END_TCP_CLOSE);
	if (!flow || flow->over) {
		flow = &twin->flows[twin->n_flows++];
		flow->conversation = e->conversation;
		flow->over = false;
		flow->count = 0;
	}
	flow->events[flow->count++] = e;
}

static void twin_end_all(struct twin *twin, uint64_t horizon)
{
	for (int i = 0; i < twin->n_flows; i++) {
		enum flow_end end;

		if (twin->flows[i].over)
			continue;
		if (!twin_timed_out(twin, &twin->flows[i], horizon, &end))
			end = FLOW_END_OF_INPUT;
		twin_end(twin, &twin->flows[i], end);
	}
}

/* Traffic: few addresses and ports at several points, all TCP flags, disorder, pauses. */

static struct random draws;

static uint32_t below(uint32_t n)
{
	return random_below(&draws, n);
}

static void conversation_make(struct conversation *c, int number)
{
	static const uint8_t protocols[] = {6, 6, 6, 17, 1, 47, 58};
	uint16_t k = (uint16_t)(number / 16);

	memset(c, 0, sizeof(*c));
	c->protocol = protocols[number % 7];
	c->point = (uint32_t)number / 4 % 4;
	c->addr[0] = ip_addr_v4((const uint8_t[]){10, 0, 0, (uint8_t)(number % 2)});
	c->addr[1] = ip_addr_v4((const uint8_t[]){10, 0, 0, (uint8_t)(number / 2 % 2)});
	if (c->protocol == 6 || c->protocol == 17) {
		c->port[0] = (uint16_t)(1000 + k);
		c->port[1] = (uint16_t)(999 + 2 * (k & 1));
	} else if (c->protocol == 1) {
		c->port[0] = 8;
	} else if (c->protocol == 58) {
		c->port[0] = 128;
		c->port[1] = 129;
	}
}

static bool conversations_equal(const struct conversation *a, const struct conversation *b)
{
	bool straight = ip_addr_equal(&a->addr[0], &b->addr[0]) && a->port[0] == b->port[0] &&
			ip_addr_equal(&a->addr[1], &b->addr[1]) && a->port[1] == b->port[1];
	bool crossed = ip_addr_equal(&a->addr[0], &b->addr[1]) && a->port[0] == b->port[1] &&
		       ip_addr_equal(&a->addr[1], &b->addr[0]) && a->port[1] == b->port[0];

	return a->point == b->point && a->protocol == b->protocol && (straight || crossed);
}

/* Different ones only, and none between an end and itself: its packets have no direction. */
static int conversations_make(struct conversation *out)
{
	int count = 0;

	for (int number = 0; number < CONVERSATIONS * 4 && count < CONVERSATIONS; number++) {
		struct conversation *c = &out[count];
		bool known = false;

		conversation_make(c, number);
		for (int i = 0; i < count; i++)
			known |= conversations_equal(c, &out[i]);
		if (!known &&
			!(ip_addr_equal(&c->addr[0], &c->addr[1]) && c->port[0] == c->port[1]))
			count++;
	}
	return count;
}

static uint8_t random_tcp_flags(void)
{
	static const uint8_t usual[] = {SYN, SYN | ACK, ACK, ACK, ACK, ACK | 8, FIN | ACK, RST,
		RST | ACK, SYN | 0xc0, FIN | SYN, 0};

	return below(40) ? usual[below(sizeof(usual) - (below(3) ? 3 : 0))]
			 : (uint8_t)below(256);
}

static void event_make(
	struct event *e, const struct conversation *conversations, int count, uint64_t clock)
{
	const struct conversation *c;
	struct packet *p = &e->packet;

	memset(e, 0, sizeof(*e));
	e->conversation = (int)below((uint32_t)count);
	e->from = (int)below(2);
	c = &conversations[e->conversation];
	p->src = c->addr[e->from];
	p->dst = c->addr[!e->from];
	p->session = c->point;
	p->protocol = c->protocol;
	p->ip_version = 4;
	if (p->protocol == 1 || p->protocol == 58) {
		p->icmp_type = (uint8_t)c->port[e->from];
		p->icmp_id = 7;
	} else {
		p->src_port = c->port[e->from];
		p->dst_port = c->port[!e->from];
	}
	p->tcp_flags = p->protocol == 6 ? random_tcp_flags() : 0;
	p->time_ns = clock;
	if (below(4) == 0)
		p->time_ns -=
			below(3) ? below(3000) * (second_ns / 1000) : below(150) * second_ns;
	p->ip_len = 20 + below(1480);
	p->flags = (uint16_t)(below(10) ? 0 : PACKET_CUT);
	p->rule_number = below(3);
	p->accepted = below(2);
	p->direction = below(3) ? (enum direction)(1 + below(2)) : DIRECTION_UNKNOWN;
}

static void traffic_make(struct event *events, const struct conversation *conversations,
	int count, bool horizon_lags)
{
	uint64_t clock = 1700000000 * second_ns, horizon = 0;

	for (int i = 0; i < PACKETS; i++) {
		clock += below(100) * (second_ns / 1000);
		if (below(60) == 0)
			clock += below(40) * second_ns;
		event_make(&events[i], conversations, count, clock);
		if (events[i].packet.time_ns > horizon)
			horizon = events[i].packet.time_ns;
		events[i].horizon = horizon_lags ? horizon - 20 * second_ns : horizon;
	}
}

/* What one table is given: all packets, or those of one of two workers. */
struct table_job {
	const struct flow_params *params;
	const struct event *events;
	int owner; /* 0, 1, or -1: all */
	bool expire;
};

static int owner_of(const struct packet *p)
{
	return (p->src.byte[15] + p->dst.byte[15] + p->src_port + p->dst_port) % 2;
}

static void burst_run(const struct table_job *job, struct flow_table *table, int begin, int n)
{
	struct packet burst[BURST_MAX];

	for (int b = 0; b < n; b++)
		burst[b] = job->events[begin + b].packet;
	flow_table_prefetch(table, burst, UINT64_MAX >> (64 - n));
	for (int b = 0; b < n; b++) {
		uint64_t horizon = job->events[begin + b].horizon;

		if (job->expire && below(3) == 0)
			flow_table_expire(table, horizon, below(50));
		if (job->owner >= 0 && owner_of(&burst[b]) != job->owner)
			continue;
		CU_ASSERT_PTR_NOT_NULL(flow_table_packet(table, &burst[b], horizon));
	}
}

static void table_run(const struct table_job *job, struct records *records)
{
	struct flow_observer observer = {
		records, table_ended, table_window, NULL, NULL, NULL, NULL};
	struct flow_table *table = flow_table_create(job->params, &observer);
	uint64_t horizon = job->events[PACKETS - 1].horizon;

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	for (int i = 0, n; i < PACKETS; i += n) {
		n = 1 + (int)below(BURST_MAX);
		n = n < PACKETS - i ? n : PACKETS - i;
		burst_run(job, table, i, n);
	}
	if (job->expire)
		flow_table_expire_all(table, horizon);
	flow_table_end_all(table, horizon, FLOW_END_OF_INPUT);
	CU_ASSERT_TRUE(
		flow_table_stats(table)->evicted + flow_table_stats(table)->refused == 0);
	flow_table_destroy(table);
}

static int compare_records(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct record));
}

static void records_sort(struct records *records)
{
	qsort(records->at, records->count, sizeof(records->at[0]), compare_records);
}

static void check_equal(struct records *got, struct records *want)
{
	records_sort(got);
	CU_ASSERT_EQUAL(got->count, want->count);
	CU_ASSERT_TRUE(got->count == want->count &&
		       memcmp(got->at, want->at, got->count * sizeof(got->at[0])) == 0);
	got->count = 0;
}

static uint32_t count_ends(const struct records *records, enum flow_end end)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < records->count; i++)
		n += records->at[i].kind == KIND_FLOW && records->at[i].end == end;
	return n;
}

static uint64_t count_packets(const struct records *records)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < records->count; i++)
		if (records->at[i].kind == KIND_FLOW && records->at[i].end != FLOW_END_ACTIVE)
			n += records->at[i].packets[0] + records->at[i].packets[1];
	return n;
}

static const struct {
	unsigned idle, active, close, window;
	bool horizon_lags;
} settings[] = {
	{120, 0, 10, 60, false},
	{30, 0, 5, 60, true},
	{0, 0, 0, 600, false},
	{60, 45, 0, 60, false},
	{10, 8, 20, 0, true},
	{0, 30, 3, 60, false},
	{120, 0, 0, 0, true},
};

static void twin_run(size_t i, struct event *events, struct twin *twin, struct records *got)
{
	struct flow_params params = {.capacity = 4096,
		.idle_timeout_ns = settings[i].idle * second_ns,
		.active_timeout_ns = settings[i].active * second_ns,
		.tcp_close_timeout_ns = settings[i].close * second_ns,
		.window_s = settings[i].window};
	struct conversation conversations[CONVERSATIONS];
	int count = conversations_make(conversations);
	struct records *want = &twin->records;

	CU_ASSERT_EQUAL_FATAL(count, CONVERSATIONS);
	traffic_make(events, conversations, count, settings[i].horizon_lags);
	twin->params = &params;
	twin->conversations = conversations;
	twin->n_flows = 0;
	want->count = 0;
	for (int n = 0; n < PACKETS; n++)
		twin_packet(twin, &events[n]);
	twin_end_all(twin, events[PACKETS - 1].horizon);
	records_sort(want);

	/* what the comparison is worth: everything that should happen did */
	CU_ASSERT_EQUAL(count_packets(want), PACKETS);
	CU_ASSERT_TRUE(settings[i].idle == 0 || count_ends(want, FLOW_END_IDLE) > 20);
	CU_ASSERT_TRUE(settings[i].close == 0 || count_ends(want, FLOW_END_TCP_CLOSE) > 20);
	CU_ASSERT_TRUE(settings[i].active == 0 || count_ends(want, FLOW_END_ACTIVE) > 20);
	CU_ASSERT_TRUE(count_ends(want, FLOW_END_OF_INPUT) > 5);

	table_run(&(struct table_job){&params, events, -1, false}, got);
	check_equal(got, want);
	table_run(&(struct table_job){&params, events, -1, true}, got);
	check_equal(got, want);
	table_run(&(struct table_job){&params, events, 0, true}, got);
	table_run(&(struct table_job){&params, events, 1, false}, got);
	check_equal(got, want);
}

static void table_and_twin_agree(void)
{
	struct records got = {calloc(RECORDS_MAX, sizeof(struct record)), 0};
	struct twin twin = {.records.at = calloc(RECORDS_MAX, sizeof(struct record))};
	struct event *events = calloc(PACKETS, sizeof(*events));

	twin.flows = calloc(PACKETS, sizeof(*twin.flows));
	draws = random_seeded(6);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		twin_run(i, events, &twin, &got);
	free(twin.flows);
	free(events);
	free(twin.records.at);
	free(got.at);
}

void suite_flow_twin(void);
void suite_flow_twin(void)
{
	CU_pSuite s = CU_add_suite("flow_twin", NULL, NULL);

	CU_ADD_TEST(s, table_and_twin_agree);
}
