/* Packet files on disks that fill, in a process that is killed, and with senders that make up
 * sessions. */
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inspect/packets/packet_files.h"
#include "inspect/packets/pcapng_interfaces.h"
#include "inspect/support/packet_desk.h"
#include "support/folder.h"
#include "support/pcapng_walk.h"
#include "support/small_disk.h"

/* What is said on stderr in the meantime. */
struct said {
	struct folder folder;
	int saved;
};

static struct said said_begin(void)
{
	struct said said = {.folder = folder_make(), .saved = dup(STDERR_FILENO)};
	char path[PATH_MAX];

	fflush(stderr);
	CU_ASSERT_PTR_NOT_NULL_FATAL(freopen(
		folder_path(&said.folder, "stderr.txt", path, sizeof(path)), "w", stderr));
	return said;
}

/* How often it has `what` in it. */
static unsigned said_count(const struct said *said, const char *what)
{
	unsigned n = 0;
	size_t len;
	char *text;

	fflush(stderr);
	text = folder_get(&said->folder, "stderr.txt", &len);
	for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
		n++;
	free(text);
	return n;
}

static void said_end(struct said *said)
{
	fflush(stderr);
	dup2(said->saved, STDERR_FILENO);
	close(said->saved);
	folder_remove(&said->folder);
}

/* No file of this process may be longer than `size`; 0: as long as it likes. */
static void limit_files(rlim_t size)
{
	struct rlimit limit;

	signal(SIGXFSZ, size == 0 ? SIG_DFL : SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = size == 0 ? limit.rlim_max : size;
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static uint64_t lost(const struct packet_desk *desk)
{
	return packet_files_ledger(desk->files)->lost_disk;
}

/* A write that fails in the middle of a file: what it lost is missing, and the file goes on. */
static void a_file_goes_on_behind_a_failed_write(void)
{
	struct packet_desk *desk = packet_desk_begin((struct packet_files_params){.dir = NULL});
	struct said said = said_begin();
	uint64_t written, before;

	limit_files(700000); /* two batches and a part of the third */
	packet_desk_put_mixed(desk, 9000);
	CU_ASSERT_TRUE(lost(desk) > 0);
	CU_ASSERT_FALSE(packet_files_flush(desk->files));
	CU_ASSERT_TRUE(packet_desk_closes(desk));
	before = lost(desk);
	limit_files(0);
	packet_desk_put_mixed(desk, 60);
	CU_ASSERT_FALSE(packet_files_flush(desk->files)); /* it did lose some */
	CU_ASSERT_EQUAL(lost(desk), before);
	CU_ASSERT_TRUE(packet_desk_closes(desk));
	written = packet_files_ledger(desk->files)->written;
	CU_ASSERT_EQUAL(said_count(&said, "File too large"), 1);
	CU_ASSERT_EQUAL(said_count(&said, "records are written again"), 1);
	said_end(&said);
	CU_ASSERT_FALSE(packet_files_close(desk->files));
	CU_ASSERT_TRUE(packet_desk_read(desk));
	CU_ASSERT_EQUAL(desk->n_names, 2);
	CU_ASSERT_EQUAL(desk->found, written);
	CU_ASSERT_EQUAL(written, 9060 - before);
	packet_desk_free(desk);
}

/* However often it is tried. */
static void what_fails_all_the_time_is_said_once(void)
{
	struct packet_desk *desk = packet_desk_begin((struct packet_files_params){.dir = NULL});
	struct said said = said_begin();

	packet_desk_put(desk, 10, LINK_ETHERNET);
	packet_files_flush(desk->files);
	limit_files(1);
	for (int i = 0; i < 600; i++) {
		packet_desk_put(desk, 1, LINK_ETHERNET);
		CU_ASSERT_FALSE(packet_files_flush(desk->files));
		CU_ASSERT_TRUE(packet_desk_closes(desk));
	}
	limit_files(0);
	CU_ASSERT_EQUAL(said_count(&said, "File too large"), 1);
	packet_desk_put(desk, 5, LINK_ETHERNET);
	packet_files_flush(desk->files);
	CU_ASSERT_EQUAL(lost(desk), 600);
	CU_ASSERT_EQUAL(said_count(&said, "records are written again"), 1);
	said_end(&said);
	CU_ASSERT_FALSE(packet_files_close(desk->files));
	CU_ASSERT_TRUE(packet_desk_read(desk));
	CU_ASSERT_EQUAL(desk->found, 15);
	CU_ASSERT_EQUAL(desk->n_names, 1);
	packet_desk_free(desk);
}

/* Lets `test` run on a disk of 2 MiB that is its folder. */
static void on_small_disk(bool (*test)(struct packet_desk *desk))
{
	struct packet_desk *desk = packet_desk_make();

	small_disk(desk->folder.path, (bool (*)(void *))test, desk);
	packet_desk_free(desk);
}

static bool check(bool good, const char *what)
{
	if (!good)
		printf("  not so: %s\n", what);
	return good;
}

/* Leaves `free` bytes of the disk, or (negative) removes the file that takes the others. */
static void fill_disk(const struct packet_desk *desk, long long leave)
{
	static const char block[4096] = "x";
	char path[PATH_MAX];
	int fd;

	folder_path(&desk->folder, "ballast", path, sizeof(path));
	unlink(path);
	if (leave < 0)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	while (fd >= 0 && write(fd, block, sizeof(block)) == sizeof(block))
		;
	if (fd >= 0) {
		struct stat st;

		if (fstat(fd, &st) == 0)
			(void)!ftruncate(fd, st.st_size - leave);
		close(fd);
	}
}

static bool a_disk_fills_and_has_room_again(struct packet_desk *desk)
{
	struct said said = said_begin();
	uint64_t written;
	bool good = true;

	packet_desk_open(desk, (struct packet_files_params){.max_files = 10});
	packet_desk_put_mixed(desk, 100);
	good = check(packet_files_flush(desk->files), "room at first") && good;
	fill_disk(desk, 0);
	packet_desk_put_mixed(desk, 5000);
	for (int i = 0; i < 20; i++) {
		packet_desk_put_mixed(desk, 10);
		good = check(!packet_files_flush(desk->files), "loses some") && good;
	}
	good = check(lost(desk) > 4000 && packet_desk_closes(desk), "lost, and counted") &&
	       good;
	good = check(said_count(&said, "No space left") == 2, "said once a file") && good;
	fill_disk(desk, -1);
	written = packet_files_ledger(desk->files)->written;
	packet_desk_put_mixed(desk, 100);
	packet_files_flush(desk->files);
	good = check(packet_files_ledger(desk->files)->written == written + 100, "written") &&
	       good;
	good = check(said_count(&said, "written again") == 2, "said, too") && good;
	good = check(packet_desk_closes(desk), "the ledger closes") && good;
	written += 100;
	good = check(!packet_files_close(desk->files), "lost some") && good;
	said_end(&said);
	good = check(packet_desk_read(desk), "files are good") && good;
	return check(desk->found == written && desk->n_names == 2,
		       "and hold what was written") &&
	       good;
}

/* The file itself fills the disk, and whoever looks after the machine deletes it. */
static bool a_deleted_file_makes_room(struct packet_desk *desk)
{
	struct said said = said_begin();
	uint64_t before, written;
	char path[PATH_MAX], name[80];
	bool good;

	packet_desk_open(desk, (struct packet_files_params){.max_files = 10});
	packet_desk_put(desk, 19000, LINK_ETHERNET);
	good = check(!packet_files_flush(desk->files), "full");
	written = packet_files_ledger(desk->files)->written;
	packet_desk_list(desk);
	snprintf(name, sizeof(name), "packets/%s", desk->names[0]);
	good = check(unlink(folder_path(&desk->folder, name, path, sizeof(path))) == 0,
		       "deleted") &&
	       good;
	packet_desk_put(desk, 1, LINK_ETHERNET); /* may be lost with it */
	packet_files_flush(desk->files);
	before = lost(desk);
	written = packet_files_ledger(desk->files)->written - written;
	packet_desk_put(desk, 900, LINK_ETHERNET);
	packet_files_flush(desk->files);
	good = check(lost(desk) == before && packet_desk_closes(desk), "nothing more lost") &&
	       good;
	packet_files_close(desk->files);
	said_end(&said);
	good = check(packet_desk_read(desk), "the file is good") && good;
	return check(desk->found == 900 + written && desk->n_names == 1, "and has all since") &&
	       good;
}

/* As no one waits for it: it starts, and records when there is room. */
static bool a_start_on_a_full_disk(struct packet_desk *desk)
{
	struct said said = said_begin();
	bool good = true;

	fill_disk(desk, 0);
	packet_desk_open(desk, (struct packet_files_params){.max_files = 5});
	packet_desk_put(desk, 10, LINK_ETHERNET);
	good = check(!packet_files_flush(desk->files) && lost(desk) == 10, "lost") && good;
	fill_disk(desk, -1);
	packet_desk_put(desk, 10, LINK_ETHERNET);
	packet_files_flush(desk->files);
	good = check(lost(desk) == 10 && packet_desk_closes(desk), "written") && good;
	packet_files_close(desk->files);
	said_end(&said);
	return check(packet_desk_has_all(desk, 10) && desk->n_names == 1, "one file") && good;
}

static void a_full_disk(void)
{
	on_small_disk(a_disk_fills_and_has_room_again);
	on_small_disk(a_deleted_file_makes_room);
	on_small_disk(a_start_on_a_full_disk);
}

/* Takes all descriptors that are left; returns the limit before. */
static struct rlimit no_descriptors(void)
{
	struct rlimit before, none;
	int free_fd = dup(0);

	close(free_fd);
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){(rlim_t)free_fd, before.rlim_max};
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
	return before;
}

static void without_a_next_file_the_one_before_goes_on(void)
{
	struct packet_desk *desk =
		packet_desk_begin((struct packet_files_params){.max_file_size = 2000});
	struct said said = said_begin();
	struct rlimit before = no_descriptors();

	packet_desk_put(desk, 100, LINK_ETHERNET);
	CU_ASSERT_TRUE(packet_files_flush(desk->files));
	setrlimit(RLIMIT_NOFILE, &before);
	CU_ASSERT_TRUE(packet_desk_has_all(desk, 0));
	CU_ASSERT_EQUAL(desk->n_names, 1);
	packet_desk_put(desk, 2, LINK_ETHERNET);
	CU_ASSERT_TRUE(packet_files_flush(desk->files));
	CU_ASSERT_TRUE(packet_desk_has_all(desk, 0));
	CU_ASSERT_EQUAL(desk->n_names, 2);
	CU_ASSERT_EQUAL(said_count(&said, "goes on"), 1);
	said_end(&said);
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	packet_desk_free(desk);
}

static void without_a_companion_raw_ip_is_lost(void)
{
	struct packet_desk *desk = packet_desk_begin((struct packet_files_params){.dir = NULL});
	struct said said = said_begin();
	struct rlimit before = no_descriptors();

	packet_desk_put_mixed(desk, 30);
	CU_ASSERT_FALSE(packet_files_flush(desk->files));
	CU_ASSERT_EQUAL(lost(desk), 10);
	packet_desk_put_mixed(desk, 30);
	setrlimit(RLIMIT_NOFILE, &before);
	packet_desk_put_mixed(desk, 30); /* tried again after a flush */
	packet_files_flush(desk->files);
	CU_ASSERT_EQUAL(lost(desk), 30);
	packet_desk_put_mixed(desk, 30);
	packet_files_flush(desk->files);
	CU_ASSERT_EQUAL(lost(desk), 30);
	CU_ASSERT_TRUE(packet_desk_closes(desk));
	CU_ASSERT_EQUAL(said_count(&said, "no file for raw IP packets"), 1);
	said_end(&said);
	CU_ASSERT_FALSE(packet_files_close(desk->files));
	CU_ASSERT_TRUE(packet_desk_read(desk));
	CU_ASSERT_EQUAL(desk->found, 90);
	CU_ASSERT_EQUAL(desk->n_names, 2);
	packet_desk_free(desk);
}

/* What a flush left is there, whole, whatever becomes of the process. */
static void a_killed_run_leaves_whole_files(void)
{
	struct packet_desk *desk = packet_desk_make();
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		packet_desk_open(desk, (struct packet_files_params){.max_file_size = 300000});
		packet_desk_put_mixed(desk, 5000);
		packet_files_flush(desk->files);
		packet_desk_put_mixed(desk, 900); /* less than is written at once */
		raise(SIGKILL);
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
	CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	desk->packets = 5000;
	CU_ASSERT_TRUE(packet_desk_read(desk));
	CU_ASSERT_TRUE(desk->n_names > 4);
	for (uint32_t i = 0; i < 5000; i++)
		CU_ASSERT_EQUAL_FATAL(desk->times[i], 1);
	packet_desk_free(desk);
}

struct spoof {
	uint32_t nameless; /* interface */
	uint32_t shared;   /* packets on it */
	uint32_t named, comments;
	bool seen_nameless;
};

enum { PAIRS = PCAPNG_SESSIONS_MAX + 1000 };

/* The address and VNI of a pair, all in few bits of both. */
static void pair_of(uint32_t i, uint8_t address[4], uint32_t *vni)
{
	address[0] = 10;
	address[1] = 0;
	address[2] = (uint8_t)(i >> 8);
	address[3] = (uint8_t)i;
	*vni = i >> 16;
}

static void see_spoofed(void *ctx, const struct pcapng_walked *packet)
{
	struct spoof *spoof = ctx;
	char want[64];
	uint8_t a[4];
	uint32_t i, vni;

	memcpy(&i, packet->frame + 14, sizeof(i));
	pair_of(i % PAIRS, a, &vni);
	snprintf(want, sizeof(want), "vni=%u outer_src=10.0.%u.%u rule=100", vni, a[2], a[3]);
	spoof->comments += strcmp(packet->comment, want) == 0;
	if (i % PAIRS < PCAPNG_SESSIONS_MAX) {
		spoof->named += packet->interface == i % PAIRS + 1;
		return;
	}
	spoof->shared += packet->interface == 0;
}

/* Twice as many packets as there are pairs: each pair has an interface of its own, number 0 is the
 * one that a live file begins with. */
static void sessions_of_a_file_are_bounded(void)
{
	struct packet_desk *desk = packet_desk_begin((struct packet_files_params){.dir = NULL});
	struct spoof spoof = {.nameless = 0};
	struct pcapng_seen seen;
	char path[PATH_MAX], *bytes;
	size_t len = 0;

	for (uint32_t i = 0; i < 2 * PAIRS; i++) {
		struct packet_record record = *packet_desk_record(i, LINK_ETHERNET, FRAME);
		uint8_t address[4];

		pair_of(i % PAIRS, address, &record.vni);
		record.outer_src = ip_addr_v4(address);
		packet_files_write(desk->files, &record);
	}
	CU_ASSERT_TRUE(packet_files_close(desk->files));
	packet_desk_list(desk);
	CU_ASSERT_EQUAL_FATAL(desk->n_names, 1);
	snprintf(path, sizeof(path), "packets/%s", desk->names[0]);
	bytes = folder_get(&desk->folder, path, &len);
	seen = pcapng_walk(bytes, len, see_spoofed, &spoof);
	free(bytes);
	CU_ASSERT_TRUE(seen.whole);
	CU_ASSERT_EQUAL(seen.packets, 2 * PAIRS);
	CU_ASSERT_EQUAL(seen.interfaces, PCAPNG_SESSIONS_MAX + 1);
	CU_ASSERT_EQUAL(seen.named, PCAPNG_SESSIONS_MAX);
	CU_ASSERT_EQUAL(seen.statistics, PCAPNG_SESSIONS_MAX + 1);
	CU_ASSERT_EQUAL(seen.counted, 2 * PAIRS);
	CU_ASSERT_EQUAL(spoof.named, 2 * PCAPNG_SESSIONS_MAX);
	CU_ASSERT_EQUAL(spoof.shared, 2 * 1000);
	CU_ASSERT_EQUAL(spoof.comments, 2 * PAIRS);
	snprintf(path, sizeof(path), "%s/packets/%s", desk->folder.path, desk->names[0]);
	CU_ASSERT_EQUAL(libpcap_count(path, DLT_EN10MB), 2 * PAIRS);
	packet_desk_free(desk);
}

void suite_packet_files_disk(void);
void suite_packet_files_disk(void)
{
	CU_pSuite s = CU_add_suite("packet_files_disk", NULL, NULL);

	CU_ADD_TEST(s, a_file_goes_on_behind_a_failed_write);
	CU_ADD_TEST(s, what_fails_all_the_time_is_said_once);
	CU_ADD_TEST(s, a_full_disk);
	CU_ADD_TEST(s, without_a_next_file_the_one_before_goes_on);
	CU_ADD_TEST(s, without_a_companion_raw_ip_is_lost);
	CU_ADD_TEST(s, a_killed_run_leaves_whole_files);
	CU_ADD_TEST(s, sessions_of_a_file_are_bounded);
}
