/* The index of a packet file, and its answers: compared with a look at each packet. */
#include <CUnit/Basic.h>

#include "inspect/support/index_stage.h"

void suite_packet_index(void);

/* Flows that share addresses, and a packet file that needs more than one part. */
static const struct index_stage_params usual = {3000, 20000, 1400, 2000000};
static const struct index_stage_params wide = {2000, 3000, 400000, 1000000000};

static struct index_stage *begin(uint64_t seed, const struct index_stage_params *params)
{
	struct index_stage *s = index_stage_make(seed, params);

	index_stage_build(s);
	return s;
}

static const struct index_flow *any_flow(struct index_stage *s)
{
	const struct index_flow *flow;

	do
		flow = &s->flows[random_below(&s->random, s->n_flows)];
	while (flow->key.ip_version == 0);
	return flow;
}

static void everything(void)
{
	struct index_stage *s = begin(1, &usual);
	struct index_reader *reader = index_stage_open(s);
	const struct index_about *about = index_about(reader);
	const struct index_query all = {0};
	const uint64_t *landmarks;
	struct error error;

	CU_ASSERT_TRUE(index_stage_agrees(s, reader, &all));
	CU_ASSERT_EQUAL(about->packets, s->n_packets);
	CU_ASSERT_EQUAL(about->made_with, 7);
	CU_ASSERT_EQUAL(about->parts, 1);
	CU_ASSERT_EQUAL(about->joined, 0);
	CU_ASSERT_EQUAL_FATAL(about->landmarks, 1);
	CU_ASSERT_EQUAL(index_landmarks(reader, &landmarks, &error), INDEX_OK);
	CU_ASSERT_EQUAL(landmarks[0], 0);
	index_close(reader);
	index_stage_free(s);
}

/* Ids of flows that are there, twice each, and that are not; of packets without a flow. */
static void by_flow(void)
{
	struct index_stage *s = begin(2, &usual);
	struct index_reader *reader = index_stage_open(s);
	uint64_t ids[3];

	for (uint32_t i = 0; i < 200; i++) {
		const struct index_query one = {.flow_ids = ids, .n_flow_ids = 1 + i % 3};

		for (uint32_t k = 0; k < 3; k++)
			ids[k] = any_flow(s)->flow_id;
		if (i % 5 == 0)
			ids[0] = random_next(&s->random);
		CU_ASSERT_TRUE(index_stage_agrees(s, reader, &one));
	}
	index_close(reader);
	index_stage_free(s);
}

static struct index_prefix any_prefix(struct index_stage *s, uint32_t i)
{
	struct index_prefix prefix = {any_flow(s)->key.hi, 128};

	if (i % 3 == 1)
		prefix.bits = (uint8_t)random_below(&s->random, 129);
	if (i % 3 == 2)
		prefix.bits = (uint8_t)(96 + random_below(&s->random, 33));
	if (i % 7 == 0)
		prefix.address.byte[15] ^= (uint8_t)random_below(&s->random, 256);
	return prefix;
}

static void by_host(void)
{
	struct index_stage *s = begin(3, &usual);
	struct index_reader *reader = index_stage_open(s);
	struct index_prefix hosts[2];

	for (uint32_t i = 0; i < 300; i++) {
		const struct index_query q = {.hosts = hosts, .n_hosts = 1 + i % 2};

		hosts[0] = any_prefix(s, i);
		hosts[1] = any_prefix(s, i + 1);
		CU_ASSERT_TRUE(index_stage_agrees(s, reader, &q));
	}
	index_close(reader);
	index_stage_free(s);
}

static void by_community(void)
{
	struct index_stage *s = begin(4, &usual);
	struct index_reader *reader = index_stage_open(s);
	uint8_t digests[2][COMMUNITY_ID_DIGEST];

	for (uint32_t i = 0; i < 20; i++) {
		const struct index_query q = {.communities = (const uint8_t(*)[20])digests,
			.n_communities = 1 + i % 2};

		community_id_digest(&any_flow(s)->key, 0, digests[0]);
		community_id_digest(&any_flow(s)->key, 0, digests[1]);
		digests[1][0] ^= i % 4 == 0;
		CU_ASSERT_TRUE(index_stage_agrees(s, reader, &q));
	}
	index_close(reader);
	index_stage_free(s);
}

static bool point_is_odd(void *ctx, const struct index_row *row)
{
	(void)ctx;
	return row->flow.has_point && row->flow.point.vni % 2 && row->flow.key.lo.byte[15] % 2;
}

/* All kinds of conditions together. */
static void by_all(const struct index_stage_params *params, uint64_t seed, uint32_t rounds)
{
	struct index_stage *s = begin(seed, params);
	struct index_reader *reader = index_stage_open(s);
	uint64_t first_ns = s->packets[0].time_ns;
	uint64_t span = s->packets[s->n_packets - 1].time_ns - first_ns;
	const uint8_t protocols[] = {6, 17};
	uint64_t ids[4];

	for (uint32_t i = 0; i < rounds; i++) {
		struct index_prefix host = any_prefix(s, i);
		struct index_ports ports = {(uint16_t)random_below(&s->random, 100), 0};
		struct index_query q = {.hosts = &host, .n_hosts = random_below(&s->random, 2)};

		ports.to = (uint16_t)(ports.from + random_below(&s->random, 100));
		q.ports = &ports;
		q.n_ports = random_below(&s->random, 2);
		q.protocols = protocols;
		q.n_protocols = random_below(&s->random, 3);
		q.wants = random_below(&s->random, 3) ? NULL : point_is_odd;
		for (uint32_t k = 0; k < 4; k++)
			ids[k] = any_flow(s)->flow_id;
		q.flow_ids = ids;
		q.n_flow_ids = random_below(&s->random, 4) ? 0 : 4;
		if (i % 2) {
			q.from_ns = first_ns + random_next(&s->random) % span;
			q.to_ns = q.from_ns + random_next(&s->random) % (span / 20);
		}
		CU_ASSERT_TRUE(index_stage_agrees(s, reader, &q));
	}
	index_close(reader);
	index_stage_free(s);
}

static void together(void)
{
	by_all(&usual, 5, 300);
}

/* The moment of one packet: of its flow, which may have no other there. */
static void by_moment(const struct index_stage_params *params)
{
	struct index_stage *s = begin(16, params);
	struct index_reader *reader = index_stage_open(s);

	for (uint32_t i = 0; i < 500; i++) {
		const struct index_stage_packet *p =
			&s->packets[random_below(&s->random, s->n_packets)];
		const struct index_query q = {.flow_ids = &s->flows[p->flow].flow_id,
			.n_flow_ids = 1,
			.from_ns = p->time_ns,
			.to_ns = p->time_ns};

		CU_ASSERT_TRUE(index_stage_agrees(s, reader, &q));
	}
	index_close(reader);
	index_stage_free(s);
}

static void moments(void)
{
	by_moment(&usual);
	by_moment(&wide);
}

/* Times that do not fit into a row's 24 bits in ns, a part each 256 MiB. */
static void in_parts(void)
{
	struct index_stage *s = begin(6, &wide);
	struct index_reader *reader = index_stage_open(s);
	const struct index_about *about = index_about(reader);

	CU_ASSERT_EQUAL(about->parts, 3);
	for (uint32_t i = 0; i < about->parts; i++)
		CU_ASSERT_TRUE(index_part(reader, i)->last_offset -
				       index_part(reader, i)->first_offset <
			       INDEX_PART_BYTES);
	index_close(reader);
	index_stage_free(s);
	by_all(&wide, 7, 100);
}

/* Two flows of one id, which only somebody who wants it makes, are two. */
static void same_id(void)
{
	struct index_stage *s = index_stage_make(8, &usual);
	struct index_reader *reader;
	struct index_query q = {.n_flow_ids = 1};
	struct index_prefix host;

	for (uint32_t i = 0; i < 100; i++)
		s->flows[i].flow_id = 12345;
	index_stage_build(s);
	reader = index_stage_open(s);
	q.flow_ids = &s->flows[0].flow_id;
	CU_ASSERT_TRUE(index_stage_agrees(s, reader, &q));
	for (uint32_t i = 0; i < 100; i++) {
		const struct index_query of_host = {.hosts = &host, .n_hosts = 1};

		host = (struct index_prefix){s->flows[i].key.lo, 128};
		CU_ASSERT_TRUE(index_stage_agrees(s, reader, &of_host));
	}
	index_close(reader);
	index_stage_free(s);
}

void suite_packet_index(void)
{
	CU_pSuite suite = CU_add_suite("packet_index", NULL, NULL);

	CU_add_test(suite, "all packets are there", everything);
	CU_add_test(suite, "flows by their ids", by_flow);
	CU_add_test(suite, "hosts and networks", by_host);
	CU_add_test(suite, "community ids", by_community);
	CU_add_test(suite, "ports, protocols, time and more, together", together);
	CU_add_test(suite, "a long file has parts", in_parts);
	CU_add_test(suite, "the moment of one packet", moments);
	CU_add_test(suite, "flows of one id stay apart", same_id);
}
