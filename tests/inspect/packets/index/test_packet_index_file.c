/* The file that an index is: its size, how little is read of it, when there is one and when there is none, and the memory
 * that it takes to build. */
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/support/index_stage.h"
#include "support/small_disk.h"

void suite_packet_index_file(void);

enum { INDEX_MANY = 1 << 20 };

static const struct index_stage_params usual = {3000, 20000, 1400, 2000000};

static struct index_stage *begin(uint64_t seed)
{
	struct index_stage *s = index_stage_make(seed, &usual);

	index_stage_build(s);
	return s;
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
	struct index_stage *s = begin(10);
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
	struct index_stage *s = begin(12);
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
	struct index_stage *s = begin(13);
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
	struct index_stage *s = begin(14);
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

/* No room for a new index: the one that was there stays, nothing is left of the other, and with room it is made. */
static bool a_disk_fills(void *ctx)
{
	struct index_stage *s = ctx;
	struct error error = {0};
	char *filler = calloc(1, 1 << 12), part[160];
	bool ok = filler != NULL;
	ssize_t wrote = 1;
	int fd;

	ok = ok && index_stage_try(s, &error);
	snprintf(part, sizeof(part), "%s.filler", s->file);
	fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (ok && wrote > 0)
		wrote = write(fd, filler, 1 << 12);
	close(fd);
	ok = ok && !index_stage_try(s, &error) && strstr(error.text, "No space left") != NULL;
	unlink(part);
	snprintf(part, sizeof(part), "%s.idx.part", s->file);
	ok = ok && access(part, F_OK) != 0;
	index_close(index_stage_open(s));
	ok = ok && index_stage_try(s, &error);
	free(filler);
	return ok;
}

static void full_disk(void)
{
	struct index_stage *s = index_stage_make(17, &usual);

	small_disk(s->folder.path, a_disk_fills, s);
	index_stage_free(s);
}

void suite_packet_index_file(void)
{
	CU_pSuite suite = CU_add_suite("packet_index_file", NULL, NULL);

	CU_add_test(suite, "48 bytes a flow, 4 a packet, 2 % of the data", sizes);
	CU_add_test(suite, "what is not there costs a block", reads_little);
	CU_add_test(suite, "no packet, and one", empty);
	CU_add_test(suite, "of another file", stale);
	CU_add_test(suite, "no index rather than a wrong one", gives_up);
	CU_add_test(suite, "one process makes it", one_at_a_time);
	CU_add_test(suite, "memory is bounded", memory);
	CU_add_test(suite, "the disk is full", full_disk);
}
