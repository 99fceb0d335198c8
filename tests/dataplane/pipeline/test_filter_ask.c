/* The verdicts of the pipeline, packet by packet: a mirror frame in, the reason and the rule out.
 * What is expected stands with each packet, read off the filters below by hand. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "dataplane/pipeline/lane.h"
#include "dataplane/support/eal_once.h"
#include "dataplane/support/mirror_frame.h"
#include "dataplane/support/rig.h"
#include "support/drawer.h"
#include "support/scratch.h"

enum { TCP = 6, UDP = 17, ICMP = 1, ICMP6 = 58, ESP = 50, SCTP = 132 };

#define NOW UINT64_C(1700000000000000000)

static const char filters[] =
	"dpi: {enabled: false}\n"
	"flow: {capacity: 4096}\n"
	"vpcs: [{id: vpc-1, cidr_block: 10.0.0.0/16}]\n"
	"network_interfaces:\n"
	"  - {id: eni-1, mac_address: '02:00:00:00:00:01', vpc_id: vpc-1,\n"
	"     private_ip_addresses: [10.0.1.1, 10.0.1.2], ipv6_addresses: ['fd00::1']}\n"
	"  - {id: eni-2, private_ip_addresses: [10.0.2.1]}\n"
	"  - {id: eni-3, mac_address: '02:00:00:00:00:03', vpc_id: vpc-1,\n"
	"     private_ip_addresses: [10.0.3.1]}\n"
	"traffic_mirror_sessions:\n"
	"  - {id: tms-1, session_number: 1, virtual_network_id: 41, network_interface_id: "
	"eni-1,\n"
	"     traffic_mirror_filter_id: tmf-1}\n"
	"  - {id: tms-2, session_number: 1, virtual_network_id: 42, network_interface_id: "
	"eni-2}\n"
	"  - {id: tms-3, session_number: 1, virtual_network_id: 43, network_interface_id: "
	"eni-3,\n"
	"     traffic_mirror_filter_id: tmf-3}\n"
	"traffic_mirror_filters:\n"
	"  - id: tmf-1\n"
	"    network_services: [amazon-dns]\n"
	"    rules:\n"
	"      - {rule_number: 100, traffic_direction: ingress, rule_action: accept, protocol: "
	"6,\n"
	"         source_cidr_block: 0.0.0.0/0, destination_cidr_block: 10.0.0.0/16,\n"
	"         destination_port_range: {from_port: 443, to_port: 444}}\n"
	"      - {rule_number: 110, traffic_direction: ingress, rule_action: reject, protocol: "
	"17,\n"
	"         source_cidr_block: 192.0.2.0/24, destination_cidr_block: 0.0.0.0/0,\n"
	"         destination_port_range: {from_port: 5000, to_port: 5009}}\n"
	"      - {rule_number: 120, traffic_direction: ingress, rule_action: accept, protocol: "
	"17,\n"
	"         source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}\n"
	"      - {rule_number: 130, traffic_direction: ingress, rule_action: accept, protocol: "
	"58,\n"
	"         source_cidr_block: '::/0', destination_cidr_block: 'fd00::/64'}\n"
	"      - {rule_number: 100, traffic_direction: egress, rule_action: reject,\n"
	"         source_cidr_block: 0.0.0.0/0, destination_cidr_block: 198.51.100.7/32}\n"
	"      - {rule_number: 32766, traffic_direction: egress, rule_action: accept,\n"
	"         source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}\n"
	"  - id: tmf-3\n"
	"    rules:\n"
	"      - {rule_number: 1, traffic_direction: ingress, rule_action: accept,\n"
	"         source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}\n"
	"      - {rule_number: 1, traffic_direction: egress, rule_action: accept,\n"
	"         source_cidr_block: 0.0.0.0/0, destination_cidr_block: 0.0.0.0/0}\n";

struct row {
	const char *name;
	struct mirror_frame frame;
	enum reason reason;
	uint32_t rule; /* 0: none decided */
	enum direction direction;
};

/* Sources, by the session: (outer source, VNI, the interface's MAC, its address). */
#define ONE .outer_src = "10.0.1.1", .vni = 41
#define TWO .outer_src = "10.0.2.1", .vni = 42
#define THREE .outer_src = "10.0.3.1", .vni = 43
#define TO_ONE ONE, .src_mac = 9, .dst_mac = 1
#define FROM_ONE ONE, .src_mac = 1, .dst_mac = 9
#define TO_THREE THREE, .src_mac = 9, .dst_mac = 3
#define FROM_THREE THREE, .src_mac = 3, .dst_mac = 9
#define ENDS(a, b) .src = (a), .dst = (b)
#define L4(p, from, to) .protocol = (p), .src_port = (from), .dst_port = (to), .payload = 16
#define FIRST(id) .fragment_id = (id), .more_fragments = true
#define LATER(id) .fragment_id = (id), .fragment_offset = 24, .payload = 16

#define PEER "192.0.2.5"
#define IN DIRECTION_INGRESS
#define OUT DIRECTION_EGRESS
#define UNKNOWN DIRECTION_UNKNOWN

static const struct row rules[] = {
	{"first of a range", {TO_ONE, ENDS(PEER, "10.0.1.1"), L4(TCP, 9, 443)},
		REASON_inspected, 100, IN},
	{"last of a range", {TO_ONE, ENDS(PEER, "10.0.1.1"), L4(TCP, 9, 444)}, REASON_inspected,
		100, IN},
	{"before a range", {TO_ONE, ENDS(PEER, "10.0.1.1"), L4(TCP, 9, 442)}, REASON_rule_none,
		0, IN},
	{"past a range", {TO_ONE, ENDS(PEER, "10.0.1.1"), L4(TCP, 9, 445)}, REASON_rule_none, 0,
		IN},
	{"outside the destination", {TO_ONE, ENDS(PEER, "10.1.0.0"), L4(TCP, 9, 443)},
		REASON_rule_none, 0, IN},
	{"a reject rule", {TO_ONE, ENDS(PEER, "10.0.1.1"), L4(UDP, 9, 5009)},
		REASON_rule_rejected, 110, IN},
	{"a source beside it: the next rule",
		{TO_ONE, ENDS("192.0.3.0", "10.0.1.1"), L4(UDP, 9, 5009)}, REASON_inspected,
		120, IN},
	{"a port beside it: the next rule", {TO_ONE, ENDS(PEER, "10.0.1.1"), L4(UDP, 9, 5010)},
		REASON_inspected, 120, IN},
	{"rules of the other direction", {FROM_ONE, ENDS("10.0.1.1", PEER), L4(UDP, 9, 5009)},
		REASON_inspected, 32766, OUT},
	{"a single address", {FROM_ONE, ENDS("10.0.1.1", "198.51.100.7"), L4(ESP, 0, 0)},
		REASON_rule_rejected, 100, OUT},
	{"any protocol", {FROM_ONE, ENDS("10.0.1.1", "198.51.100.8"), L4(SCTP, 0, 0)},
		REASON_inspected, 32766, OUT},
	{"another family", {FROM_ONE, ENDS("fd00::1", "2001:db8::7"), L4(TCP, 9, 443)},
		REASON_rule_none, 0, OUT},
	{"IPv6", {TO_ONE, ENDS("2001:db8::7", "fd00::1"), L4(ICMP6, 0, 0)}, REASON_inspected,
		130, IN},
	{"IPv6, outside", {TO_ONE, ENDS("2001:db8::7", "fd00:0:0:1::1"), L4(ICMP6, 0, 0)},
		REASON_rule_none, 0, IN},
	{"a session without filter, by address",
		{TWO, .src_mac = 9, .dst_mac = 2, ENDS(PEER, "10.0.2.1"), L4(TCP, 9, 1)},
		REASON_inspected, 0, IN},
	{"a session without filter, direction not known",
		{TWO, .src_mac = 9, .dst_mac = 2, ENDS(PEER, "10.7.7.7"), L4(TCP, 9, 1)},
		REASON_inspected, 0, UNKNOWN},
};

static const struct row dns[] = {
	{"the service: a query to the resolver",
		{FROM_ONE, ENDS("10.0.1.1", "10.0.0.2"), L4(UDP, 4000, 53)}, REASON_inspected,
		0, OUT},
	{"the service: its answer", {TO_ONE, ENDS("10.0.0.2", "10.0.1.1"), L4(UDP, 53, 4000)},
		REASON_inspected, 0, IN},
	{"the service, TCP to the fixed address",
		{FROM_ONE, ENDS("10.0.1.1", "169.254.169.253"), L4(TCP, 4000, 53)},
		REASON_inspected, 0, OUT},
	{"the service, IPv6", {FROM_ONE, ENDS("fd00::1", "fd00:ec2::253"), L4(UDP, 4000, 53)},
		REASON_inspected, 0, OUT},
	{"another resolver: the rules",
		{FROM_ONE, ENDS("10.0.1.1", "198.51.100.7"), L4(UDP, 4000, 53)},
		REASON_rule_rejected, 100, OUT},
	{"the resolver's address, another port: the rules",
		{FROM_ONE, ENDS("10.0.1.1", "10.0.0.2"), L4(UDP, 4000, 54)}, REASON_inspected,
		32766, OUT},
	{"not the service: a query, though a rule accepts all",
		{FROM_THREE, ENDS("10.0.3.1", "10.0.0.2"), L4(UDP, 4000, 53)},
		REASON_dns_not_eligible, 0, OUT},
	{"not the service: an answer",
		{TO_THREE, ENDS("10.0.0.2", "10.0.3.1"), L4(UDP, 53, 4000)},
		REASON_dns_not_eligible, 0, IN},
	{"not the service: the fixed address",
		{FROM_THREE, ENDS("10.0.3.1", "169.254.169.253"), L4(TCP, 4000, 53)},
		REASON_dns_not_eligible, 0, OUT},
	{"not the service, another resolver: the rules",
		{FROM_THREE, ENDS("10.0.3.1", "8.8.8.8"), L4(UDP, 4000, 53)}, REASON_inspected,
		1, OUT},
};

/* Datagrams in fragments: the later ones go the way of their first. */
static const struct row fragments[] = {
	{"first, to a rejected port",
		{TO_ONE, ENDS(PEER, "10.0.1.1"), L4(UDP, 9, 5000), FIRST(1)},
		REASON_rule_rejected, 110, IN},
	{"its later one", {TO_ONE, ENDS(PEER, "10.0.1.1"), .protocol = UDP, LATER(1)},
		REASON_rule_rejected, 110, IN},
	{"a later one of which no first was seen: no rule with ports matches",
		{TO_ONE, ENDS(PEER, "10.0.1.1"), .protocol = UDP, LATER(2)}, REASON_inspected,
		120, IN},
	{"of another session", {TO_THREE, ENDS(PEER, "10.0.1.1"), .protocol = UDP, LATER(1)},
		REASON_inspected, 1, IN},
	{"first, to an accepted port",
		{TO_ONE, ENDS(PEER, "10.0.1.1"), L4(TCP, 9, 443), FIRST(3)}, REASON_inspected,
		100, IN},
	{"its later one, accepted", {TO_ONE, ENDS(PEER, "10.0.1.1"), .protocol = TCP, LATER(3)},
		REASON_inspected, 100, IN},
	{"TCP of which no first was seen",
		{TO_ONE, ENDS(PEER, "10.0.1.1"), .protocol = TCP, LATER(4)}, REASON_rule_none,
		0, IN},
	{"to the resolver without ports: Amazon DNS",
		{FROM_THREE, ENDS("10.0.3.1", "10.0.0.2"), .protocol = UDP, LATER(5)},
		REASON_dns_not_eligible, 0, OUT},
	{"to the resolver, ports learned: the rules",
		{FROM_THREE, ENDS("10.0.3.1", "10.0.0.2"), L4(UDP, 9, 99), FIRST(6)},
		REASON_inspected, 1, OUT},
	{"its later one", {FROM_THREE, ENDS("10.0.3.1", "10.0.0.2"), .protocol = UDP, LATER(6)},
		REASON_inspected, 1, OUT},
};

#define STRANGER .outer_src = "10.0.9.9", .vni = 41, .src_mac = 9, .dst_mac = 8

static const struct row unknown_inspected[] = {
	{"unknown source, known VNI", {STRANGER, ENDS(PEER, "10.0.9.9"), L4(UDP, 9, 5000)},
		REASON_inspected, 0, IN},
	{"known source, unknown VNI",
		{.outer_src = "10.0.1.1", .vni = 99, ENDS("10.0.1.1", PEER), L4(UDP, 9, 5000)},
		REASON_inspected, 0, OUT},
};

static const struct row unknown_refused[] = {
	{"unknown source, known VNI", {STRANGER, ENDS(PEER, "10.0.9.9"), L4(UDP, 9, 5000)},
		REASON_session_unknown, 0, UNKNOWN},
	{"known source, unknown VNI",
		{.outer_src = "10.0.1.1", .vni = 99, ENDS("10.0.1.1", PEER), L4(UDP, 9, 5000)},
		REASON_session_unknown, 0, UNKNOWN},
	{"a known session", {TO_ONE, ENDS(PEER, "10.0.1.1"), L4(TCP, 9, 443)}, REASON_inspected,
		100, IN},
};

#define ASTRAY ONE, .src_mac = 9, .dst_mac = 8, ENDS(PEER, "10.7.7.7")

static const struct row direction_accepted[] = {
	{"undetermined", {ASTRAY, L4(UDP, 9, 5000)}, REASON_inspected, 0, UNKNOWN},
};

static const struct row direction_rejected[] = {
	{"undetermined", {ASTRAY, L4(UDP, 9, 5000)}, REASON_direction_unknown, 0, UNKNOWN},
	{"undetermined, but no filter asks",
		{TWO, .src_mac = 9, .dst_mac = 2, ENDS(PEER, "10.7.7.7"), L4(TCP, 9, 1)},
		REASON_inspected, 0, UNKNOWN},
};

/* ---- one lane with those filters ---- */

struct world {
	struct settings settings;
	struct model *model;
	struct snapshot *snapshot;
	struct snapshot_slot slot;
	struct lane *lane;
	struct lane *receiver; /* owns nothing: what it receives goes to `lane` */
	struct drawer drawer;
};

/* `sessions`: the settings of that key. */
static void world_make(struct world *w, const char *sessions)
{
	struct lane_params params = {.settings = &w->settings,
		.n_lanes = 2,
		.sink = drawer_sink(&w->drawer),
		.slot = &w->slot};
	struct report report = {0};
	char text[sizeof(filters) + 128];
	struct error error;

	snprintf(text, sizeof(text), "sessions: {%s}\n%s", sessions, filters);
	w->model = scratch_model(text, &w->settings, &report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->model);
	report_fini(&report);
	w->snapshot = snapshot_create(w->model, NULL, &w->settings, 7, 2, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->snapshot);
	atomic_init(&w->slot.current, w->snapshot);
	w->lane = lane_create(&params, &error);
	params.index = 1;
	w->receiver = lane_create(&params, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->lane);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->receiver);
}

static void world_end(struct world *w)
{
	lane_end(w->lane, NOW, FLOW_END_OF_INPUT);
	lane_destroy(w->lane);
	lane_destroy(w->receiver);
	snapshot_destroy(w->snapshot);
	model_destroy(w->model);
	settings_fini(&w->settings);
}

static void check_row(const struct row *row, const struct packet *p, enum reason why)
{
	uint32_t rule = why == REASON_session_unknown ? 0 : p->rule_number;
	enum direction direction =
		why == REASON_session_unknown ? DIRECTION_UNKNOWN : p->direction;

	if (why != row->reason || rule != row->rule || direction != row->direction)
		fprintf(stderr, "judge: '%s': %s by rule %u, direction %d\n", row->name,
			reason_name(why), rule, (int)direction);
	CU_ASSERT_EQUAL(why, row->reason);
	CU_ASSERT_EQUAL(rule, row->rule);
	CU_ASSERT_EQUAL(direction, row->direction);
	CU_ASSERT_EQUAL(p->generation, 7);
}

/* The rows in one burst, or one by one. */
static void run_rows(struct world *w, const struct row *row, uint32_t n, uint32_t per_burst)
{
	static uint8_t bytes[BURST_MAX][MIRROR_FRAME_ROOM];
	struct packet packets[BURST_MAX];
	enum reason why[BURST_MAX];

	for (uint32_t i = 0; i < n; i++)
		packets[i] = mirror_frame_packet(
			bytes[i], mirror_frame_write(&row[i].frame, bytes[i]), NOW);
	for (uint32_t i = 0; i < n; i += per_burst)
		pipeline_packets(w->lane, &packets[i], n - i < per_burst ? n - i : per_burst,
			NOW, &why[i]);
	for (uint32_t i = 0; i < n; i++)
		check_row(&row[i], &packets[i], why[i]);
}

/* ---- between two workers ---- */

/* What one lane gives away, for the other one to take. */
struct exchange {
	struct packet *burst; /* of the lane at work */
	struct packet packets[BURST_MAX];
	uint64_t given, fragments;
	uint32_t n;
	bool takes;
};

/* An older configuration may have told where it goes, or another one that came since. */
static void give(struct exchange *e, uint32_t i, bool is_fragment)
{
	struct packet *p = &e->packets[e->n];

	*p = e->burst[i];
	p->session = p->tenant = UINT32_MAX;
	p->config = NULL;
	if (e->n % 2) {
		p->generation = 6;
		p->direction = p->direction == DIRECTION_INGRESS ? DIRECTION_EGRESS
								 : DIRECTION_INGRESS;
	}
	e->given |= UINT64_C(1) << e->n;
	e->fragments |= (uint64_t)is_fragment << e->n;
	e->n++;
}

static uint64_t give_fragments(void *ctx, uint64_t live)
{
	struct exchange *e = ctx;
	uint64_t gone = 0;

	for (uint32_t i = 0; i < BURST_MAX; i++)
		if (live >> i & 1 && e->burst[i].flags & PACKET_FRAGMENT) {
			give(e, i, true);
			gone |= UINT64_C(1) << i;
		}
	return gone;
}

static uint64_t give_flows(void *ctx, uint64_t live)
{
	struct exchange *e = ctx;

	for (uint32_t i = 0; !e->takes && i < BURST_MAX; i++)
		if (live >> i & 1)
			give(e, i, false);
	return e->takes ? 0 : live;
}

static uint64_t take_given(void *ctx, uint64_t free, uint64_t *for_ports)
{
	struct exchange *e = ctx;

	*for_ports = e->takes ? e->fragments : 0;
	if (!e->takes)
		return 0;
	CU_ASSERT_EQUAL(e->given & ~free, 0);
	memcpy(e->burst, e->packets, e->n * sizeof(*e->packets));
	return e->given;
}

static void run_handed(struct world *w, const struct row *row, uint32_t n)
{
	static uint8_t bytes[BURST_MAX][MIRROR_FRAME_ROOM];
	struct packet packets[BURST_MAX];
	enum reason why[BURST_MAX];
	struct exchange e = {.burst = packets};
	const struct pipeline_exchange calls = {&e, give_fragments, give_flows, take_given};
	uint32_t rows[BURST_MAX]; /* of those given */

	for (uint32_t i = 0; i < n; i++) {
		struct pipeline_burst one = {packets, why, 1, 1, 0, &calls, false, false};

		packets[0] = mirror_frame_packet(
			bytes[i], mirror_frame_write(&row[i].frame, bytes[i]), NOW);
		rows[e.n] = i;
		pipeline_run(w->receiver, &one, NOW);
		CU_ASSERT_EQUAL(one.own, why[0] != REASON_inspected);
		if (one.own)
			check_row(&row[i], &packets[0], why[0]);
	}
	if (e.n > 0) {
		struct pipeline_burst rest = {packets, why, 0, 0, 0, &calls, false, false};

		e.takes = true;
		pipeline_run(w->lane, &rest, NOW);
		CU_ASSERT_EQUAL(rest.taken, e.given);
		CU_ASSERT_EQUAL(rest.own, 0);
	}
	for (uint32_t k = 0; k < e.n; k++)
		check_row(&row[rows[k]], &packets[k], why[k]);
}

/* The hits of each rule are the rows that name it, in packets and inner IP bytes; the ledger
 * counts the reasons of the rows. */
static void check_counters(struct world *w, const struct row *row, uint32_t n)
{
	uint64_t reasons[REASON_COUNT] = {0}, packets = 0, bytes = 0, hit_packets = 0;
	uint64_t hit_bytes = 0;

	for (uint32_t i = 0; i < n; i++) {
		reasons[row[i].reason]++;
		packets += row[i].rule != 0;
		bytes += row[i].rule != 0 ? mirror_frame_ip_len(&row[i].frame) : 0;
	}
	for (int r = 0; r < REASON_COUNT; r++)
		CU_ASSERT_EQUAL(w->lane->ledger.reasons[r] + w->receiver->ledger.reasons[r],
			reasons[r]);
	for (uint32_t r = 0; r < filter_rule_count(w->snapshot->filter); r++) {
		hit_packets += snapshot_rule_hits(w->snapshot, r).packets;
		hit_bytes += snapshot_rule_hits(w->snapshot, r).bytes;
	}
	CU_ASSERT_EQUAL(hit_packets, packets);
	CU_ASSERT_EQUAL(hit_bytes, bytes);
}

/* All in one burst, one by one, and received by one worker and owned by another. */
static void run(const char *sessions, const struct row *row, uint32_t n)
{
	struct world handed = {.model = NULL};

	for (uint32_t per_burst = 1; per_burst <= BURST_MAX; per_burst *= BURST_MAX) {
		struct world w = {.model = NULL};

		world_make(&w, sessions);
		run_rows(&w, row, n, per_burst);
		check_counters(&w, row, n);
		world_end(&w);
	}
	world_make(&handed, sessions);
	run_handed(&handed, row, n);
	check_counters(&handed, row, n);
	world_end(&handed);
}

#define RUN(sessions, table) run(sessions, table, sizeof(table) / sizeof((table)[0]))

static void rules_of_the_session_and_direction_decide(void)
{
	RUN("unknown: refuse", rules);
}

static void amazon_dns_is_decided_before_the_rules(void)
{
	RUN("unknown: inspect", dns);
}

static void later_fragments_take_the_verdict_of_their_first(void)
{
	RUN("unknown: inspect", fragments);
}

static void unknown_sessions(void)
{
	RUN("unknown: inspect", unknown_inspected);
	RUN("unknown: refuse", unknown_refused);
}

static void unknown_directions(void)
{
	RUN("unknown_direction: accept", direction_accepted);
	RUN("unknown_direction: reject", direction_rejected);
}

/* A reload has taken the session away while its packet was under way. The place that it is put into still
 * names the session of an earlier packet, whose configuration is gone. */
static void a_session_that_went_meanwhile_is_unknown(void)
{
	struct world before = {.model = NULL}, after = {.model = NULL};
	static uint8_t bytes[MIRROR_FRAME_ROOM];
	struct packet packets[BURST_MAX];
	enum reason why[BURST_MAX];
	struct exchange e = {.burst = packets};
	const struct pipeline_exchange calls = {&e, give_fragments, give_flows, take_given};
	struct pipeline_burst one = {packets, why, 1, 1, 0, &calls, false, false},
			      rest = {packets, why, 0, 0, 0, &calls, false, false};

	world_make(&before, "unknown: inspect");
	world_make(&after, "unknown: refuse");
	packets[0] = mirror_frame_packet(
		bytes, mirror_frame_write(&unknown_inspected[0].frame, bytes), NOW);
	pipeline_run(before.receiver, &one, NOW);
	CU_ASSERT_EQUAL_FATAL(e.n, 1);
	e.packets[0].generation = 6;
	e.packets[0].config = (const struct model_session *)(uintptr_t)64; /* no address */
	e.takes = true;
	pipeline_run(after.lane, &rest, NOW);
	CU_ASSERT_EQUAL(rest.taken, 1);
	CU_ASSERT_EQUAL(why[0], REASON_session_unknown);
	CU_ASSERT_EQUAL(after.lane->ledger.reasons[REASON_session_unknown], 1);
	world_end(&before);
	world_end(&after);
}

/* The table of first fragments is bounded: a flood of them pushes the oldest out, and a later
 * fragment of one that was forgotten is judged as a packet without ports. */
static void a_flood_of_first_fragments_is_bounded(void)
{
	const struct row *first = &fragments[0], *later = &fragments[1];
	struct world w = {.model = NULL};
	struct packet p;
	uint8_t bytes[MIRROR_FRAME_ROOM];
	enum reason why;

	world_make(&w, "unknown: refuse");
	for (uint32_t i = 0; i < 65536 * 2; i++) {
		struct mirror_frame frame = first->frame;
		char src[16];

		snprintf(src, sizeof(src), "192.0.2.%u", 5 + i / 65536);
		frame.src = src;
		frame.fragment_id = (uint16_t)(1 + i);
		p = mirror_frame_packet(bytes, mirror_frame_write(&frame, bytes), NOW);
		pipeline_packets(w.lane, &p, 1, NOW, &why);
		CU_ASSERT_EQUAL(why, REASON_rule_rejected);
	}
	CU_ASSERT_TRUE(fragment_table_overwritten(w.lane->fragments) > 65536);
	CU_ASSERT_TRUE(rig_limited(w.lane));
	p = mirror_frame_packet(bytes, mirror_frame_write(&later->frame, bytes), NOW);
	pipeline_packets(w.lane, &p, 1, NOW, &why);
	CU_ASSERT_EQUAL(why, REASON_inspected);
	CU_ASSERT_EQUAL(p.rule_number, 120);
	world_end(&w);
}

static int start(void)
{
	return scratch_setup() || eal_once();
}

void suite_filter_ask(void);
void suite_filter_ask(void)
{
	CU_pSuite s = CU_add_suite("filter_ask", start, scratch_teardown);

	CU_ADD_TEST(s, rules_of_the_session_and_direction_decide);
	CU_ADD_TEST(s, amazon_dns_is_decided_before_the_rules);
	CU_ADD_TEST(s, later_fragments_take_the_verdict_of_their_first);
	CU_ADD_TEST(s, unknown_sessions);
	CU_ADD_TEST(s, unknown_directions);
	CU_ADD_TEST(s, a_session_that_went_meanwhile_is_unknown);
	CU_ADD_TEST(s, a_flood_of_first_fragments_is_bounded);
}
