/* Verdicts that flows remember, held against the naive evaluator: random packets of few ends, by
 * two sessions of one tenant that have different filters, while configurations of random rules
 * replace each other and the verdicts' numbers begin anew. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "config/model/evaluate.h"
#include "dataplane/pipeline/lane.h"
#include "dataplane/support/eal_once.h"
#include "dataplane/support/mirror_frame.h"
#include "support/drawer.h"
#include "support/random.h"
#include "support/scratch.h"

enum { BURSTS = 6000, BURSTS_A_MODEL = 100, SESSIONS = 2, RULES = 6 };
enum { ENDS = 3, PORTS = 3, TCP = 6, UDP = 17 };

#define NOW UINT64_C(1700000000000000000)

static const char *const ends[] = {"192.0.2.1", "192.0.2.2", "169.254.169.253"};
static const uint16_t ports[] = {0, 53, 443};

/* One configuration, and what its rules were hit by. */
struct epoch {
	struct settings settings;
	struct model *model;
	struct snapshot *snapshot;
	struct rule_hits hits[2 * SESSIONS * RULES + 1];
};

struct world {
	struct epoch *epoch;
	struct snapshot_slot slot;
	struct lane *lane;
	struct drawer drawer;
	struct random random;
	uint64_t generation, remembered, recalled_refused;
};

static uint32_t draw(struct world *w, uint32_t below)
{
	return random_below(&w->random, below);
}

static void write_cidr(struct world *w, FILE *out, const char *key)
{
	const char *end = ends[draw(w, ENDS)];
	bool any = draw(w, 2);

	fprintf(out, ", %s: %s/%d", key, any ? "0.0.0.0" : end, any ? 0 : 32);
}

static void write_ports(struct world *w, FILE *out, const char *key)
{
	uint16_t from = ports[draw(w, PORTS)];

	if (draw(w, 2) == 0)
		fprintf(out, ", %s: {from_port: %u, to_port: %u}", key, from,
			from + draw(w, 600));
}

static void write_rules(struct world *w, FILE *out, const char *direction, uint32_t accepting)
{
	for (uint32_t r = 1; r <= RULES; r++) {
		fprintf(out, "      - {rule_number: %u, traffic_direction: %s, rule_action: %s",
			r * 10, direction, draw(w, 4) < accepting ? "accept" : "reject");
		fprintf(out, ", protocol: %d", draw(w, 3) ? TCP : UDP);
		write_cidr(w, out, "source_cidr_block");
		write_cidr(w, out, "destination_cidr_block");
		write_ports(w, out, "source_port_range");
		write_ports(w, out, "destination_port_range");
		fprintf(out, "}\n");
	}
}

static const char *write_settings(struct world *w)
{
	static char text[16384];
	FILE *out = fmemopen(text, sizeof(text), "w");
	uint32_t accepting = 1 + draw(w, 4);

	fprintf(out, "dpi: {enabled: false}\nflow: {capacity: 2048, idle_timeout: 1s}\n"
		     "tenants: [{name: both, virtual_network_ids: [41, 42]}]\n"
		     "network_interfaces:\n");
	for (int s = 1; s <= SESSIONS; s++)
		fprintf(out,
			"  - {id: eni-%d, mac_address: '02:00:00:00:00:0%d',\n"
			"     private_ip_addresses: [10.0.0.%d]}\n",
			s, s, s);
	fprintf(out, "traffic_mirror_filters:\n");
	for (int s = 1; s <= SESSIONS; s++) {
		fprintf(out, "  - id: tmf-%d\n    network_services: [%s]\n    rules:\n", s,
			draw(w, 2) ? "amazon-dns" : "");
		write_rules(w, out, "ingress", accepting);
		write_rules(w, out, "egress", accepting);
	}
	fprintf(out, "traffic_mirror_sessions:\n");
	for (int s = 1; s <= SESSIONS; s++)
		fprintf(out,
			"  - {id: tms-%d, session_number: 1, virtual_network_id: 4%d,\n"
			"     network_interface_id: eni-%d, traffic_mirror_filter_id: "
			"tmf-%d}\n",
			s, s, s, s);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	return scratch_write("remember.yaml", text);
}

static struct epoch *epoch_begin(struct world *w)
{
	struct epoch *epoch = calloc(1, sizeof(*epoch));
	struct report report = {0};
	const char *path = write_settings(w);
	struct error error;

	if (!epoch)
		abort();
	settings_init(&epoch->settings);
	CU_ASSERT_EQUAL_FATAL(settings_load(&epoch->settings, path, &error), 0);
	epoch->model = model_load(path, &epoch->settings, &report);
	if (!epoch->model)
		fprintf(stderr, "remember: %s\n",
			finding_print(report.errors, error.text, sizeof(error.text)));
	CU_ASSERT_PTR_NOT_NULL_FATAL(epoch->model);
	report_fini(&report);
	epoch->snapshot = snapshot_create(
		epoch->model, NULL, &epoch->settings, ++w->generation, 1, &error);
	if (!epoch->snapshot)
		abort();
	CU_ASSERT_EQUAL_FATAL(filter_rule_count(epoch->snapshot->filter), 2 * SESSIONS * RULES);
	return epoch;
}

static void epoch_end(struct epoch *epoch)
{
	for (uint32_t r = 0; r < 2 * SESSIONS * RULES; r++) {
		struct rule_hits hits = snapshot_rule_hits(epoch->snapshot, r);

		CU_ASSERT_EQUAL(hits.packets, epoch->hits[r].packets);
		CU_ASSERT_EQUAL(hits.bytes, epoch->hits[r].bytes);
	}
	snapshot_destroy(epoch->snapshot);
	model_destroy(epoch->model);
	settings_fini(&epoch->settings);
	free(epoch);
}

/* Takes up another configuration, as a reload does. */
static void turn(struct world *w)
{
	struct epoch *before = w->epoch;

	w->epoch = epoch_begin(w);
	snapshot_publish(&w->slot, w->epoch->snapshot);
	lane_refresh(w->lane);
	epoch_end(before);
}

static void world_begin(struct world *w)
{
	struct lane_params params = {
		.n_lanes = 1, .sink = drawer_sink(&w->drawer), .slot = &w->slot};
	struct error error;

	*w = (struct world){.random = random_seeded(7)};
	w->epoch = epoch_begin(w);
	atomic_init(&w->slot.current, w->epoch->snapshot);
	params.settings = &w->epoch->settings;
	w->lane = lane_create(&params, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->lane);
}

/* What is asked of both. */
struct question {
	struct mirror_frame spec;
	int session;
	enum model_direction direction;
	bool has_ports;
};

static struct question question(struct world *w)
{
	static const char *const sources[] = {"10.0.0.1", "10.0.0.2"};
	uint32_t kind = draw(w, 12);
	struct question q = {.session = (int)draw(w, SESSIONS),
		.direction = draw(w, 2) ? MODEL_EGRESS : MODEL_INGRESS};
	uint8_t mac = (uint8_t)(q.session + 1);

	q.has_ports = kind > 1;
	q.spec = (struct mirror_frame){
		.outer_src = sources[q.session],
		.vni = 41 + (uint32_t)q.session,
		.src_mac = q.direction == MODEL_EGRESS ? mac : 9,
		.dst_mac = q.direction == MODEL_EGRESS ? 9 : mac,
		.src = ends[draw(w, ENDS)],
		.dst = ends[draw(w, ENDS)],
		.protocol = kind == 0    ? 1
			    : draw(w, 2) ? TCP
					 : UDP,
		.src_port = ports[draw(w, PORTS)],
		.dst_port = ports[draw(w, PORTS)],
		.payload = (uint16_t)(8 + draw(w, 20)),
		/* A later fragment whose first one nobody saw: no ports. */
		.fragment_offset = kind == 1 ? 64 : 0,
		.fragment_id = (uint16_t)draw(w, 65536),
	};
	if (kind < 2)
		q.spec.src_port = q.spec.dst_port = 0;
	return q;
}

static void check(
	struct world *w, const struct question *q, const struct packet *p, enum reason why)
{
	const struct model_session *session = p->config;
	const struct model_filter *filter = session->filter;
	const struct evaluate_packet view = {
		.ip_version = 4,
		.protocol = q->spec.protocol,
		.has_ports = q->has_ports,
		.src_port = q->spec.src_port,
		.dst_port = q->spec.dst_port,
		.src = p->src,
		.dst = p->dst,
	};
	struct evaluate_verdict want = evaluate(filter, NULL, q->direction, &view);
	enum reason reason = want.accept                   ? REASON_inspected
			     : want.by == EVALUATE_BY_RULE ? REASON_rule_rejected
			     : want.by == EVALUATE_BY_DNS  ? REASON_dns_not_eligible
							   : REASON_rule_none;

	CU_ASSERT_EQUAL(why, reason);
	CU_ASSERT_EQUAL(p->rule_number, want.rule ? want.rule->number : 0);
	CU_ASSERT_EQUAL(p->accepted, want.accept);
	if (want.rule) {
		uint32_t r = (uint32_t)(want.rule - filter->rules[q->direction].rule);

		r += (filter->index * 2 + (q->direction == MODEL_EGRESS)) * RULES;
		w->epoch->hits[r].packets++;
		w->epoch->hits[r].bytes += p->ip_len;
	}
}

static void burst(struct world *w, uint64_t now)
{
	static uint8_t bytes[BURST_MAX][MIRROR_FRAME_ROOM];
	struct question q[BURST_MAX];
	struct packet packets[BURST_MAX];
	enum reason why[BURST_MAX];
	uint32_t n = 1 + draw(w, BURST_MAX);
	bool flows = !w->lane->filters_first;

	for (uint32_t i = 0; i < n; i++) {
		q[i] = question(w);
		packets[i] = mirror_frame_packet(
			bytes[i], mirror_frame_write(&q[i].spec, bytes[i]), now);
	}
	pipeline_packets(w->lane, packets, n, now, why);
	for (uint32_t i = 0; i < n; i++) {
		bool known = flows && packets[i].remembered - w->lane->verdict_base - 1 <
					      w->lane->n_verdicts - 1;

		w->remembered += known;
		w->recalled_refused += known && why[i] != REASON_inspected;
		check(w, &q[i], &packets[i], why[i]);
	}
}

static void remembered_and_naive_agree(void)
{
	struct world w;
	uint32_t wraps = 0;

	world_begin(&w);
	for (uint32_t i = 1; i <= BURSTS; i++) {
		uint32_t base = w.lane->verdict_base;

		burst(&w, NOW + i * UINT64_C(20000000));
		flow_table_expire(w.lane->flows, NOW + i * UINT64_C(20000000), 64);
		/* As if so many configurations had come in between: numbers begin anew. */
		if (i == BURSTS_A_MODEL)
			base = w.lane->verdict_base = UINT32_MAX - w.lane->n_verdicts;
		if (i % BURSTS_A_MODEL == 0)
			turn(&w);
		wraps += w.lane->verdict_base < base;
	}
	CU_ASSERT_EQUAL(wraps, 1);
	CU_ASSERT_TRUE(w.remembered > BURSTS);
	CU_ASSERT_TRUE(w.recalled_refused > BURSTS / 10);
	lane_end(w.lane, NOW, FLOW_END_OF_INPUT);
	lane_destroy(w.lane);
	epoch_end(w.epoch);
}

static int start(void)
{
	return scratch_setup() || eal_once();
}

void suite_remember(void);
void suite_remember(void)
{
	CU_pSuite s = CU_add_suite("remember", start, scratch_teardown);

	CU_ADD_TEST(s, remembered_and_naive_agree);
}
