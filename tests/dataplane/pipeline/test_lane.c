/* A lane and its pipeline by themselves: bursts of every size and kind, and each limit that a lane
 * can hit. The verdicts of filters are tests/dataplane/pipeline/test_filter_ask.c's. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "dataplane/support/hooks.h"
#include "dataplane/support/rig.h"
#include "dataplane/support/traffic.h"
#include "support/drawer.h"

enum { ALL_SIZES = BURST_MAX * (BURST_MAX + 1) / 2, MODEL_PAYLOAD = 16 };

/* Where bytes stand in a frame of IPv4 in VXLAN. */
enum {
	OUTER_SOURCE = 26,
	INNER_IP = FRAME_MIRROR + 14,
	INNER_ID = INNER_IP + 4,
	INNER_SOURCE = INNER_IP + 12,
	INNER_PORTS = INNER_IP + 20,
};

struct bench {
	struct settings settings;
	struct snapshot_slot slot;
	struct lane *lane;
	struct drawer drawer;
	struct sink facts; /* without `take` by default */
};

static void bench_set(struct bench *bench, const char *assignment)
{
	struct error error;

	CU_ASSERT_EQUAL_FATAL(settings_set(&bench->settings, assignment, &error), 0);
}

/* The smallest tables. */
static void bench_begin(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	settings_init(&bench->settings);
	bench_set(bench, "flow.capacity=1024");
	bench_set(bench, "sessions.capacity=16");
	bench_set(bench, "dpi.enabled=false");
}

static void bench_lane(struct bench *bench, enum decap_mode mode)
{
	rig_snapshot(&bench->slot, &bench->settings, 1);
	bench->lane = rig_lane(&bench->settings, &bench->slot, 0, 1, mode,
		drawer_sink(&bench->drawer), bench->facts);
}

static void bench_end(struct bench *bench)
{
	lane_end(bench->lane, TRAFFIC_START_NS, FLOW_END_OF_INPUT);
	CU_ASSERT_EQUAL(
		bench->drawer.n[RECORD_FLOW], flow_table_stats(bench->lane->flows)->ended);
	lane_destroy(bench->lane);
	snapshot_destroy(snapshot_publish(&bench->slot, NULL));
	settings_fini(&bench->settings);
}

static struct packet packet_of(const struct traffic_packet *from, uint64_t number)
{
	struct packet p = mirror_frame_packet(from->bytes, from->len, from->time_ns);

	p.wire = from->wire;
	p.number = number;
	return p;
}

/* ---- every size, every kind ---- */

static enum reason as_it_is(const struct traffic_packet *p)
{
	return p->reason;
}

/* No session is configured: what names one is refused, whatever it carries. */
static enum reason when_refused(const struct traffic_packet *p)
{
	if (p->reason == REASON_inspected || p->reason == REASON_inner_not_ip)
		return REASON_session_unknown;
	return p->reason;
}

static void check_burst(struct lane *lane, const struct traffic_packet *from, uint32_t n,
	uint64_t *received, bool decapsulated,
	enum reason (*want)(const struct traffic_packet *))
{
	struct packet packets[BURST_MAX];
	enum reason why[BURST_MAX];
	struct pipeline_burst burst = pipeline_own(packets, n, why);
	struct decap_met met = {0};
	struct ledger before = lane->ledger;
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < n; i++)
		packets[i] = packet_of(&from[i], *received + i + 1);
	memset(why, 0xff, sizeof(why));
	burst.decapsulated = decapsulated;
	for (uint32_t i = 0; decapsulated && i < n; i++) {
		why[i] = decap_packet(&lane->decap, &packets[i], &met);
		if (why[i] == REASON_inspected && packets[i].flags & PACKET_FRAGMENT &&
			!fragment_table_packet(lane->fragments, &packets[i]))
			packets[i].flags |= PACKET_NO_PORTS;
	}
	pipeline_run(lane, &burst, from[0].time_ns);
	*received += n;
	for (uint32_t i = 0; i < n; i++) {
		wrong += why[i] != want(&from[i]);
		before.reasons[want(&from[i])]++;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(
		memcmp(before.reasons, lane->ledger.reasons, sizeof(before.reasons)), 0);
	CU_ASSERT_EQUAL(lane->packets, *received);
	before.received = *received;
	CU_ASSERT_TRUE(ledger_closes(&before));
}

/* Sizes 1 to 64; each begins at another kind of packet than the one before. */
static void run_all_sizes(struct bench *bench, bool decapsulated,
	enum reason (*want)(const struct traffic_packet *))
{
	struct traffic traffic = traffic_make(ALL_SIZES);
	uint64_t received = 0;

	for (uint32_t n = 1; n <= BURST_MAX; n++)
		check_burst(bench->lane, &traffic.packets[received], n, &received, decapsulated,
			want);
	CU_ASSERT_EQUAL(received, ALL_SIZES);
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		uint64_t n = 0;

		for (uint32_t i = 0; i < traffic.n; i++)
			n += want(&traffic.packets[i]) == (enum reason)reason;
		CU_ASSERT_EQUAL(bench->lane->ledger.reasons[reason], n);
	}
	traffic_free(&traffic);
}

/* Decapsulated in the pipeline, or before it. */
static void bursts_of_every_size_that(bool decapsulated)
{
	struct traffic traffic = traffic_make(ALL_SIZES);
	struct bench bench;

	bench_begin(&bench);
	bench_lane(&bench, DECAP_MIRROR);
	run_all_sizes(&bench, decapsulated, as_it_is);
	CU_ASSERT_EQUAL(flow_table_stats(bench.lane->flows)->made, traffic_flows(&traffic));
	CU_ASSERT_FALSE(rig_limited(bench.lane));
	/* No session has an interface; only sources' own addresses tell a direction. */
	CU_ASSERT_TRUE(
		bench.lane->direction_unknown <= traffic_count(&traffic, REASON_inspected));
	bench_end(&bench);
	traffic_free(&traffic);
}

static void bursts_of_every_size(void)
{
	bursts_of_every_size_that(false);
	bursts_of_every_size_that(true);
}

static void unknown_sessions_refused_that(bool decapsulated)
{
	struct bench bench;
	uint64_t named = 0;

	bench_begin(&bench);
	bench_set(&bench, "sessions.unknown=refuse");
	bench_lane(&bench, DECAP_MIRROR);
	run_all_sizes(&bench, decapsulated, when_refused);
	CU_ASSERT_EQUAL(flow_table_stats(bench.lane->flows)->made, 0);
	for (uint32_t i = 0; i < session_table_count(bench.lane->sessions); i++)
		named += session_table_get(bench.lane->sessions, i)->packets;
	CU_ASSERT_TRUE(named > 0);
	CU_ASSERT_EQUAL(named, bench.lane->ledger.reasons[REASON_session_unknown]);
	CU_ASSERT_FALSE(rig_limited(bench.lane));
	bench_end(&bench);
}

static void unknown_sessions_refused(void)
{
	unknown_sessions_refused_that(false);
	unknown_sessions_refused_that(true);
}

/* In plain mode the mirror packets are UDP packets like others: the flow is the outer one. */
static void plain_takes_nothing_off(void)
{
	struct traffic traffic = traffic_make(BURST_MAX);
	struct packet packets[BURST_MAX];
	enum reason why[BURST_MAX];
	uint32_t wrong = 0;
	struct bench bench;

	bench_begin(&bench);
	bench_lane(&bench, DECAP_PLAIN);
	for (uint32_t i = 0; i < BURST_MAX; i++)
		packets[i] = packet_of(&traffic.packets[i], i + 1);
	pipeline_packets(bench.lane, packets, BURST_MAX, TRAFFIC_START_NS, why);
	for (uint32_t i = 0; i < BURST_MAX; i++) {
		wrong += why[i] != REASON_inspected || packets[i].protocol != 17;
		wrong += packets[i].flags & PACKET_HAS_VNI ||
			 packets[i].frame != packets[i].data;
		wrong +=
			packets[i].session != SESSION_NONE || packets[i].tenant != TENANT_PLAIN;
		wrong += packets[i].direction != DIRECTION_UNKNOWN;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(bench.lane->direction_unknown, 0);
	CU_ASSERT_EQUAL(session_table_count(bench.lane->sessions), 0);
	/* Four sources, one of the packets (number 26) to another port. */
	CU_ASSERT_EQUAL(flow_table_stats(bench.lane->flows)->made, 5);
	bench_end(&bench);
	traffic_free(&traffic);
}

/* The same id for all packets of a flow and for no others; none where nothing is recorded. */
static void flow_ids_when_recording(void)
{
	for (int records = 0; records < 2; records++) {
		struct traffic traffic = traffic_make(512);
		uint64_t ids[TRAFFIC_SOURCES * TRAFFIC_PAIRS] = {0};
		uint32_t wrong = 0, shared = 0;
		struct bench bench;

		bench_begin(&bench);
		bench_lane(&bench, DECAP_MIRROR);
		bench.lane->records = records;
		for (uint32_t i = 0; i < traffic.n; i++) {
			uint32_t flow = traffic.packets[i].flow;
			struct packet p = packet_of(&traffic.packets[i], i + 1);
			enum reason why;

			pipeline_packets(bench.lane, &p, 1, TRAFFIC_START_NS, &why);
			if (flow == TRAFFIC_NO_FLOW)
				continue;
			wrong += (p.flow_id != 0) != records;
			wrong += ids[flow] != 0 && ids[flow] != p.flow_id;
			ids[flow] = p.flow_id;
		}
		for (uint32_t a = 0; a < TRAFFIC_SOURCES * TRAFFIC_PAIRS; a++)
			for (uint32_t b = 0; b < a; b++)
				shared += ids[a] != 0 && ids[a] == ids[b];
		CU_ASSERT_EQUAL(wrong, 0);
		CU_ASSERT_EQUAL(shared, 0);
		bench_end(&bench);
		traffic_free(&traffic);
	}
}

/* ---- limits ---- */

/* A packet of UDP; `value` goes into four bytes at `at`. */
static struct traffic_packet numbered(uint32_t at, uint32_t value)
{
	const struct mirror_frame frame = {.outer_src = "10.0.0.1",
		.vni = 40,
		.src = "10.0.0.7",
		.dst = "192.0.2.9",
		.protocol = 17,
		.src_port = 2000,
		.dst_port = 3000,
		.payload = MODEL_PAYLOAD};
	struct traffic_packet p = {.time_ns = TRAFFIC_START_NS};

	p.len = p.wire = mirror_frame_write(&frame, p.bytes);
	for (int i = 0; i < 4; i++)
		p.bytes[at + (uint32_t)i] = (uint8_t)(value >> (24 - 8 * i));
	return p;
}

/* Runs `n` packets that differ in four bytes; returns how many ended for `reason`, and checks that
 * all others were inspected. */
static uint64_t run_numbered(
	struct bench *bench, uint32_t at, uint32_t first, uint32_t n, enum reason reason)
{
	uint64_t found = 0, other = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct traffic_packet from = numbered(at, first + i);
		struct packet p = packet_of(&from, i + 1);
		enum reason why;

		pipeline_packets(bench->lane, &p, 1, TRAFFIC_START_NS, &why);
		found += why == reason;
		other += why != reason && why != REASON_inspected;
	}
	CU_ASSERT_EQUAL(other, 0);
	return found;
}

static void full_of_young_flows(void)
{
	enum { FLOWS = 4096 };
	const struct flow_table_stats *stats;
	struct bench bench;
	uint64_t refused;

	bench_begin(&bench);
	bench_set(&bench, "flow.guard_time=60s");
	bench_lane(&bench, DECAP_MIRROR);
	CU_ASSERT_EQUAL(
		run_numbered(&bench, INNER_PORTS, 1u << 16, 64, REASON_flow_table_full), 0);
	CU_ASSERT_FALSE(rig_limited(bench.lane));
	refused = run_numbered(&bench, INNER_SOURCE, 0x0b000000, FLOWS, REASON_flow_table_full);
	stats = flow_table_stats(bench.lane->flows);
	CU_ASSERT_TRUE(refused >= FLOWS - 2048 && refused < FLOWS);
	CU_ASSERT_EQUAL(stats->refused, refused);
	CU_ASSERT_EQUAL(stats->evicted, 0);
	CU_ASSERT_EQUAL(stats->made, 64 + FLOWS - refused);
	CU_ASSERT_EQUAL(bench.lane->ledger.reasons[REASON_flow_table_full], refused);
	CU_ASSERT_TRUE(rig_limited(bench.lane));
	bench_end(&bench);
}

static void flows_evicted(void)
{
	struct bench bench;

	bench_begin(&bench);
	bench_set(&bench, "flow.guard_time=0s");
	bench_lane(&bench, DECAP_MIRROR);
	CU_ASSERT_EQUAL(
		run_numbered(&bench, INNER_SOURCE, 0x0b000000, 4096, REASON_flow_table_full),
		0);
	CU_ASSERT_TRUE(flow_table_stats(bench.lane->flows)->evicted > 0);
	CU_ASSERT_TRUE(rig_limited(bench.lane));
	bench_end(&bench);
}

static void sessions_past_the_bound(void)
{
	struct bench bench;

	bench_begin(&bench);
	bench_lane(&bench, DECAP_MIRROR);
	CU_ASSERT_EQUAL(
		run_numbered(&bench, OUTER_SOURCE, 0x0a000001, 16, REASON_session_unknown), 0);
	CU_ASSERT_FALSE(rig_limited(bench.lane));
	/* Inspected all the same, without a row. */
	CU_ASSERT_EQUAL(
		run_numbered(&bench, OUTER_SOURCE, 0x0a000011, 1, REASON_session_unknown), 0);
	CU_ASSERT_EQUAL(session_table_count(bench.lane->sessions), 16);
	CU_ASSERT_EQUAL(session_table_stats(bench.lane->sessions)->overflow, 1);
	CU_ASSERT_TRUE(rig_limited(bench.lane));
	/* Those that it knows still pass. */
	CU_ASSERT_EQUAL(
		run_numbered(&bench, OUTER_SOURCE, 0x0a000001, 16, REASON_session_unknown), 0);
	bench_end(&bench);
}

/* First fragments of many datagrams, within the time that they are remembered. */
static void fragments_past_the_bound(void)
{
	struct bench bench;

	bench_begin(&bench);
	bench_lane(&bench, DECAP_MIRROR);
	/* Identification, then the flag for more fragments and offset 0. */
	for (uint32_t id = 0; id < 100; id++)
		run_numbered(&bench, INNER_ID, id << 16 | 0x2000, 1, REASON_inspected);
	CU_ASSERT_FALSE(rig_limited(bench.lane));
	for (uint32_t id = 0; id < 65536; id++)
		run_numbered(&bench, INNER_ID, id << 16 | 0x2000, 1, REASON_inspected);
	CU_ASSERT_EQUAL(flow_table_stats(bench.lane->flows)->made, 1);
	CU_ASSERT_TRUE(fragment_table_overwritten(bench.lane->fragments) > 0);
	CU_ASSERT_TRUE(rig_limited(bench.lane));
	bench_end(&bench);
}

static struct record *refuse(void *ctx, enum record_type type, size_t len)
{
	(void)ctx;
	(void)type;
	(void)len;
	return NULL;
}

/* A flow that ended, and the correlator is not told of it. */
static void facts_that_are_refused(void)
{
	struct exporter_unheard unheard;
	struct bench bench;

	bench_begin(&bench);
	bench.facts.take = refuse;
	bench_lane(&bench, DECAP_MIRROR);
	run_numbered(&bench, INNER_SOURCE, 0x0b000000, 10, REASON_inspected);
	CU_ASSERT_FALSE(rig_limited(bench.lane));
	lane_end(bench.lane, TRAFFIC_START_NS, FLOW_END_OF_INPUT);
	unheard = exporter_unheard(bench.lane->exporter);
	CU_ASSERT_EQUAL(unheard.flows, 10);
	CU_ASSERT_TRUE(unheard.bytes >= 10 * 28);
	CU_ASSERT_TRUE(rig_limited(bench.lane));
	bench_end(&bench);
}

static void inspection_past_its_memory(void)
{
	static const char *const limits[] = {"dpi.memory_limit=0", "dpi.memory_limit=16KiB"};

	for (int limited = 0; limited < 2; limited++) {
		struct bench bench;

		bench_begin(&bench);
		bench_set(&bench, "dpi.enabled=true");
		bench_set(&bench, limits[limited]);
		bench_lane(&bench, DECAP_MIRROR);
		run_numbered(&bench, INNER_SOURCE, 0x0b000000, 512, REASON_inspected);
		CU_ASSERT_EQUAL(flow_table_stats(bench.lane->flows)->evicted, 0);
		CU_ASSERT_EQUAL(rig_limited(bench.lane), limited);
		CU_ASSERT_EQUAL(bench.lane->ledger.reasons[REASON_inspected], 512);
		bench_end(&bench);
	}
}

/* Each allocation fails in turn. Without DPI: the start of nDPI 4.2 does not survive it. */
static void without_memory(void)
{
	struct lane_params params = {.n_lanes = 1};
	unsigned nth = 0;
	struct bench bench;

	bench_begin(&bench);
	rig_snapshot(&bench.slot, &bench.settings, 1);
	params.sink = drawer_sink(&bench.drawer);
	params.settings = &bench.settings;
	params.slot = &bench.slot;
	while (!bench.lane && nth < 100) {
		struct error error = {0};

		hooks_fail_allocation(++nth);
		bench.lane = lane_create(&params, &error);
		CU_ASSERT_TRUE(bench.lane || error.text[0]);
		CU_ASSERT_EQUAL(bench.lane == NULL, hooks_allocation_failed());
	}
	hooks_fail_allocation(0);
	CU_ASSERT_TRUE(nth > 5);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bench.lane);
	bench_end(&bench);
	lane_destroy(NULL);
}

void suite_lane(void);
void suite_lane(void)
{
	CU_pSuite s = CU_add_suite("lane", NULL, NULL);

	CU_ADD_TEST(s, bursts_of_every_size);
	CU_ADD_TEST(s, unknown_sessions_refused);
	CU_ADD_TEST(s, plain_takes_nothing_off);
	CU_ADD_TEST(s, flow_ids_when_recording);
	CU_ADD_TEST(s, full_of_young_flows);
	CU_ADD_TEST(s, flows_evicted);
	CU_ADD_TEST(s, sessions_past_the_bound);
	CU_ADD_TEST(s, fragments_past_the_bound);
	CU_ADD_TEST(s, facts_that_are_refused);
	CU_ADD_TEST(s, inspection_past_its_memory);
	CU_ADD_TEST(s, without_memory);
}
