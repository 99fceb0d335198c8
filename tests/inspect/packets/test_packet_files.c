/* Packet files: what is in them, when the next one begins, which ones stay. */
#include <CUnit/Basic.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/error.h"
#include "inspect/packets/packet_files.h"
#include "inspect/support/packet_desk.h"
#include "support/folder.h"

#define FIRST "packets-20261122T054801.123Z.pcapng"
#define FIRST_IP "packets-20261122T054801.123Z-ip.pcapng"

static void a_file_is_named_by_its_time(void)
{
	struct packet_desk *desk =
		packet_desk_begin((struct packet_files_params){.max_file_size = 1 << 20});

	CU_ASSERT_TRUE(packet_desk_has_all(desk, 0)); /* readers take it, empty as it is */
	packet_desk_put(desk, 3, LINK_ETHERNET);
	CU_ASSERT_EQUAL(packet_files_ledger(desk->files)->written, 0);
	CU_ASSERT_TRUE(packet_files_flush(desk->files));
	CU_ASSERT_EQUAL(packet_files_ledger(desk->files)->written, 3);
	CU_ASSERT_TRUE(packet_desk_has_all(desk, 0));
	CU_ASSERT_EQUAL_FATAL(desk->n_names, 1);
	CU_ASSERT_STRING_EQUAL(desk->names[0], FIRST);
	packet_desk_put(desk, 2, LINK_IP);
	CU_ASSERT_TRUE(packet_desk_read(desk)); /* and its companion, before a flush */
	CU_ASSERT_TRUE(packet_files_flush(desk->files));
	CU_ASSERT_TRUE(packet_desk_has_all(desk, 0));
	CU_ASSERT_EQUAL_FATAL(desk->n_names, 2);
	CU_ASSERT_STRING_EQUAL(desk->names[0], FIRST_IP);
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	CU_ASSERT_TRUE(packet_desk_has_all(desk, 0));
	packet_desk_free(desk);
}

enum content { CONTENT_ETHERNET, CONTENT_MIXED, CONTENT_SESSIONS };

static const struct {
	const char *name;
	uint64_t size;
	unsigned packets;
	enum content content;
} size_rows[] = {
	{"small files", 3000, 500, CONTENT_ETHERNET},
	{"small files and companions", 3000, 500, CONTENT_MIXED},
	{"files larger than what is written at once", 600 * 1024, 8000, CONTENT_ETHERNET},
	{"and their companions", 600 * 1024, 8000, CONTENT_MIXED},
	{"each packet of another session", 100 * 1024, 5000, CONTENT_SESSIONS},
};

static void put_content(struct packet_desk *desk, enum content content, unsigned n)
{
	if (content == CONTENT_ETHERNET)
		packet_desk_put(desk, n, LINK_ETHERNET);
	if (content == CONTENT_MIXED)
		packet_desk_put_mixed(desk, n);
	for (unsigned i = 0; content == CONTENT_SESSIONS && i < n; i++) {
		struct packet_record record =
			*packet_desk_record(desk->packets++, LINK_ETHERNET, FRAME);

		record.vni = i;
		packet_files_write(desk->files, &record);
	}
}

/* The blocks at a file's end are counted from the start. */
static void no_file_is_longer_than_its_bound(void)
{
	for (size_t i = 0; i < sizeof(size_rows) / sizeof(*size_rows); i++) {
		uint64_t size = size_rows[i].size;
		struct packet_desk *desk =
			packet_desk_begin((struct packet_files_params){.max_file_size = size});
		bool good;

		put_content(desk, size_rows[i].content, size_rows[i].packets);
		good = packet_files_flush(desk->files) && packet_desk_closes(desk) &&
		       packet_desk_has_all(desk, 0) && desk->longest <= size &&
		       desk->n_names > 2;
		good = packet_files_close(desk->files) && packet_desk_has_all(desk, 0) &&
		       desk->longest <= size &&
		       desk->longest > size - 2 * BLOCK - PACKET_FILE_EXTRA && good;
		if (!good)
			printf("%s: %u files, the longest of %u bytes\n", size_rows[i].name,
				desk->n_names, (unsigned)desk->longest);
		CU_ASSERT_TRUE(good);
		packet_desk_free(desk);
	}
}

static void a_packet_longer_than_the_bound_has_a_file_of_its_own(void)
{
	struct packet_desk *desk =
		packet_desk_begin((struct packet_files_params){.max_file_size = 2000});

	for (int i = 0; i < 3; i++)
		packet_files_write(desk->files,
			packet_desk_record(desk->packets++, LINK_ETHERNET, 300000));
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	CU_ASSERT_TRUE(packet_desk_has_all(desk, 0));
	CU_ASSERT_EQUAL(desk->n_names, 3);
	packet_desk_free(desk);
}

static void a_file_with_packets_ends_when_it_is_old(void)
{
	struct packet_desk *desk =
		packet_desk_begin((struct packet_files_params){.max_file_age_ns = 60 * SECOND});

	desk->now += 600 * SECOND;
	packet_files_flush(desk->files); /* old, and empty */
	packet_desk_list(desk);
	CU_ASSERT_EQUAL(desk->n_names, 1);
	packet_desk_put(desk, 1, LINK_IP);
	packet_files_flush(desk->files);
	packet_desk_list(desk);
	CU_ASSERT_EQUAL(desk->n_names, 3);
	desk->now += 60 * SECOND - 1;
	packet_desk_put(desk, 1, LINK_ETHERNET);
	packet_files_flush(desk->files);
	packet_desk_list(desk);
	CU_ASSERT_EQUAL(desk->n_names, 3);
	desk->now += 1;
	packet_files_flush(desk->files);
	CU_ASSERT_TRUE(packet_desk_has_all(desk, 0));
	CU_ASSERT_EQUAL_FATAL(desk->n_names, 4);
	CU_ASSERT_STRING_EQUAL(desk->names[0], FIRST_IP);
	CU_ASSERT_STRING_EQUAL(desk->names[2], "packets-20261122T055801.123Z.pcapng");
	CU_ASSERT_STRING_EQUAL(desk->names[3], "packets-20261122T055901.123Z.pcapng");
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	packet_desk_free(desk);
}

static void names_sort_when_the_clock_is_set_back(void)
{
	struct packet_desk *desk = packet_desk_begin((struct packet_files_params){
		.max_file_size = BLOCK, .max_file_age_ns = 60 * SECOND});

	packet_desk_put(desk, 1, LINK_ETHERNET);
	desk->now -= 86400 * SECOND;
	packet_desk_put(desk, 2, LINK_ETHERNET);
	packet_files_flush(desk->files);
	packet_desk_list(desk);
	CU_ASSERT_EQUAL(desk->n_names, 3);
	/* And the age counts from then on. */
	desk->now += 60 * SECOND;
	packet_files_flush(desk->files);
	CU_ASSERT_TRUE(packet_desk_has_all(desk, 0));
	CU_ASSERT_EQUAL(desk->n_names, 4);
	CU_ASSERT_STRING_EQUAL(desk->names[3], "packets-20261122T054801.126Z.pcapng");
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	packet_desk_free(desk);
}

static void age_counts_from_where_the_clock_was_set_to(void)
{
	struct packet_desk *desk =
		packet_desk_begin((struct packet_files_params){.max_file_age_ns = 60 * SECOND});
	static const struct {
		int64_t seconds; /* later, or earlier */
		unsigned files;
	} rows[] = {{-86400, 1}, {59, 1}, {1, 2}, {-5, 2}, {59, 2}, {1, 3}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		packet_desk_put(desk, 1, LINK_ETHERNET);
		desk->now += (uint64_t)rows[i].seconds * SECOND;
		CU_ASSERT_TRUE(packet_files_flush(desk->files));
		packet_desk_list(desk);
		CU_ASSERT_EQUAL(desk->n_names, rows[i].files);
	}
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	CU_ASSERT_TRUE(packet_desk_has_all(desk, 0));
	packet_desk_free(desk);
}

/* One Ethernet and one raw IP packet a file: ten files in all, of which five stay. */
static void the_oldest_go_with_their_companions(void)
{
	struct packet_desk *desk = packet_desk_begin(
		(struct packet_files_params){.max_file_size = 1300, .max_files = 5});
	uint64_t bytes;

	for (int i = 0; i < 10; i++) {
		packet_desk_put(desk, 1, LINK_ETHERNET);
		packet_desk_put(desk, 1, LINK_IP);
		packet_desk_list(desk);
		CU_ASSERT_TRUE(desk->n_names <= 10);
	}
	CU_ASSERT_TRUE(packet_files_flush(desk->files));
	CU_ASSERT_TRUE(packet_desk_has_all(desk, 10));
	CU_ASSERT_EQUAL(desk->n_names, 10);
	CU_ASSERT_EQUAL(packet_files_removed(desk->files, &bytes), 10);
	CU_ASSERT_EQUAL(packet_files_ledger(desk->files)->written, 20); /* they were */
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	/* The five that are left are as long as those that went. */
	CU_ASSERT_TRUE(packet_desk_has_all(desk, 10));
	CU_ASSERT_EQUAL(desk->bytes, bytes);
	packet_desk_free(desk);
}

static void one_file_alone_may_be_kept(void)
{
	struct packet_desk *desk = packet_desk_begin(
		(struct packet_files_params){.max_file_size = BLOCK, .max_files = 1});

	packet_desk_put(desk, 4, LINK_IP);
	CU_ASSERT_TRUE(packet_files_flush(desk->files));
	CU_ASSERT_TRUE(packet_desk_has_all(desk, 3));
	CU_ASSERT_EQUAL(desk->n_names, 2);
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	packet_desk_free(desk);
}

/* A file with its companion is at most a quarter of the total: the bound holds at every moment. */
static void the_bytes_in_all_stay_within_their_bound(void)
{
	enum { TOTAL = 100 * 1024, PACKETS = 3000 };
	struct packet_desk *desk =
		packet_desk_begin((struct packet_files_params){.max_total_size = TOTAL});
	uint64_t removed;

	for (int i = 0; i < PACKETS; i += 20) {
		packet_desk_put_mixed(desk, 20);
		packet_files_flush(desk->files);
		CU_ASSERT_TRUE(packet_desk_read(desk) && desk->bytes <= TOTAL);
		/* And nothing goes that may stay. */
		if (packet_files_removed(desk->files, &removed) > 0)
			CU_ASSERT_TRUE(desk->bytes > TOTAL / 2);
	}
	CU_ASSERT_TRUE(packet_files_removed(desk->files, &removed) > 10);
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	CU_ASSERT_TRUE(
		packet_desk_has_all(desk, PACKETS - desk->found) && desk->bytes <= TOTAL);
	packet_desk_free(desk);
}

static void files_of_others_stay(void)
{
	static const char *const others[] = {"packets.pcapng", "packets-ip.pcapng",
		"packets-20201122T054801Z.pcapng", "packets-20201122T054801.123Z.pcapng.gz",
		"packets-20201122T054801.12Z.pcapng", "xpackets-20201122T054801.123Z.pcapng",
		"Packets-20201122T054801.123Z.pcapng", "packets-2020112aT054801.123Z.pcapng",
		"packets-20201122T054801.123Z-ip.pcapng.gz",
		"packets-20201122T054801.123Z-IP.pcapng",
		"packets-20201122T054801.123Z_ip.pcapng",
		"packets-20201122T054801.123Z-ip-ip.pcapng", "packets-20201122T054801.123Z",
		"packets-20201122T054801.123Z.pcap", "flows-20201122T054801.123Z.jsonl",
		"notes.txt"};
	enum { OTHERS = sizeof(others) / sizeof(*others) };
	struct packet_desk *desk = packet_desk_make();
	char path[PATH_MAX], target[PATH_MAX];
	size_t len;

	for (size_t i = 0; i < OTHERS; i++) {
		snprintf(path, sizeof(path), "packets/%s", others[i]);
		folder_put(&desk->folder, path, "mine");
	}
	/* Named as ours, and no plain files. */
	folder_path(&desk->folder, "packets/packets-20201122T054802.123Z.pcapng", path,
		sizeof(path));
	CU_ASSERT_EQUAL(mkdir(path, 0777), 0);
	folder_path(&desk->folder, "notes", target, sizeof(target));
	folder_path(&desk->folder, "packets/packets-20201122T054802.124Z-ip.pcapng", path,
		sizeof(path));
	folder_put(&desk->folder, "notes", "mine");
	CU_ASSERT_EQUAL(symlink(target, path), 0);
	packet_desk_open(
		desk, (struct packet_files_params){
			      .max_file_size = BLOCK, .max_files = 2, .max_total_size = 8192});
	packet_desk_put_mixed(desk, 200);
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	packet_desk_list(desk);
	CU_ASSERT_TRUE(desk->n_names >= OTHERS + 2 + 2 && desk->n_names <= OTHERS + 2 + 4);
	for (size_t i = 0; i < OTHERS; i++) {
		char *text;

		snprintf(path, sizeof(path), "packets/%s", others[i]);
		text = folder_get(&desk->folder, path, &len);
		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		CU_ASSERT_STRING_EQUAL(text, "mine");
		free(text);
	}
	packet_desk_free(desk);
}

/* A run that was killed leaves its files as they are. Here every file of it has a companion, but
 * for the last, of which only the companion is left. */
static void files_of_earlier_runs_count(void)
{
	struct packet_desk *desk = packet_desk_make();
	char path[96];
	uint64_t bytes;

	for (int i = 0; i < 10; i++) {
		snprintf(path, sizeof(path), "packets/packets-20260101T00000%d.000Z-ip.pcapng",
			i);
		folder_put(&desk->folder, path, "earlier\n");
		snprintf(path, sizeof(path), "packets/packets-20260101T00000%d.000Z.pcapng", i);
		if (i < 9)
			folder_put(&desk->folder, path, "earlier\n");
	}
	packet_desk_open(desk, (struct packet_files_params){.max_files = 4});
	packet_files_flush(desk->files);
	packet_desk_list(desk);
	CU_ASSERT_EQUAL(desk->n_names, 20); /* nothing goes for a file without a packet */
	packet_desk_put(desk, 1, LINK_ETHERNET);
	packet_files_flush(desk->files);
	packet_desk_list(desk);
	CU_ASSERT_EQUAL_FATAL(desk->n_names, 6);
	CU_ASSERT_STRING_EQUAL(desk->names[0], "packets-20260101T000007.000Z-ip.pcapng");
	CU_ASSERT_STRING_EQUAL(desk->names[4], "packets-20260101T000009.000Z-ip.pcapng");
	CU_ASSERT_STRING_EQUAL(desk->names[5], FIRST);
	CU_ASSERT_EQUAL(packet_files_removed(desk->files, &bytes), 14);
	CU_ASSERT_EQUAL(bytes, 14 * 8);
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	packet_desk_free(desk);
}

static void a_run_without_packets_leaves_nothing(void)
{
	struct packet_desk *desk = packet_desk_begin((struct packet_files_params){.dir = NULL});
	char path[PATH_MAX];

	CU_ASSERT_TRUE(packet_files_flush(desk->files));
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	folder_path(&desk->folder, "packets", path, sizeof(path));
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	packet_desk_free(desk);
}

/* No file is opened twice, and none whose companion's name is taken. */
static void a_name_that_is_taken_is_left_alone(void)
{
	static const char *const taken[] = {FIRST, FIRST_IP};

	for (int i = 0; i < 2; i++) {
		struct packet_desk *desk = packet_desk_make();
		char path[96], *text;
		size_t len;

		snprintf(path, sizeof(path), "packets/%s", taken[i]);
		folder_put(&desk->folder, path, "before");
		packet_desk_open(desk, (struct packet_files_params){.max_file_size = 1000});
		packet_desk_put(desk, 2, LINK_IP);
		CU_ASSERT_TRUE(packet_files_close(desk->files));
		text = folder_get(&desk->folder, path, &len);
		CU_ASSERT_STRING_EQUAL(text, "before");
		free(text);
		folder_path(&desk->folder, path, path, sizeof(path));
		packet_desk_list(desk);
		CU_ASSERT_TRUE(
			packet_desk_has_name(desk, "packets-20261122T054801.124Z.pcapng"));
		CU_ASSERT_TRUE(
			packet_desk_has_name(desk, "packets-20261122T054801.124Z-ip.pcapng"));
		packet_desk_free(desk);
	}
}

static void a_fixed_name_has_no_bounds(void)
{
	struct packet_desk *desk =
		packet_desk_begin((struct packet_files_params){.name = "packets.pcapng",
			.max_file_size = BLOCK,
			.max_files = 1,
			.max_file_age_ns = 1,
			.max_total_size = 1});

	packet_desk_put_mixed(desk, 300);
	desk->now += 86400 * SECOND;
	CU_ASSERT_TRUE(packet_files_flush(desk->files));
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	CU_ASSERT_TRUE(packet_desk_has_all(desk, 0));
	CU_ASSERT_EQUAL_FATAL(desk->n_names, 2);
	CU_ASSERT_STRING_EQUAL(desk->names[0], "packets-ip.pcapng");
	CU_ASSERT_STRING_EQUAL(desk->names[1], "packets.pcapng");
	packet_desk_free(desk);
}

static void what_cannot_be_opened_is_said(void)
{
	struct folder folder = folder_make();
	struct packet_files_params params = {.dir = folder.path};
	char want[256];
	struct error error = {0};

	folder_put(&folder, "packets", "a file");
	CU_ASSERT_PTR_NULL(packet_files_open(&params, &error));
	snprintf(want, sizeof(want),
		"%s/packets/packets-TIME.pcapng: cannot write there: Not a directory",
		folder.path);
	CU_ASSERT_STRING_EQUAL(error.text, want);
	folder_remove(&folder);
}

void suite_packet_files(void);
void suite_packet_files(void)
{
	CU_pSuite s = CU_add_suite("packet_files", NULL, NULL);

	CU_ADD_TEST(s, a_file_is_named_by_its_time);
	CU_ADD_TEST(s, no_file_is_longer_than_its_bound);
	CU_ADD_TEST(s, a_packet_longer_than_the_bound_has_a_file_of_its_own);
	CU_ADD_TEST(s, a_file_with_packets_ends_when_it_is_old);
	CU_ADD_TEST(s, names_sort_when_the_clock_is_set_back);
	CU_ADD_TEST(s, age_counts_from_where_the_clock_was_set_to);
	CU_ADD_TEST(s, the_oldest_go_with_their_companions);
	CU_ADD_TEST(s, one_file_alone_may_be_kept);
	CU_ADD_TEST(s, the_bytes_in_all_stay_within_their_bound);
	CU_ADD_TEST(s, files_of_others_stay);
	CU_ADD_TEST(s, files_of_earlier_runs_count);
	CU_ADD_TEST(s, a_run_without_packets_leaves_nothing);
	CU_ADD_TEST(s, a_name_that_is_taken_is_left_alone);
	CU_ADD_TEST(s, a_fixed_name_has_no_bounds);
	CU_ADD_TEST(s, what_cannot_be_opened_is_said);
}
