/* Each kind of file on a disk that it fills itself: once it is deleted, there is room, and it goes on. */
#include <CUnit/Basic.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/error.h"
#include "inspect/output/event_files.h"
#include "inspect/output/flow_log_dir.h"
#include "inspect/output/output.h"
#include "inspect/packets/packet_file.h"
#include "inspect/support/packet_desk.h"
#include "support/folder.h"
#include "support/random.h"
#include "support/small_disk.h"

enum { LINE = 100, LINES = 40000, PACKETS = 19000 };

static bool check(bool good, const char *what)
{
	if (!good)
		printf("  not so: %s\n", what);
	return good;
}

static void put_lines(struct event_files *files, unsigned n)
{
	char line[LINE];

	memset(line, 'x', LINE - 1);
	line[LINE - 1] = '\n';
	for (unsigned i = 0; i < n; i++)
		event_files_put(files, line, LINE);
}

static uint64_t size_of(const struct folder *folder, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	return stat(folder_path(folder, name, path, sizeof(path)), &st) == 0
		       ? (uint64_t)st.st_size
		       : UINT64_MAX;
}

static bool delete (const struct folder *folder, const char *name)
{
	char path[PATH_MAX];

	return check(
		unlink(folder_path(folder, name, path, sizeof(path))) == 0, "it was deleted");
}

static bool lines_go_on(void *ctx)
{
	const struct folder *folder = ctx;
	const struct event_files_params params = {.dir = folder->path,
		.folder = "events",
		.prefix = "flows-",
		.what = "events",
		.name = "flows.jsonl"};
	struct output_ledger ledger = {.offered = 0};
	struct error error;
	struct event_files *files = event_files_open(&params, &ledger, &error);
	uint64_t before;
	bool good;

	put_lines(files, LINES);
	good = check(!event_files_flush(files) && ledger.lost_disk > 0, "full");
	good = check(size_of(folder, "events/flows.jsonl") == LINE * ledger.written,
		       "whole lines are kept") &&
	       good;
	before = ledger.lost_disk;
	good = delete (folder, "events/flows.jsonl") && good;
	put_lines(files, 500);
	event_files_flush(files);
	good = check(ledger.lost_disk == before, "nothing more is lost") && good;
	good = check(size_of(folder, "events/flows.jsonl") == 500 * LINE, "goes on") && good;
	good = check(!event_files_close(files), "some were lost") && good;
	return check(ledger.written + ledger.lost_disk == LINES + 500, "all are counted") &&
	       good;
}

/* Somebody else's file of that name is not written to, nor is one that was changed. */
static bool other_files_are_left_alone(void *ctx)
{
	const struct folder *folder = ctx;
	const struct event_files_params params = {.dir = folder->path,
		.folder = "events",
		.prefix = "flows-",
		.what = "events",
		.name = "flows.jsonl"};
	struct output_ledger ledger = {.offered = 0};
	struct error error;
	struct event_files *files = event_files_open(&params, &ledger, &error);
	uint64_t written;
	bool good = true;

	put_lines(files, LINES);
	event_files_flush(files);
	written = ledger.written;
	good = delete (folder, "events/flows.jsonl") && good;
	folder_put(folder, "events/flows.jsonl", "mine\n");
	put_lines(files, 10);
	event_files_flush(files);
	good = check(ledger.written == written, "nothing is written to it") && good;
	good = check(size_of(folder, "events/flows.jsonl") == 5, "it is as it was") && good;
	event_files_close(files);
	return good;
}

static void put_packets(struct packet_file *file, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		packet_file_write(file, packet_desk_record(i, LINK_ETHERNET, FRAME));
}

/* A pcapng file may lose what was gathered when it was deleted, and nothing later. */
static bool packets_go_on(const struct folder *folder, const char *name, bool delete_it)
{
	char path[PATH_MAX];
	struct error error;
	const struct output_ledger *ledger;
	struct packet_file *file;
	uint64_t before, gone = 0;
	bool good;

	folder_path(folder, name, path, sizeof(path));
	file = packet_file_open(path, &error);
	ledger = packet_file_ledger(file);
	put_packets(file, PACKETS);
	good = check(!packet_file_flush(file) && ledger->lost_disk > 0, "full");
	if (delete_it) {
		gone = ledger->written;
		good = delete (folder, name) && good;
	}
	put_packets(file, 5);
	packet_file_flush(file);
	before = ledger->lost_disk;
	put_packets(file, 5); /* where it was not deleted there is room for these few */
	packet_file_flush(file);
	good = check(ledger->lost_disk == before, "nothing more is lost") && good;
	good = check(ledger->offered == ledger->written + ledger->lost_disk, "counted") && good;
	gone = ledger->written - gone;
	good = check(!packet_file_close(file), "some were lost") && good;
	good = check(libpcap_count(path, DLT_EN10MB) == (int)gone, "libpcap reads it") && good;
	(void)unlink(path);
	return good;
}

static bool packet_files_go_on(void *ctx)
{
	bool good = packets_go_on(ctx, "w.pcapng", true);

	good = packets_go_on(ctx, "w.pcap", true) && good;
	good = packets_go_on(ctx, "w.pcapng", false) && good;
	return packets_go_on(ctx, "w.pcap", false) && good;
}

static void put_records(struct flow_log_dir *dir, unsigned n, uint32_t end_s)
{
	struct random random = random_seeded(end_s + n);
	char line[LINE];

	for (unsigned i = 0; i < n; i++) {
		for (int k = 0; k < LINE - 1; k++) /* what does not shrink much */
			line[k] = (char)('!' + random_below(&random, 90));
		line[LINE - 1] = '\n';
		flow_log_dir_write(dir, flow_log_route(end_s, 0), line, LINE);
	}
}

static bool flow_logs_go_on(void *ctx)
{
	const struct folder *folder = ctx;
	struct output_ledger ledger = {.offered = 0};
	struct flow_log_dir *dir = flow_log_dir_create(folder->path, &ledger);
	struct folder logs;
	uint64_t before;
	bool good;

	put_records(dir, LINES, 1795326481);
	good = check(!flow_log_dir_flush(dir) && ledger.lost_disk > 0, "full");
	put_records(dir, LINES / 4, 1795326481 + 300);
	flow_log_dir_flush(dir);
	before = ledger.lost_disk;
	snprintf(logs.path, sizeof(logs.path), "%.40s/flow-logs", folder->path);
	folder_remove(&logs);
	put_records(dir, 100, 1795326481);
	flow_log_dir_flush(dir);
	good = check(ledger.lost_disk == before, "nothing more is lost") && good;
	good = check(ledger.written + ledger.lost_disk == LINES + LINES / 4 + 100, "counted") &&
	       good;
	flow_log_dir_destroy(dir);
	return good;
}

static void files_go_on(void)
{
	static bool (*const tests[])(void *) = {
		lines_go_on, other_files_are_left_alone, packet_files_go_on, flow_logs_go_on};

	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		struct folder folder = folder_make();

		small_disk(folder.path, tests[i], &folder);
		folder_remove(&folder);
	}
}

void suite_disk_full(void);
void suite_disk_full(void)
{
	CU_pSuite s = CU_add_suite("disk_full", NULL, NULL);

	CU_ADD_TEST(s, files_go_on);
}
