/* Reload under load: lanes run as fast as they can while configurations with opposite verdicts on
 * every rule replace each other. Each packet's verdict must be the one of the generation that it
 * carries, no packet may vanish, and nothing of a retired configuration may be touched: the model
 * is read anew for every generation and destroyed after it, where ASan and TSan look on. */
#include <CUnit/Basic.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "config/thread/backoff.h"
#include "dataplane/pipeline/lane.h"
#include "dataplane/support/eal_once.h"
#include "dataplane/support/mirror_frame.h"
#include "support/drawer.h"
#include "support/scratch.h"

enum {
	SWAPS = 2000,
	LANES = 2,
	RULES = 16, /* per direction: the first half IPv4, the others IPv6 */
	DIRECTIONS = 2,
	MODELS = 2,
	FRAMES = 3 * (DIRECTIONS * RULES + 1) + 1,
	TEXT = 16384,
	TCP = 6,
	UDP = 17,
	NO_RULE = DIRECTIONS * RULES,
};

/* What a frame must become under either configuration. */
struct expectation {
	enum reason reason;
	uint32_t rule_number;
};

struct frame {
	uint8_t bytes[MIRROR_FRAME_ROOM];
	uint32_t len, ip_len;
	uint32_t rule; /* of either configuration; NO_RULE: none */
	struct expectation expect[MODELS];
};

struct load {
	pthread_t thread;
	struct lane *lane;
	const struct frame *frames;
	atomic_bool *stop;
	uint64_t packets, wrong, mixed, backwards, generations;
	struct drawer drawer;
	struct rule_hits hits[MODELS][NO_RULE + 1];
};

struct world {
	struct settings settings[MODELS];
	const char *path[MODELS];
	char text[MODELS][TEXT];
	struct frame frames[FRAMES];
	struct load loads[LANES];
	struct snapshot_slot slot;
	struct model *model; /* of the current snapshot */
	struct rule_hits retired[MODELS][NO_RULE];
	atomic_bool stop;
};

/* Configuration 0 has the odd generations. */
static unsigned model_of(uint64_t generation)
{
	return generation % 2 ? 0 : 1;
}

static bool accepts(unsigned config, unsigned direction, unsigned rule)
{
	return (config + direction + rule) % 2 == 0;
}

/* ---- the two settings files ---- */

static void add_rule(FILE *out, unsigned config, unsigned direction, unsigned rule)
{
	const char *cidr = rule < RULES / 2 ? "0.0.0.0/0" : "\"::/0\"";

	fprintf(out,
		"      - {rule_number: %u, traffic_direction: %s, rule_action: %s, protocol: "
		"%u, "
		"source_cidr_block: %s, destination_cidr_block: %s, destination_port_range: "
		"{from_port: %u, to_port: %u}}\n",
		10 * (rule + 1), direction ? "egress" : "ingress",
		accepts(config, direction, rule) ? "accept" : "reject",
		rule % 2 ? (unsigned)UDP : (unsigned)TCP, cidr, cidr, 1000 + rule, 1000 + rule);
}

static void add_interface(FILE *out, unsigned number)
{
	fprintf(out,
		"  - {id: eni-%u, mac_address: \"02:00:00:00:00:0%u\", private_ip_addresses: "
		"[10.0.0.%u]}\n",
		number, number, number);
}

static void add_session(FILE *out, unsigned number)
{
	fprintf(out,
		"  - {id: tms-%u, session_number: 1, virtual_network_id: 4%u, "
		"network_interface_id: eni-%u, traffic_mirror_filter_id: tmf-1}\n",
		number, number, number);
}

/* Configuration 1 does not know session 2, and refuses what it does not know. */
static void write_settings(struct world *w, unsigned config)
{
	FILE *out = fmemopen(w->text[config], TEXT, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fprintf(out, "sessions: {unknown: %s}\n", config ? "refuse" : "inspect");
	fprintf(out, "flow: {capacity: 16384, idle_timeout: 1s}\n");
	fprintf(out, "dpi: {enabled: false}\n"); /* nDPI knows nothing of configurations */
	fprintf(out, "traffic_mirror_filters:\n  - id: tmf-1\n    rules:\n");
	for (unsigned d = 0; d < DIRECTIONS; d++)
		for (unsigned r = 0; r < RULES; r++)
			add_rule(out, config, d, r);
	fprintf(out, "network_interfaces:\n");
	add_interface(out, 1);
	add_interface(out, 2);
	fprintf(out, "traffic_mirror_sessions:\n");
	add_session(out, 1);
	if (config == 0)
		add_session(out, 2);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
}

/* ---- the frames, each with what must become of it ---- */

static struct expectation by_rule(unsigned config, unsigned direction, unsigned rule)
{
	if (rule == RULES)
		return (struct expectation){REASON_rule_none, 0};
	return (struct expectation){
		accepts(config, direction, rule) ? REASON_inspected : REASON_rule_rejected,
		10 * (rule + 1)};
}

/* `rule` RULES: a packet that no rule matches. */
static void make_frame(struct frame *frame, unsigned session, unsigned direction, unsigned rule)
{
	bool v6 = rule >= RULES / 2;
	char source[16];
	struct mirror_frame spec = {
		.outer_src = source,
		.vni = 40 + session,
		.src_mac = (uint8_t)(direction ? session : 9),
		.dst_mac = (uint8_t)(direction ? 9 : session),
		.src = v6 ? "2001:db8::1" : "192.0.2.1",
		.dst = v6 ? "2001:db8::2" : "192.0.2.2",
		.protocol = rule % 2 ? UDP : TCP,
		.src_port = (uint16_t)(4000 + rule),
		.dst_port = (uint16_t)(1000 + rule),
		.payload = (uint16_t)(rule + session),
	};

	snprintf(source, sizeof(source), "10.0.0.%u", session);
	frame->len = mirror_frame_write(&spec, frame->bytes);
	frame->ip_len = mirror_frame_ip_len(&spec);
	frame->rule = rule == RULES ? (uint32_t)NO_RULE : direction * RULES + rule;
}

static void expect_of_session(
	struct frame *frame, unsigned session, unsigned direction, unsigned rule)
{
	const struct expectation unknown = {REASON_session_unknown, 0};

	for (unsigned config = 0; config < MODELS; config++)
		frame->expect[config] = by_rule(config, direction, rule);
	if (session == 2)
		frame->expect[1] = unknown;
	if (session == 3) {
		frame->expect[0] = (struct expectation){REASON_inspected, 0};
		frame->expect[1] = unknown;
		frame->rule = NO_RULE;
	}
}

static void make_frames(struct world *w)
{
	unsigned n = 0;

	for (unsigned session = 1; session <= 3; session++)
		for (unsigned i = 0; i <= DIRECTIONS * RULES; i++) {
			unsigned direction = i / RULES % DIRECTIONS;
			unsigned rule = i == DIRECTIONS * RULES ? RULES : i % RULES;

			make_frame(&w->frames[n], session, direction, rule);
			expect_of_session(&w->frames[n++], session, direction, rule);
		}
	/* One that ends before any session is asked. */
	w->frames[n] = w->frames[0];
	w->frames[n].len = 30;
	w->frames[n].rule = NO_RULE;
	for (unsigned config = 0; config < MODELS; config++)
		w->frames[n].expect[config] = (struct expectation){REASON_outer_cut, 0};
	CU_ASSERT_EQUAL_FATAL(n + 1, FRAMES);
}

/* ---- a lane under load ---- */

static void judge_packet(struct load *load, const struct frame *frame, const struct packet *p,
	enum reason why, uint64_t generation)
{
	unsigned config = model_of(generation);
	const struct expectation *want = &frame->expect[config];
	bool names_rule = p->flags & PACKET_FILTERED && p->rule_number != 0;

	load->mixed += p->generation != (uint32_t)generation;
	load->wrong += why != want->reason;
	load->wrong += (names_rule ? p->rule_number : 0) != want->rule_number;
	if (want->rule_number) {
		load->hits[config][frame->rule].packets++;
		load->hits[config][frame->rule].bytes += frame->ip_len;
	}
}

static void run_burst(struct load *load, uint32_t *at, uint64_t now, uint64_t *generation)
{
	struct packet packets[BURST_MAX];
	const struct frame *from[BURST_MAX];
	enum reason why[BURST_MAX];

	for (uint32_t i = 0; i < BURST_MAX; i++) {
		from[i] = &load->frames[*at];
		*at = (*at + 1) % FRAMES;
		packets[i] = mirror_frame_packet(from[i]->bytes, from[i]->len, now);
		packets[i].wire = from[i]->len < 60 ? 60 : from[i]->len;
		packets[i].generation = UINT32_MAX;
	}
	pipeline_packets(load->lane, packets, BURST_MAX, now, why);
	load->backwards += packets[0].generation < *generation;
	load->generations += packets[0].generation != *generation;
	*generation = packets[0].generation;
	for (uint32_t i = 0; i < BURST_MAX; i++)
		judge_packet(load, from[i], &packets[i], why[i], *generation);
	load->packets += BURST_MAX;
	flow_table_expire(load->lane->flows, now, BURST_MAX);
}

static void *run_load(void *ctx)
{
	struct load *load = ctx;
	uint64_t now = UINT64_C(1700000000000000000), generation = 0;
	uint32_t at = load->lane->index;

	while (!atomic_load_explicit(load->stop, memory_order_relaxed)) {
		run_burst(load, &at, now, &generation);
		now += 7000000; /* flows end by themselves now and then, and are reported */
	}
	lane_end(load->lane, now, FLOW_END_OF_INPUT);
	return NULL;
}

/* ---- the control thread ---- */

static struct snapshot *make_snapshot(struct world *w, uint64_t generation)
{
	unsigned config = model_of(generation);
	struct report report = {0};
	struct snapshot *snapshot;
	struct error error;

	w->model = model_load(w->path[config], &w->settings[config], &report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->model);
	report_fini(&report);
	snapshot = snapshot_create(
		w->model, NULL, &w->settings[config], generation, LANES, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(snapshot);
	CU_ASSERT_EQUAL_FATAL(filter_rule_count(snapshot->filter), NO_RULE);
	return snapshot;
}

static void retire(struct world *w, struct snapshot *snapshot, struct model *model)
{
	for (uint32_t r = 0; r < NO_RULE; r++) {
		struct rule_hits hits = snapshot_rule_hits(snapshot, r);
		struct rule_hits *sum = &w->retired[model_of(snapshot->generation)][r];

		sum->packets += hits.packets;
		sum->bytes += hits.bytes;
	}
	snapshot_destroy(snapshot);
	model_destroy(model);
}

static void swap(struct world *w, uint64_t generation)
{
	struct model *old_model = w->model;
	struct snapshot *old = snapshot_publish(&w->slot, make_snapshot(w, generation));

	CU_ASSERT_EQUAL(old->generation, generation - 1);
	for (unsigned i = 0; i < LANES; i++) {
		struct backoff wait = {0};

		while (!snapshot_is_past(&w->loads[i].lane->reader, generation))
			backoff_wait(&wait);
	}
	retire(w, old, old_model);
}

static void start_loads(struct world *w)
{
	struct error error;

	for (unsigned i = 0; i < LANES; i++) {
		struct load *load = &w->loads[i];
		const struct lane_params params = {.settings = &w->settings[0],
			.index = i,
			.n_lanes = LANES,
			.sink = drawer_sink(&load->drawer),
			.slot = &w->slot};

		load->frames = w->frames;
		load->stop = &w->stop;
		load->lane = lane_create(&params, &error);
		CU_ASSERT_PTR_NOT_NULL_FATAL(load->lane);
	}
	for (unsigned i = 0; i < LANES; i++)
		CU_ASSERT_EQUAL_FATAL(
			pthread_create(&w->loads[i].thread, NULL, run_load, &w->loads[i]), 0);
}

static void check_load(const struct load *load)
{
	const struct ledger *ledger = &load->lane->ledger;
	uint64_t sum = 0;

	for (int reason = 0; reason < REASON_COUNT; reason++)
		sum += ledger->reasons[reason];
	CU_ASSERT_EQUAL(load->wrong, 0);
	CU_ASSERT_EQUAL(load->mixed, 0);
	CU_ASSERT_EQUAL(load->backwards, 0);
	CU_ASSERT_EQUAL(load->lane->packets, load->packets);
	CU_ASSERT_EQUAL(sum, load->packets);
	/* The first may be over before a lane's first burst. */
	CU_ASSERT_TRUE(load->generations >= SWAPS);
	CU_ASSERT_TRUE(load->drawer.n[RECORD_FLOW] > 0);
	CU_ASSERT_EQUAL(flow_table_stats(load->lane->flows)->live, 0);
}

/* What the snapshots counted is what the lanes saw. */
static void check_hits(const struct world *w)
{
	for (unsigned config = 0; config < MODELS; config++)
		for (unsigned r = 0; r < NO_RULE; r++) {
			struct rule_hits sum = {0, 0};

			for (unsigned i = 0; i < LANES; i++) {
				sum.packets += w->loads[i].hits[config][r].packets;
				sum.bytes += w->loads[i].hits[config][r].bytes;
			}
			CU_ASSERT_TRUE(sum.packets > 0);
			CU_ASSERT_EQUAL(w->retired[config][r].packets, sum.packets);
			CU_ASSERT_EQUAL(w->retired[config][r].bytes, sum.bytes);
		}
}

static void settings_begin(struct world *w)
{
	static const char *const names[MODELS] = {"even.yaml", "odd.yaml"};
	struct error error;

	for (unsigned config = 0; config < MODELS; config++) {
		write_settings(w, config);
		w->path[config] = strdup(scratch_write(names[config], w->text[config]));
		settings_init(&w->settings[config]);
		CU_ASSERT_EQUAL_FATAL(
			settings_load(&w->settings[config], w->path[config], &error), 0);
	}
}

static void settings_end(struct world *w)
{
	for (unsigned config = 0; config < MODELS; config++) {
		settings_fini(&w->settings[config]);
		free((void *)(uintptr_t)w->path[config]);
	}
}

static void verdicts_follow_the_generation(void)
{
	struct world *w = calloc(1, sizeof(*w));

	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	settings_begin(w);
	make_frames(w);
	atomic_init(&w->slot.current, make_snapshot(w, 1));
	start_loads(w);
	for (uint64_t generation = 2; generation < 2 + SWAPS; generation++)
		swap(w, generation);
	atomic_store(&w->stop, true);
	for (unsigned i = 0; i < LANES; i++)
		CU_ASSERT_EQUAL(pthread_join(w->loads[i].thread, NULL), 0);
	retire(w, atomic_load(&w->slot.current), w->model);
	for (unsigned i = 0; i < LANES; i++)
		check_load(&w->loads[i]);
	check_hits(w);
	for (unsigned i = 0; i < LANES; i++)
		lane_destroy(w->loads[i].lane);
	settings_end(w);
	free(w);
}

static int start(void)
{
	return scratch_setup() || eal_once();
}

void suite_reload(void);
void suite_reload(void)
{
	CU_pSuite s = CU_add_suite("reload", start, scratch_teardown);

	CU_ADD_TEST(s, verdicts_follow_the_generation);
}
