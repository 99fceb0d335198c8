/* The index of a packet file, and its answers: compared with a look at each packet. */
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/support/index_stage.h"

void suite_packet_index(void);

enum { INDEX_MANY = 1 << 20 };

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

static uint64_t size_of(const struct index_stage *s)
{
	char path[128];
	struct stat status;

	CU_ASSERT_TRUE(index_path(s->file, path, sizeof(path)));
	CU_ASSERT_EQUAL_FATAL(stat(path, &status), 0);
	return (uint64_t)status.st_size;
}

/* Rows of many flows with clients of their own, five packets of some 600 bytes each. */
static void sizes(void)
{
	const struct index_stage_params five = {20000, 100000, 1260, 2000000};
	struct index_stage *s = index_stage_make(9, &five);
	uint64_t bytes = s->packets[s->n_packets - 1].offset;

	for (uint32_t i = 0; i < s->n_flows; i++) {
		struct flow_key *key = &s->flows[i].key;

		s->flows[i].point.outer_src = s->flows[i % 20].point.outer_src;
		session_key_name(&s->flows[i].point, 42, NETWORK_NONE);
		memset(key, 0, sizeof(*key));
		key->ip_version = 4;
		key->protocol = 6;
		key->lo = (struct ip_addr){
			{[10] = 255, [11] = 255, 10, 0, 0, (uint8_t)(i % 200)}};
		key->hi = (struct ip_addr){{[10] = 255,
			[11] = 255,
			52,
			(uint8_t)(i >> 16),
			(uint8_t)(i >> 8),
			(uint8_t)i}};
	}
	index_stage_build(s);
	CU_ASSERT_TRUE(size_of(s) <= 48 * (uint64_t)s->n_flows + 4 * (uint64_t)s->n_packets);
	CU_ASSERT_TRUE(size_of(s) <= bytes / 50);
	index_stage_free(s);
}

/* A question about what is not there reads a block or two of each part. */
static void reads_little(void)
{
	struct index_stage *s = begin(10, &usual);
	struct index_reader *reader = index_stage_open(s);
	uint64_t before = index_bytes_read(reader), id = 0;
	struct index_offsets answer = {0};
	struct error error;
	uint32_t idle = 0;

	for (uint32_t i = 0; i < 100; i++) {
		const struct index_query q = {.flow_ids = &id, .n_flow_ids = 1};
		uint64_t read = index_bytes_read(reader);

		id = random_next(&s->random);
		CU_ASSERT_EQUAL(index_find(reader, 0, &q, &answer, &error), INDEX_OK);
		CU_ASSERT_EQUAL(answer.n, 0);
		idle += index_bytes_read(reader) - read <= 2 * 4096;
	}
	CU_ASSERT_TRUE(before <= 3 * 4096);
	CU_ASSERT_TRUE(idle >= 95);
	free(answer.at);
	index_close(reader);
	index_stage_free(s);
}

static void empty(void)
{
	const struct index_stage_params none = {1, 1, 100, 1000};
	struct index_stage *s = index_stage_make(11, &none);
	struct index_reader *reader;

	s->n_packets = 0;
	index_stage_build(s);
	reader = index_stage_open(s);
	CU_ASSERT_EQUAL(index_about(reader)->parts, 0);
	CU_ASSERT_EQUAL(index_about(reader)->packets, 0);
	index_close(reader);
	s->n_packets = 1;
	index_stage_build(s); /* in its place */
	reader = index_stage_open(s);
	CU_ASSERT_EQUAL(index_about(reader)->packets, 1);
	CU_ASSERT_TRUE(size_of(s) < 512);
	index_close(reader);
	index_stage_free(s);
}

/* A file that has grown, was replaced, or is gone. */
static void stale(void)
{
	struct index_stage *s = begin(12, &usual);
	struct index_identity other = s->identity;
	enum index_status status;
	struct error error;
	char path[128];

	other.length++;
	CU_ASSERT_PTR_NULL(index_open(s->file, &other, &status, &error));
	CU_ASSERT_EQUAL(status, INDEX_STALE);
	other = s->identity;
	other.tail ^= 1;
	CU_ASSERT_PTR_NULL(index_open(s->file, &other, &status, &error));
	CU_ASSERT_EQUAL(status, INDEX_STALE);
	index_path(s->file, path, sizeof(path));
	unlink(path);
	CU_ASSERT_PTR_NULL(index_open(s->file, &s->identity, &status, &error));
	CU_ASSERT_EQUAL(status, INDEX_NONE);
	mkdir(path, 0700);
	CU_ASSERT_PTR_NULL(index_open(s->file, &s->identity, &status, &error));
	CU_ASSERT_EQUAL(status, INDEX_DAMAGED);
	index_stage_free(s);
}

static void gives_up_is(struct index_stage *s, struct index_builder *builder, const char *why)
{
	struct error error = {0};
	char part[160];

	CU_ASSERT_FALSE(index_builder_close(builder, &s->identity, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, why));
	snprintf(part, sizeof(part), "%s.idx.part", s->file);
	CU_ASSERT_NOT_EQUAL(access(part, F_OK), 0);
}

/* No index is better than one that is wrong; the one that was there stays. */
static void gives_up(void)
{
	struct index_stage *s = begin(13, &usual);
	struct error error;
	struct index_builder *builder = index_builder_open(s->file, 0, &error);
	struct index_packet packet = {&s->flows[0], 1, 1000};

	index_builder_add(builder, &packet);
	index_builder_add(builder, &packet);
	gives_up_is(s, builder, "do not follow each other");
	builder = index_builder_open(s->file, 0, &error);
	packet.offset = s->identity.length;
	index_builder_add(builder, &packet);
	gives_up_is(s, builder, "shorter than the packets");
	builder = index_builder_open(s->file, 0, &error);
	for (uint64_t i = 0; i <= INDEX_LANDMARKS_MAX; i++)
		index_builder_landmark(builder, i);
	gives_up_is(s, builder, "too many sections");
	index_close(index_stage_open(s));
	index_stage_free(s);
}

/* Two at once: the second is told. What a killed one left is taken over. */
static void one_at_a_time(void)
{
	struct index_stage *s = begin(14, &usual);
	struct error error = {0};
	struct index_builder *first = index_builder_open(s->file, 0, &error), *second;
	char part[160];
	int fd;

	CU_ASSERT_PTR_NOT_NULL_FATAL(first);
	second = index_builder_open(s->file, 0, &error);
	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "another process"));
	index_builder_discard(first);
	snprintf(part, sizeof(part), "%s.idx.part", s->file);
	fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	close(fd);
	index_stage_build(s);
	index_close(index_stage_open(s));
	index_stage_free(s);
}

/* As many flows and packets as a part takes, then packets of a flow each: memory stays within what it says. */
static void memory(void)
{
	const struct index_stage_params many = {1, 1, 1, 2};
	struct index_stage *s = index_stage_make(15, &many);
	struct error error;
	struct index_builder *builder = index_builder_open(s->file, 0, &error);
	struct index_identity big = {UINT64_C(1) << 40, 0, 0};
	struct index_flow flow;
	size_t most = 0;

	for (uint64_t i = 0; i < INDEX_MANY + 600000; i++) {
		uint64_t flow_of = i < INDEX_MANY ? i / 8 : i;

		flow = s->flows[0];
		flow.key.ip_version = 6;
		flow.has_point = true;
		flow.point.vni = (uint32_t)(flow_of % 60000);
		flow.flow_id = random_at(1, flow_of);
		memcpy(flow.key.lo.byte, &flow.flow_id, sizeof(flow.flow_id));
		memcpy(flow.key.hi.byte + 4, &flow.flow_id, sizeof(flow.flow_id));
		index_builder_add(builder, &(struct index_packet){&flow, i, 24 + 20 * i});
		if (index_builder_memory(builder) > most)
			most = index_builder_memory(builder);
	}
	CU_ASSERT_TRUE(index_builder_close(builder, &big, &error));
	CU_ASSERT_TRUE(most <= INDEX_BUILDER_MEMORY);
	CU_ASSERT_TRUE(most > INDEX_BUILDER_MEMORY / 2);
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
	CU_add_test(suite, "48 bytes a flow, 4 a packet, 2 % of the data", sizes);
	CU_add_test(suite, "what is not there costs a block", reads_little);
	CU_add_test(suite, "no packet, and one", empty);
	CU_add_test(suite, "of another file", stale);
	CU_add_test(suite, "no index rather than a wrong one", gives_up);
	CU_add_test(suite, "one process makes it", one_at_a_time);
	CU_add_test(suite, "memory is bounded", memory);
}
