/* A damaged index: every byte of it changed, and every length of it. The answer equals that of a look at all packets, or is
 * an error. */
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "inspect/support/index_stage.h"

void suite_packet_index_damage(void);

enum { BLOCK = 4096 };

static const struct index_stage_params little = {60, 400, 1400, 2000000};
/* Larger than a few blocks, where not every byte is tried. */
static const struct index_stage_params some = {2500, 12000, 1400, 2000000};

struct counts {
	uint32_t refused, right, wrong;
};

/* Opens and asks everything, by all ways into the index. */
static void ask(const struct index_stage *s, struct counts *counts)
{
	const struct index_flow *flow = &s->flows[0];
	const struct index_prefix host = {flow->key.lo, 128}, all = {flow->key.lo, 0};
	const struct index_query queries[] = {
		{.flow_ids = &flow->flow_id, .n_flow_ids = 1},
		{.hosts = &host, .n_hosts = 1},
		{.hosts = &all, .n_hosts = 1},
		{.n_hosts = 0},
		{.from_ns = s->packets[s->n_packets / 4].time_ns,
			.to_ns = s->packets[s->n_packets / 2].time_ns},
	};
	struct error error = {0};
	enum index_status status;
	struct index_reader *reader = index_open(s->file, &s->identity, &status, &error);
	struct index_offsets answer = {0};
	const uint64_t *landmarks;

	if (!reader) {
		counts->refused += status == INDEX_DAMAGED || status == INDEX_STALE;
		counts->wrong += status == INDEX_OK || error.text[0] == 0;
		return;
	}
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		if (index_stage_agrees(s, reader, &queries[i]))
			counts->right++;
		else if (index_find(reader, 0, &queries[i], &answer, &error) == INDEX_DAMAGED)
			counts->refused++;
		else
			counts->wrong++;
	}
	if (index_landmarks(reader, &landmarks, &error) == INDEX_OK)
		counts->wrong += index_about(reader)->landmarks != 1 || landmarks[0] != 0;
	free(answer.at);
	index_close(reader);
}

static void each_byte(const struct index_stage_params *params, size_t step)
{
	struct index_stage *s = index_stage_make(1, params);
	struct counts counts = {0};
	char path[128];
	size_t len;
	char *bytes;
	int fd;

	index_stage_build(s);
	index_path(s->file, path, sizeof(path));
	bytes = folder_get(&s->folder, "capture.pcap.idx", &len);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CU_ASSERT_TRUE_FATAL(bytes && fd >= 0 && len > 1000);
	for (size_t i = 0; i < len; i += step) {
		char flipped = (char)(bytes[i] ^ (1 << i % 8));

		CU_ASSERT_EQUAL(pwrite(fd, &flipped, 1, (off_t)i), 1);
		ask(s, &counts);
		CU_ASSERT_EQUAL(pwrite(fd, &bytes[i], 1, (off_t)i), 1);
	}
	CU_ASSERT_EQUAL(counts.wrong, 0);
	CU_ASSERT_TRUE(counts.refused >= len / step);
	close(fd);
	free(bytes);
	index_stage_free(s);
}

static void every_byte(void)
{
	each_byte(&little, 1);
}

static void many_bytes(void)
{
	each_byte(&some, 397);
}

static void every_length(void)
{
	struct index_stage *s = index_stage_make(2, &little);
	struct counts counts = {0};
	char path[128];
	size_t len;
	char *bytes;

	index_stage_build(s);
	index_path(s->file, path, sizeof(path));
	bytes = folder_get(&s->folder, "capture.pcap.idx", &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	for (size_t i = len; i-- > 0;) {
		CU_ASSERT_EQUAL(truncate(path, (off_t)i), 0);
		ask(s, &counts);
	}
	CU_ASSERT_EQUAL(counts.refused, len);
	CU_ASSERT_EQUAL(counts.wrong + counts.right, 0);
	free(bytes);
	index_stage_free(s);
}

/* Whole blocks, each with its right checksum, in each other's places. */
static void exchanged(void)
{
	struct index_stage *s = index_stage_make(4, &some);
	struct counts counts = {0};
	char path[128], *bytes;
	size_t len, blocks;
	int fd;

	index_stage_build(s);
	index_path(s->file, path, sizeof(path));
	bytes = folder_get(&s->folder, "capture.pcap.idx", &len);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	blocks = len / BLOCK;
	CU_ASSERT_TRUE_FATAL(bytes && fd >= 0 && blocks > 20);
	for (size_t i = 0; i + 1 < blocks; i++) {
		off_t at = (off_t)(i * BLOCK);

		CU_ASSERT_EQUAL(pwrite(fd, bytes + at + BLOCK, BLOCK, at), BLOCK);
		CU_ASSERT_EQUAL(pwrite(fd, bytes + at, BLOCK, at + BLOCK), BLOCK);
		ask(s, &counts);
		CU_ASSERT_EQUAL(pwrite(fd, bytes + at, 2 * (size_t)BLOCK, at), 2 * BLOCK);
	}
	CU_ASSERT_EQUAL(counts.wrong, 0);
	CU_ASSERT_TRUE(counts.refused >= blocks - 1);
	close(fd);
	free(bytes);
	index_stage_free(s);
}

/* Bytes behind its end, as when two files were put together. */
static void longer(void)
{
	struct index_stage *s = index_stage_make(3, &little);
	struct counts counts = {0};
	char path[128];
	int fd;

	index_stage_build(s);
	index_path(s->file, path, sizeof(path));
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	for (uint32_t i = 0; i < 5000; i++) {
		CU_ASSERT_EQUAL(write(fd, "", 1), 1);
		ask(s, &counts);
	}
	CU_ASSERT_EQUAL(counts.refused, 5000);
	close(fd);
	index_stage_free(s);
}

void suite_packet_index_damage(void)
{
	CU_pSuite suite = CU_add_suite("packet_index_damage", NULL, NULL);

	CU_add_test(suite, "each byte of a small one", every_byte);
	CU_add_test(suite, "bytes all over a larger one", many_bytes);
	CU_add_test(suite, "each length", every_length);
	CU_add_test(suite, "blocks change places", exchanged);
	CU_add_test(suite, "more behind it", longer);
}
