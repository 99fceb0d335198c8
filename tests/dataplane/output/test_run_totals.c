/* What the summary adds up: the sums over lanes must be those of the parts, which are known from
 * the traffic, whatever lane they came to. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "dataplane/output/correlator.h"
#include "dataplane/output/run_totals.h"
#include "dataplane/support/hooks.h"
#include "dataplane/support/rig.h"
#include "dataplane/support/traffic.h"
#include "support/drawer.h"

enum {
	LANES = 3,
	PACKETS = 3000,
	SOURCES = 4,
	EVENTS_REFUSED = 7,
	STATS_OFFERED = 5000,
	STATS_LOST = 3000
};

struct tray {
	struct drawer drawer;
	uint64_t refused;
};

struct crowd {
	struct rig rig; /* for its folder, settings and output */
	struct traffic traffic;
	struct lane *lanes[LANES];
	struct tray trays[LANES];
	struct correlator *correlator;
};

/* Refuses the first few events, so that something is lost. */
static struct record *take(void *ctx, enum record_type type, size_t len)
{
	struct tray *tray = ctx;

	return type == RECORD_FLOW && ++tray->refused <= EVENTS_REFUSED
		       ? NULL
		       : drawer_take(&tray->drawer, type, len);
}

/* Flows keep to a lane; packets without one go round. */
static uint32_t lane_of(const struct traffic_packet *p, uint32_t i)
{
	return p->flow == TRAFFIC_NO_FLOW ? i % LANES : p->flow % LANES;
}

static void crowd_begin(struct crowd *crowd)
{
	struct rig *rig = &crowd->rig;
	struct correlator_params correlator = {.n_outboxes = LANES};
	struct error error;

	memset(crowd, 0, sizeof(*crowd));
	crowd->traffic = traffic_make(PACKETS);
	rig_begin(rig, LANES);
	rig_set(rig, "tenants=[{name: blue, virtual_network_ids: [40]}, {name: red, "
		     "virtual_network_ids: [42]}]");
	rig->output = output_open(rig->dir, &rig->settings, false, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig->output);
	rig_snapshot(&rig->slot, &rig->settings, LANES);
	correlator.tables = totals_tables_asked(&rig->settings);
	crowd->correlator = correlator_create(&correlator, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(crowd->correlator);
	CU_ASSERT_EQUAL_FATAL(correlator_run(crowd->correlator, &error), 0);
	for (uint32_t l = 0; l < LANES; l++)
		crowd->lanes[l] = rig_lane(&rig->settings, &rig->slot, l, LANES, DECAP_MIRROR,
			(struct sink){&crowd->trays[l], take},
			correlator_sink(crowd->correlator, l));
}

static void crowd_run(struct crowd *crowd)
{
	for (uint32_t i = 0; i < PACKETS; i++) {
		const struct traffic_packet *from = &crowd->traffic.packets[i];
		struct packet p = mirror_frame_packet(from->bytes, from->len, from->time_ns);
		enum reason why;

		p.wire = from->wire;
		pipeline_packets(crowd->lanes[lane_of(from, i)], &p, 1, TRAFFIC_START_NS, &why);
	}
	for (uint32_t l = 0; l < LANES; l++)
		lane_end(crowd->lanes[l], TRAFFIC_START_NS, FLOW_END_OF_INPUT);
	correlator_stop(crowd->correlator);
}

static bool crowd_gather(struct crowd *crowd, struct run_totals *g)
{
	const struct run_totals_params params = {.settings = &crowd->rig.settings,
		.lanes = crowd->lanes,
		.n_lanes = LANES,
		.output = crowd->rig.output,
		.correlator = crowd->correlator,
		.stats = {.offered = STATS_OFFERED, .lost_queue = STATS_LOST}};

	return run_totals_gather(g, &params);
}

static void crowd_end(struct crowd *crowd)
{
	for (uint32_t l = 0; l < LANES; l++)
		lane_destroy(crowd->lanes[l]);
	correlator_destroy(crowd->correlator);
	output_close(crowd->rig.output);
	snapshot_destroy(snapshot_publish(&crowd->rig.slot, NULL));
	settings_fini(&crowd->rig.settings);
	folder_remove(&crowd->rig.folder);
	traffic_free(&crowd->traffic);
}

/* Packets that name the session: the I flag and a VNI, whatever the inner frame is. */
static uint64_t session_packets(const struct traffic *traffic, const struct session *s)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < traffic->n; i++) {
		const struct traffic_packet *p = &traffic->packets[i];

		n += (p->reason == REASON_inspected || p->reason == REASON_inner_not_ip) &&
		     memcmp(p->bytes + 26, s->outer_src.byte + 12, 4) == 0;
	}
	return n;
}

static void check_sessions(const struct run_totals *g, const struct traffic *traffic)
{
	static const uint32_t tenants[SOURCES] = {
		TENANT_NAMED, 41, TENANT_NAMED + 1, TENANT_NAMED + 1};

	CU_ASSERT_EQUAL_FATAL(session_table_count(g->sessions), SOURCES);
	for (uint32_t i = 0; i < SOURCES; i++) {
		const struct session *s = session_table_get(g->sessions, i);
		uint32_t source = s->outer_src.byte[15] - 1u;

		CU_ASSERT_TRUE_FATAL(source < SOURCES);
		CU_ASSERT_EQUAL(s->packets, session_packets(traffic, s));
		CU_ASSERT_EQUAL(s->tenant, tenants[source]);
	}
	CU_ASSERT_STRING_EQUAL(g->tenants[0], "blue");
	CU_ASSERT_STRING_EQUAL(g->tenants[1], "red");
}

/* Every flow stands in one conversation, and has one kind of encryption. */
static void check_conversations(const struct run_totals *g)
{
	const struct heaviest *table = totals_conversations(g->totals);
	uint64_t flows = 0, bytes = 0, kinds = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	for (uint32_t i = 0; i < heaviest_count(table); i++) {
		const struct conversation_value *value = heaviest_value(table, i);

		flows += value->flows;
		bytes += value->bytes;
	}
	CU_ASSERT_EQUAL(flows, totals_flows(g->totals));
	CU_ASSERT_EQUAL(bytes, totals_bytes(g->totals));
	counters_each (c, COUNTERS_encryption_stats)
		kinds += counter_value(c, &g->counters.encryption_stats);
	CU_ASSERT_EQUAL(kinds - g->counters.encryption_stats.post_quantum, flows);
}

static void check_talkers(const struct run_totals *g, const struct traffic *traffic)
{
	struct talker talkers[64];
	uint32_t n = totals_talkers(g->totals, talkers, 64);
	uint64_t sent = 0, bytes = 0, inner = 0;

	CU_ASSERT_TRUE_FATAL(n <= 64);
	for (uint32_t i = 0; i < n; i++) {
		sent += talkers[i].sent.packets;
		bytes += talkers[i].sent.bytes;
	}
	for (uint32_t i = 0; i < traffic->n; i++)
		if (traffic->packets[i].reason == REASON_inspected)
			inner += traffic->packets[i].ip_len;
	/* Two hosts and two of IPv6 for each of the three tenants. */
	CU_ASSERT_EQUAL(n, 12);
	CU_ASSERT_EQUAL(sent, traffic_count(traffic, REASON_inspected));
	CU_ASSERT_EQUAL(bytes, inner);
	CU_ASSERT_EQUAL(totals_flows(g->totals), traffic_flows(traffic));
}

static void the_sums_are_those_of_the_parts(void)
{
	uint64_t per_lane[LANES] = {0}, flows;
	struct run_totals g;
	struct crowd crowd;

	crowd_begin(&crowd);
	crowd_run(&crowd);
	flows = traffic_flows(&crowd.traffic);
	CU_ASSERT_TRUE(crowd_gather(&crowd, &g));
	for (int reason = 0; reason < REASON_COUNT; reason++)
		CU_ASSERT_EQUAL(g.ledger.reasons[reason],
			traffic_count(&crowd.traffic, (enum reason)reason));
	g.ledger.received = PACKETS;
	CU_ASSERT_TRUE(ledger_closes(&g.ledger));
	for (uint32_t i = 0; i < PACKETS; i++)
		per_lane[lane_of(&crowd.traffic.packets[i], i)]++;
	for (uint32_t l = 0; l < LANES; l++)
		CU_ASSERT_EQUAL(g.worker_packets[l], per_lane[l]);
	CU_ASSERT_EQUAL(g.worker_packets[LANES], 0);
	CU_ASSERT_EQUAL(g.counters.flow_table_stats.made, flows);
	CU_ASSERT_EQUAL(g.counters.flow_table_stats.ended, flows);
	CU_ASSERT_EQUAL(g.counters.flow_table_stats.live, 0);
	CU_ASSERT_EQUAL(
		g.counters.flow_table_stats.peak, flows); /* none ended before the end */
	CU_ASSERT_EQUAL(g.outputs[RECORD_EVENT].offered, flows + STATS_OFFERED);
	CU_ASSERT_EQUAL(
		g.outputs[RECORD_EVENT].lost_queue, LANES * EVENTS_REFUSED + STATS_LOST);
	CU_ASSERT_EQUAL(g.outputs[RECORD_EVENT].written, 0); /* no writer in between */
	CU_ASSERT_TRUE(g.outputs[RECORD_FLOW_LOG].offered > 0);
	CU_ASSERT_EQUAL(g.outputs[RECORD_FLOW_LOG].lost_queue, 0);
	CU_ASSERT_EQUAL(g.n_rules, 0);
	CU_ASSERT_EQUAL(g.counters.lane_stats.direction_unknown,
		crowd.lanes[0]->direction_unknown + crowd.lanes[1]->direction_unknown +
			crowd.lanes[2]->direction_unknown);
	CU_ASSERT_FALSE(g.left_out || counters_limited(&g.counters));
	CU_ASSERT_EQUAL(g.counters.fragments_stats.fragments_overflow, 0);
	check_sessions(&g, &crowd.traffic);
	check_talkers(&g, &crowd.traffic);
	check_conversations(&g);
	run_totals_free(&g);
	crowd_end(&crowd);
}

/* Counts that each lane has of its own, as words: in each lane, and in the sum. */
struct words {
	const void *lanes[LANES];
	const void *sum;
	size_t n;
};

static void words_set(const struct words *w)
{
	static const uint64_t weight[LANES] = {1, 100, 10000};

	for (int l = 0; l < LANES; l++)
		for (size_t i = 0; i < w->n; i++)
			((uint64_t *)(uintptr_t)w->lanes[l])[i] = (i + 1) * weight[l];
}

static void words_check(const struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		CU_ASSERT_EQUAL(((const uint64_t *)w->sum)[i], (i + 1) * 10101);
}

/* Whatever is left out, taken twice or from a neighbour shows in its sum. */
static void no_count_of_a_lane_is_left_out(void)
{
	struct flow_table_stats *flows[LANES];
	struct output_ledger *events[LANES];
	struct run_totals g;
	struct crowd crowd;
	enum { LEDGER, RECORDING, FLOWS, FLOW_LOGS, UNDIRECTED, KINDS };
	struct words words[KINDS] = {
		[LEDGER] = {.sum = g.ledger.reasons, .n = REASON_COUNT},
		[RECORDING] = {.sum = &g.counters.recorder_counts,
			.n = sizeof(struct recorder_counts) / 8},
		[FLOWS] = {.sum = &g.counters.flow_table_stats,
			.n = sizeof(struct flow_table_stats) / 8},
		[FLOW_LOGS] = {.sum = &g.counters.aggregates_stats,
			.n = sizeof(struct aggregates_stats) / 8},
		[UNDIRECTED] = {.sum = &g.counters.lane_stats.direction_unknown, .n = 1},
	};

	crowd_begin(&crowd);
	for (uint32_t l = 0; l < LANES; l++) {
		struct lane *lane = crowd.lanes[l];

		flows[l] = (struct flow_table_stats *)(uintptr_t)flow_table_stats(lane->flows);
		events[l] = (struct output_ledger *)(uintptr_t)exporter_ledger(
			lane->exporter, RECORD_EVENT);
		words[LEDGER].lanes[l] = lane->ledger.reasons;
		words[RECORDING].lanes[l] = &lane->recording;
		words[FLOWS].lanes[l] = flows[l];
		words[FLOW_LOGS].lanes[l] = exporter_aggregates(lane->exporter);
		words[UNDIRECTED].lanes[l] = &lane->direction_unknown;
		*events[l] = (struct output_ledger){
			.offered = 1u << l, .by_policy = 10u << l, .lost_queue = 100u << l};
	}
	for (int k = 0; k < KINDS; k++)
		words_set(&words[k]);
	CU_ASSERT_TRUE(crowd_gather(&crowd, &g));
	for (int k = 0; k < KINDS; k++)
		words_check(&words[k]);
	CU_ASSERT_EQUAL(g.outputs[RECORD_EVENT].offered, 7 + STATS_OFFERED);
	CU_ASSERT_EQUAL(g.outputs[RECORD_EVENT].by_policy, 70);
	CU_ASSERT_EQUAL(g.outputs[RECORD_EVENT].lost_queue, 700 + STATS_LOST);
	run_totals_free(&g);
	crowd_end(&crowd);
}

/* A sink gets events of both kinds, and has one ledger, which closes: what no worker sent on, what the
 * sink lost, what was left out. */
static void the_ledger_of_a_sink_has_both_kinds_of_events(void)
{
	static const struct output_ledger each[RECORD_KIND_COUNT] = {
		[RECORD_EVENT] = {.offered = 5, .lost_queue = 1},
		[RECORD_TRANSACTION_EVENT] = {.offered = 9, .by_policy = 2, .lost_queue = 3},
	};
	const uint64_t offered = LANES * (5 + 9) + STATS_OFFERED;
	struct run_totals g;
	struct crowd crowd;
	struct summary summary;
	struct error error = {0};
	const struct output_ledger *l = &g.sinks[0].ledger;

	crowd_begin(&crowd);
	rig_set(&crowd.rig, "events.socket=/nonexistent/collector");
	rig_set(&crowd.rig, "dpi.enabled=true"); /* or there are no transactions */
	CU_ASSERT_TRUE(output_close(crowd.rig.output));
	crowd.rig.output = output_open(crowd.rig.dir, &crowd.rig.settings, true, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(crowd.rig.output);
	CU_ASSERT_TRUE(output_add_sinks(crowd.rig.output, &crowd.rig.settings, false, &error));
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
		uint64_t n = LANES * (each[kind].offered - each[kind].by_policy -
					     each[kind].lost_queue);

		for (uint32_t lane = 0; lane < LANES; lane++)
			*(struct output_ledger *)(uintptr_t)exporter_ledger(
				crowd.lanes[lane]->exporter, (enum record_kind)kind) =
				each[kind];
		if (kind == RECORD_EVENT)
			n += STATS_OFFERED - STATS_LOST;
		for (uint64_t i = 0; i < n; i++)
			output_write(crowd.rig.output, (enum record_kind)kind, 0, "{}\n", 3);
	}
	CU_ASSERT_FALSE(output_stop_sinks(crowd.rig.output, 1));
	CU_ASSERT_TRUE(output_flush(crowd.rig.output));
	CU_ASSERT_TRUE(crowd_gather(&crowd, &g));
	CU_ASSERT_EQUAL(g.n_sinks, 1);
	CU_ASSERT_EQUAL(l->offered, offered);
	CU_ASSERT_EQUAL(l->by_policy, LANES * 2);
	CU_ASSERT_EQUAL(l->offered, l->written + l->by_policy + l->lost_queue + l->lost_disk);
	l = &g.outputs[RECORD_TRANSACTION_EVENT];
	CU_ASSERT_EQUAL(l->written, LANES * 4);
	CU_ASSERT_EQUAL(l->offered, l->written + l->by_policy + l->lost_queue + l->lost_disk);
	summary = run_totals_summary(&g, &crowd.rig.settings, crowd.lanes, LANES);
	CU_ASSERT_EQUAL(summary.n_outputs, 5);
	CU_ASSERT_STRING_EQUAL(summary.outputs[1].name, "transactions");
	CU_ASSERT_TRUE(summary.outputs[1].enabled);
	CU_ASSERT_EQUAL(summary.outputs[1].ledger.written, LANES * 4);
	run_totals_free(&g);
	crowd_end(&crowd);
}

/* No lane's table is full, but all sessions together are more than one table holds: with one
 * worker they would not have fitted. */
static void sessions_that_fit_in_no_single_table(void)
{
	struct run_totals g;
	struct crowd crowd;

	crowd_begin(&crowd);
	for (uint32_t i = 0; i < 30; i++) {
		const struct traffic_packet *from = &crowd.traffic.packets[0];
		uint8_t bytes[MIRROR_FRAME_ROOM];
		struct packet p;
		enum reason why;

		memcpy(bytes, from->bytes, sizeof(bytes));
		bytes[29] = (uint8_t)(10 + i);
		p = mirror_frame_packet(bytes, from->len, from->time_ns);
		pipeline_packets(crowd.lanes[i % LANES], &p, 1, TRAFFIC_START_NS, &why);
	}
	crowd.rig.settings.sessions.capacity = 16;
	for (uint32_t l = 0; l < LANES; l++)
		CU_ASSERT_FALSE(rig_limited(crowd.lanes[l]));
	CU_ASSERT_TRUE(crowd_gather(&crowd, &g));
	CU_ASSERT_TRUE(counters_limited(&g.counters));
	CU_ASSERT_EQUAL(session_table_count(g.sessions), 16);
	run_totals_free(&g);
	crowd_end(&crowd);
}

static void without_memory(void)
{
	bool ok = false;
	unsigned nth = 0;
	struct run_totals g;
	struct crowd crowd;

	crowd_begin(&crowd);
	crowd_run(&crowd);
	while (!ok && nth < 100) {
		hooks_fail_allocation(++nth);
		ok = crowd_gather(&crowd, &g);
		CU_ASSERT_EQUAL(ok, !hooks_allocation_failed());
		run_totals_free(&g);
	}
	hooks_fail_allocation(0);
	CU_ASSERT_TRUE(nth > 5);
	crowd_end(&crowd);
}

void suite_run_totals(void);
void suite_run_totals(void)
{
	CU_pSuite s = CU_add_suite("run_totals", NULL, NULL);

	CU_ADD_TEST(s, the_sums_are_those_of_the_parts);
	CU_ADD_TEST(s, no_count_of_a_lane_is_left_out);
	CU_ADD_TEST(s, the_ledger_of_a_sink_has_both_kinds_of_events);
	CU_ADD_TEST(s, sessions_that_fit_in_no_single_table);
	CU_ADD_TEST(s, without_memory);
}
