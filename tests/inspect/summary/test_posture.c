/* Which ends conversations are given to: interfaces of the settings, sources of unknown sessions, others. */
#include <CUnit/Basic.h>
#include <string.h>

#include "config/model/model.h"
#include "inspect/record/fact.h"
#include "inspect/summary/posture.h"
#include "support/scratch.h"

/* eni-0 and eni-1 have addresses of their own; eni-2 and eni-3 have one together, in two VPCs. */
static const char yaml[] =
	"vpcs: [{id: vpc-1, cidr_block: 10.0.0.0/24}, {id: vpc-2, cidr_block: 10.0.0.0/24}]\n"
	"network_interfaces:\n"
	"  - {id: eni-0, private_ip_addresses: [10.0.0.10], vpc_id: vpc-1}\n"
	"  - {id: eni-1, private_ip_addresses: [10.0.0.1], vpc_id: vpc-1}\n"
	"  - {id: eni-2, private_ip_addresses: [10.0.0.9], vpc_id: vpc-1}\n"
	"  - {id: eni-3, private_ip_addresses: [10.0.0.9], vpc_id: vpc-2}\n"
	"traffic_mirror_sessions:\n"
	"  - {id: tms-0, network_interface_id: eni-0, virtual_network_id: 100, session_number: 1}\n"
	"  - {id: tms-1, network_interface_id: eni-1, virtual_network_id: 101, session_number: 1}\n"
	"  - {id: tms-2, network_interface_id: eni-2, virtual_network_id: 102, session_number: 1}\n"
	"  - {id: tms-3, network_interface_id: eni-3, virtual_network_id: 103, session_number: 1}\n";

static struct ip_addr addr_of(uint8_t n)
{
	return ip_addr_v4((const uint8_t[]){10, 0, 0, n});
}

struct scene {
	struct totals *totals;
	struct session_table *sessions;
	struct summary summary;
};

static void scene_begin(struct scene *scene, const struct model *with)
{
	*scene = (struct scene){
		.totals = totals_create(&(struct totals_tables){.conversations = true}),
		.sessions = session_table_create(64)};
	CU_ASSERT_TRUE_FATAL(scene->totals && scene->sessions);
	if (with)
		CU_ASSERT_TRUE(session_table_bind(scene->sessions, with));
	scene->summary = (struct summary){
		.totals = scene->totals, .sessions = scene->sessions, .model = with};
}

static void scene_end(struct scene *scene)
{
	totals_destroy(scene->totals);
	session_table_destroy(scene->sessions);
}

static void learn(struct scene *scene, uint8_t source, uint32_t vni)
{
	struct packet p = {.vni = vni,
		.outer_src = addr_of(source),
		.flags = PACKET_HAS_VNI,
		.ip_len = 60};

	CU_ASSERT_TRUE(session_table_packet(scene->sessions, &p, true));
}

/* A flow of 1,000 + `weight` bytes, seen at the session of `source` and `vni`; 0: at none. */
static void add(struct scene *scene, uint8_t client, uint8_t server, uint8_t source,
	uint32_t vni, enum direction direction, enum encryption encryption)
{
	struct flow flow = {.side[0] = {.packets = 1, .bytes = 1000u + client}};
	struct flow_fact fact = {.bytes = {1000u + client}};

	fact.key.client = addr_of(client);
	fact.key.server = addr_of(server);
	fact.key.direction = (uint8_t)direction;
	fact.key.encryption = (uint8_t)encryption;
	fact.key.has_point = vni != 0;
	if (vni)
		fact.key.point = (struct session_key){addr_of(source), vni, 0};
	totals_talk(scene->totals, &fact);
	totals_flow(scene->totals, &flow, (struct risk_set){0, 0});
	encryption_count(&scene->summary.counters.encryption_stats, encryption, 1);
}

static void expect(
	const struct posture *row, const char *client, const char *server, uint64_t flows)
{
	CU_ASSERT_STRING_EQUAL(row->client, client);
	CU_ASSERT_STRING_EQUAL(row->server, server);
	CU_ASSERT_EQUAL(row->flows, flows);
}

static void interfaces_of_the_settings(void)
{
	struct posture rows[8], others;
	struct report report = {0};
	struct settings settings;
	struct model *model = scratch_model(yaml, &settings, &report);
	struct scene scene;

	CU_ASSERT_PTR_NOT_NULL_FATAL(model);
	scene_begin(&scene, model);
	add(&scene, 10, 1, 10, 100, DIRECTION_EGRESS, ENCRYPTION_TLS_1_2);
	add(&scene, 10, 1, 1, 101, DIRECTION_INGRESS, ENCRYPTION_TLS_1_3_POST_QUANTUM);
	add(&scene, 10, 1, 10, 100, DIRECTION_UNKNOWN, ENCRYPTION_CLEARTEXT);
	/* Of two with the address, the one in the mirrored interface's VPC. */
	add(&scene, 10, 9, 10, 100, DIRECTION_EGRESS, ENCRYPTION_SSH);
	/* It mirrored it itself, whoever else has the address. */
	add(&scene, 200, 9, 9, 103, DIRECTION_INGRESS, ENCRYPTION_UNKNOWN);
	/* Nobody says which of them it is. */
	add(&scene, 200, 9, 0, 0, DIRECTION_UNKNOWN, ENCRYPTION_UNKNOWN);
	CU_ASSERT_EQUAL_FATAL(posture_top(&scene.summary, rows, 8, &others), 4);
	expect(&rows[0], "eni-0", "eni-1", 3);
	CU_ASSERT_EQUAL(rows[0].stats.tls_1_2, 1);
	CU_ASSERT_EQUAL(rows[0].stats.tls_1_3, 1);
	CU_ASSERT_EQUAL(rows[0].stats.post_quantum, 1);
	CU_ASSERT_EQUAL(rows[0].stats.cleartext, 1);
	expect(&rows[1], "other", "eni-3", 1);
	expect(&rows[2], "other", "other", 1);
	expect(&rows[3], "eni-0", "eni-2", 1);
	CU_ASSERT_EQUAL(others.flows, 0);
	CU_ASSERT_EQUAL(others.bytes, 0);
	CU_ASSERT_EQUAL(posture_top(&scene.summary, rows, 1, &others), 4);
	CU_ASSERT_EQUAL(others.flows, 3);
	CU_ASSERT_EQUAL(others.stats.unknown, 2);
	CU_ASSERT_EQUAL(others.stats.ssh, 1);
	CU_ASSERT_EQUAL(others.stats.post_quantum, 0);
	scene_end(&scene);
	model_destroy(model);
	settings_fini(&settings);
	report_fini(&report);
}

static void sources_of_unknown_sessions(void)
{
	struct posture rows[8], others;
	struct scene scene;

	scene_begin(&scene, NULL);
	learn(&scene, 5, 7);
	learn(&scene, 5, 8);
	learn(&scene, 6, 7);
	add(&scene, 5, 6, 5, 8, DIRECTION_EGRESS, ENCRYPTION_QUIC);
	add(&scene, 5, 6, 6, 7, DIRECTION_UNKNOWN, ENCRYPTION_QUIC);
	add(&scene, 77, 88, 5, 7, DIRECTION_INGRESS, ENCRYPTION_DTLS);
	CU_ASSERT_EQUAL_FATAL(posture_top(&scene.summary, rows, 8, &others), 2);
	expect(&rows[0], "10.0.0.5", "10.0.0.6", 2);
	expect(&rows[1], "other", "10.0.0.5", 1);
	CU_ASSERT_EQUAL(rows[1].stats.dtls, 1);
	scene_end(&scene);
}

static void without_any_flow(void)
{
	struct posture row, others;
	struct scene scene;

	scene_begin(&scene, NULL);
	CU_ASSERT_EQUAL(posture_top(&scene.summary, &row, 1, &others), 0);
	CU_ASSERT_EQUAL(others.flows, 0);
	scene_end(&scene);
}

void suite_posture(void);
void suite_posture(void)
{
	CU_pSuite s = CU_add_suite("posture", scratch_setup, scratch_teardown);

	CU_ADD_TEST(s, interfaces_of_the_settings);
	CU_ADD_TEST(s, sources_of_unknown_sessions);
	CU_ADD_TEST(s, without_any_flow);
}
