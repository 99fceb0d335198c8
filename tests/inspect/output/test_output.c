#include <CUnit/Basic.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "config/settings/settings.h"
#include "inspect/output/output.h"
#include "inspect/record/encoder/flow_log.h"
#include "support/folder.h"

#define HEADER \
	"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets " \
	"bytes start end action log-status\n"

/* 2018-06-20T16:20:00Z, the period of the example in the VPC user guide. */
enum { PERIOD = 1529511600 };
#define DAY_FOLDER "flow-logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/"
#define FILE_STEM "123456789012_vpcflowlogs_us-east-1_fl-periscope_20180620T"

/* With the settings as they come. */
static struct output *open_at(const char *path, bool force, struct error *error)
{
	struct settings settings;
	struct output *output;

	settings_init(&settings);
	output = output_open(path, &settings, force, error);
	settings_fini(&settings);
	return output;
}

static struct output *open_new(const struct folder *folder)
{
	char path[PATH_MAX];
	struct error error = {0};
	struct output *output =
		open_at(folder_path(folder, "out", path, sizeof(path)), false, &error);

	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(output);
	return output;
}

static void put(struct output *output, enum record_kind kind, uint64_t route, const char *line)
{
	output_write(output, kind, route, line, strlen(line));
}

/* The only file in a folder, its name in `name`; false when there is not exactly one. */
static bool only_file(const struct folder *folder, const char *where, char name[256])
{
	char command[PATH_MAX];
	FILE *list;
	bool one;

	snprintf(command, sizeof(command), "ls %s/out/%s", folder->path, where);
	list = popen(command, "r");
	one = list != NULL && fgets(name, 256, list) != NULL;
	name[strcspn(name, "\n")] = '\0';
	one = one && fgetc(list) == EOF;
	pclose(list);
	return one;
}

/* Inflates a file with zlib; freed by the caller. */
static char *gunzip(const struct folder *folder, const char *name, size_t room)
{
	char path[PATH_MAX], *text = calloc(1, room);
	gzFile file = gzopen(folder_path(folder, name, path, sizeof(path)), "rb");
	int n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	n = gzread(file, text, (unsigned)room - 1);
	CU_ASSERT_TRUE(n >= 0);
	CU_ASSERT_EQUAL(gzdirect(file), 0);
	CU_ASSERT_EQUAL(gzclose(file), Z_OK);
	return text;
}

static void events_are_appended_and_counted_when_written(void)
{
	struct folder folder = folder_make();
	struct output *output = open_new(&folder);
	const struct output_ledger *ledger = output_ledger(output, RECORD_EVENT);
	size_t len;
	char *text;

	put(output, RECORD_EVENT, 0, "{\"a\":1}\n");
	put(output, RECORD_EVENT, 0, "{\"a\":2}\n");
	CU_ASSERT_EQUAL(ledger->offered, 2);
	CU_ASSERT_EQUAL(ledger->written, 0);
	CU_ASSERT_TRUE(output_flush(output));
	CU_ASSERT_EQUAL(ledger->written, 2);
	put(output, RECORD_EVENT, 0, "{\"a\":3}\n");
	put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD, 0), "a record\n");
	CU_ASSERT_TRUE(output_flush_kind(output, RECORD_EVENT));
	CU_ASSERT_EQUAL(ledger->written, 3);
	CU_ASSERT_EQUAL(output_ledger(output, RECORD_FLOW_LOG)->written, 0);
	CU_ASSERT_TRUE(output_flush_kind(output, RECORD_FLOW_LOG));
	CU_ASSERT_EQUAL(output_ledger(output, RECORD_FLOW_LOG)->written, 1);
	CU_ASSERT_TRUE(output_close(output));
	text = folder_get(&folder, "out/events/flows.jsonl", &len);
	CU_ASSERT_STRING_EQUAL(text, "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
	free(text);
	folder_remove(&folder);
}

static void flow_logs_have_the_names_of_aws(void)
{
	struct folder folder = folder_make();
	struct output *output = open_new(&folder);
	char name[256] = "", path[PATH_MAX];
	char *text;

	CU_ASSERT_TRUE(output_owner(output, 1, "123456789012", "us-east-1"));
	/* The last second of the period, then the first; one before belongs to 16:15. */
	put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD + 299, 1), "one\n");
	put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD, 1), "two\n");
	CU_ASSERT_TRUE(output_close(output));
	CU_ASSERT_TRUE_FATAL(only_file(&folder, DAY_FOLDER, name));
	CU_ASSERT_EQUAL(strncmp(name, FILE_STEM "1620Z_", strlen(FILE_STEM "1620Z_")), 0);
	CU_ASSERT_EQUAL(strspn(name + strlen(FILE_STEM "1620Z_"), "0123456789abcdef"), 8);
	CU_ASSERT_STRING_EQUAL(name + strlen(FILE_STEM "1620Z_") + 8, ".log.gz");
	snprintf(path, sizeof(path), "out/" DAY_FOLDER "%s", name);
	text = gunzip(&folder, path, 4096);
	CU_ASSERT_STRING_EQUAL(text, HEADER "one\ntwo\n");
	free(text);
	folder_remove(&folder);
}

static void no_name_leads_out_of_the_folder(void)
{
	static const char *const names[] = {"../../etc", "", ".", "a/b", "a b", NULL};
	struct folder folder = folder_make();
	struct output *output = open_new(&folder);
	const uint32_t n = sizeof(names) / sizeof(names[0]);
	char name[256] = "", path[PATH_MAX];
	char *text;

	CU_ASSERT_FALSE(output_owner(output, 2, "1", "r")); /* 1 comes first */
	for (uint32_t i = 0; i < n; i++)
		CU_ASSERT_TRUE(output_owner(output, i + 1, names[i], names[n - 1 - i]));
	/* Twice in turn: lines keep their order only when the owners share one buffer. */
	for (uint32_t i = 0; i < 2 * (n + 1); i++) {
		char line[] = {(char)('a' + i), '\n', '\0'};

		put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD, i % (n + 1)), line);
	}
	/* An owner that nobody added. */
	put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD, n + 1), "lost\n");
	CU_ASSERT_FALSE(output_flush(output));
	CU_ASSERT_EQUAL(output_ledger(output, RECORD_FLOW_LOG)->lost_disk, 1);
	CU_ASSERT_FALSE(output_close(output));
	CU_ASSERT_TRUE_FATAL(only_file(
		&folder, "flow-logs/AWSLogs/unknown/vpcflowlogs/unknown/2018/06/20", name));
	snprintf(path, sizeof(path),
		"out/flow-logs/AWSLogs/unknown/vpcflowlogs/unknown/2018/06/20/%s", name);
	text = gunzip(&folder, path, 4096);
	CU_ASSERT_STRING_EQUAL(text, HEADER "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\n");
	free(text);
	folder_remove(&folder);
}

static void sessions_of_the_model_are_owners(void)
{
	const struct model_interface interfaces[] = {
		{.owner_id = "111111111111", .region = "eu-west-1"},
		{.owner_id = "222222222222", .region = ""}};
	const struct model_session sessions[] = {{.interface = &interfaces[0], .index = 0},
		{.interface = &interfaces[1], .index = 1},
		{.interface = &interfaces[0], .index = 2}};
	const struct model model = {.sessions = sessions, .n_sessions = 3};
	struct folder folder = folder_make();
	struct output *output = open_new(&folder);
	char name[256] = "";

	CU_ASSERT_TRUE(output_owners(output, &model));
	for (uint32_t owner = 1; owner <= 3; owner++)
		put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD, owner), "line\n");
	CU_ASSERT_TRUE(output_close(output));
	CU_ASSERT_TRUE(only_file(&folder,
		"flow-logs/AWSLogs/111111111111/vpcflowlogs/eu-west-1/2018/06/20", name));
	CU_ASSERT_TRUE(only_file(&folder,
		"flow-logs/AWSLogs/222222222222/vpcflowlogs/unknown/2018/06/20", name));
	folder_remove(&folder);
}

static void periods_begin_every_five_minutes(void)
{
	CU_ASSERT_EQUAL(flow_log_route(PERIOD - 1, 7), flow_log_route(PERIOD - 300, 7));
	CU_ASSERT_EQUAL(flow_log_route(PERIOD, 7), flow_log_route(PERIOD + 299, 7));
	CU_ASSERT_NOT_EQUAL(flow_log_route(PERIOD - 1, 7), flow_log_route(PERIOD, 7));
	CU_ASSERT_NOT_EQUAL(flow_log_route(PERIOD, 7), flow_log_route(PERIOD, 8));
}

/* More periods than are buffered, met in turn: each line must come back, in order, below one
 * header. */
static void any_number_of_periods_in_any_order(void)
{
	enum { PERIODS = 100, TURNS = 5 };
	struct folder folder = folder_make();
	struct output *output = open_new(&folder);
	char line[64], command[512], want[512], *text, *at;
	size_t len;

	for (int turn = 0; turn < TURNS; turn++)
		for (uint32_t period = 0; period < PERIODS; period++) {
			snprintf(line, sizeof(line), "p%u turn %d\n", period, turn);
			put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD + 300 * period, 0),
				line);
		}
	CU_ASSERT_TRUE(output_flush(output));
	CU_ASSERT_EQUAL(
		output_ledger(output, RECORD_FLOW_LOG)->written, (uint64_t)PERIODS * TURNS);
	CU_ASSERT_TRUE(output_close(output));
	/* gzip(1) reads them too: one file a period, sorted by name is sorted by period. */
	snprintf(command, sizeof(command),
		"cd %s && find out/flow-logs -type f | sort | xargs -n 1 gzip -dc >all.txt",
		folder.path);
	CU_ASSERT_EQUAL(system(command), 0);
	text = folder_get(&folder, "all.txt", &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	at = text;
	for (int period = 0; period < PERIODS; period++) {
		int n = snprintf(want, sizeof(want), HEADER);

		for (int turn = 0; turn < TURNS; turn++)
			n += snprintf(want + n, sizeof(want) - (size_t)n, "p%d turn %d\n",
				period, turn);
		CU_ASSERT_EQUAL_FATAL(strncmp(at, want, (size_t)n), 0);
		at += n;
	}
	free(text);
	folder_remove(&folder);
}

/* A period larger than its buffer. */
static void a_long_period_has_one_header(void)
{
	enum { LINES = 20000 };
	struct folder folder = folder_make();
	struct output *output = open_new(&folder);
	char name[256] = "", path[PATH_MAX], line[64], *text, *at;

	for (int i = 0; i < LINES; i++) {
		snprintf(line, sizeof(line), "2 unknown - 10.0.0.1 10.0.0.2 %d\n", i);
		put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD, 0), line);
	}
	CU_ASSERT_TRUE(output_close(output));
	CU_ASSERT_TRUE_FATAL(only_file(
		&folder, "flow-logs/AWSLogs/unknown/vpcflowlogs/unknown/2018/06/20", name));
	snprintf(path, sizeof(path),
		"out/flow-logs/AWSLogs/unknown/vpcflowlogs/unknown/2018/06/20/%s", name);
	text = gunzip(&folder, path, 1 << 20);
	CU_ASSERT_EQUAL(strncmp(text, HEADER, strlen(HEADER)), 0);
	at = text + strlen(HEADER);
	for (int i = 0; i < LINES; i++) {
		int n = snprintf(line, sizeof(line), "2 unknown - 10.0.0.1 10.0.0.2 %d\n", i);

		CU_ASSERT_EQUAL_FATAL(strncmp(at, line, (size_t)n), 0);
		at += n;
	}
	CU_ASSERT_STRING_EQUAL(at, "");
	free(text);
	folder_remove(&folder);
}

static void equal_input_gives_equal_bytes(void)
{
	struct folder folders[2] = {folder_make(), folder_make()};
	char command[256];

	for (int i = 0; i < 2; i++) {
		struct output *output = open_new(&folders[i]);

		put(output, RECORD_EVENT, 0, "{}\n");
		put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD, 0), "a record\n");
		CU_ASSERT_TRUE(output_close(output));
		if (i == 0)
			sleep(1); /* a time in a gzip header would show */
	}
	snprintf(command, sizeof(command), "diff -r %s/out %s/out", folders[0].path,
		folders[1].path);
	CU_ASSERT_EQUAL(system(command), 0);
	folder_remove(&folders[0]);
	folder_remove(&folders[1]);
}

static void a_directory_that_is_not_empty_is_refused(void)
{
	struct folder folder = folder_make();
	char path[PATH_MAX];
	struct error error = {0};
	size_t len;
	char *text;

	folder_put(&folder, "out/notes.txt", "mine");
	folder_path(&folder, "out", path, sizeof(path));
	CU_ASSERT_PTR_NULL(open_at(path, false, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, path));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "is not empty"));
	text = folder_get(&folder, "out/notes.txt", &len);
	CU_ASSERT_STRING_EQUAL(text, "mine");
	free(text);
	folder_remove(&folder);
}

static void force_removes_only_our_own_files(void)
{
	static const struct {
		const char *name;
		bool ours;
	} rows[] = {
		{"out/summary.json", true},
		{"out/summary.json.bak", false},
		{"out/events/flows.jsonl", true},
		{"out/events/transactions.jsonl", true},
		{"out/events/alerts.jsonl", true},
		{"out/events/notes.txt", false},
		{"out/flow-logs/AWSLogs/1/vpcflowlogs/r/2018/06/20/1_vpcflowlogs_r_x.log.gz",
			true},
		{"out/flow-logs/AWSLogs/1/vpcflowlogs/r/2018/06/21/other.gz", false},
		{"out/flow-logs/mine.txt", false},
		{"out/packets/a.pcapng", true},
		{"out/packets/packets.pcapng", true},
		{"out/packets/packets-ip.pcapng", true},
		{"out/packets/packets-20261122T054801.123Z.pcapng", true},
		{"out/packets/packets-20261122T054801.123Z-ip.pcapng", true},
		{"out/packets/packets.pcapng.gz", false},
		{"out/packets/a.pcap", false},
		{"out/elsewhere/summary.json", false},
		{"out/elsewhere/a.pcapng", false},
	};
	const size_t n = sizeof(rows) / sizeof(rows[0]);
	struct folder folder = folder_make();
	char path[PATH_MAX], *text;
	struct error error = {0};
	struct output *output;
	size_t len;

	for (size_t i = 0; i < n; i++)
		folder_put(&folder, rows[i].name, "old");
	folder_path(&folder, "out", path, sizeof(path));
	output = open_at(path, true, &error);
	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(output);
	CU_ASSERT_TRUE(output_close(output));
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, "out/events/flows.jsonl") != 0 &&
			strcmp(rows[i].name, "out/events/transactions.jsonl") != 0)
			CU_ASSERT_EQUAL(folder_has(&folder, rows[i].name), !rows[i].ours);
	text = folder_get(&folder, "out/events/flows.jsonl", &len);
	CU_ASSERT_STRING_EQUAL(text, "");
	free(text);
	CU_ASSERT_FALSE(
		folder_has(&folder, "out/flow-logs/AWSLogs/1/vpcflowlogs/r/2018/06/20"));
	folder_remove(&folder);
}

static void refuse(const struct folder *folder, const char *name, bool force, const char *why)
{
	char path[PATH_MAX];
	struct error error = {0};

	folder_path(folder, name, path, sizeof(path));
	CU_ASSERT_PTR_NULL(open_at(path, force, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, path));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, why));
}

static void what_cannot_be_opened_is_said(void)
{
	struct folder folder = folder_make();

	folder_put(&folder, "file", "");
	refuse(&folder, "file", false, "Not a directory");
	refuse(&folder, "file/below", false, "Not a directory");
	/* A folder where a file of ours should be. */
	folder_put(&folder, "busy/events/flows.jsonl/x", "");
	refuse(&folder, "busy", true, "Is a directory");
	folder_remove(&folder);
}

/* A link in place of a file of ours is not ours: what it leads to stays as it is. */
static void links_are_not_followed(void)
{
	struct folder folder = folder_make();
	char path[PATH_MAX], *text;
	size_t len;

	folder_put(&folder, "mine.txt", "not to be touched");
	folder_put(&folder, "out/events/x.txt", "");
	CU_ASSERT_EQUAL(symlink("../../mine.txt", folder_path(&folder, "out/events/flows.jsonl",
							  path, sizeof(path))),
		0);
	refuse(&folder, "out", true, "symbolic link");
	text = folder_get(&folder, "mine.txt", &len);
	CU_ASSERT_STRING_EQUAL(text, "not to be touched");
	free(text);
	folder_remove(&folder);
}

/* Runs `work` while files cannot grow beyond `limit` bytes: write(2) fails with EFBIG, as it
 * fails with ENOSPC on a full disk. */
static void with_file_limit(rlim_t limit, void (*work)(struct output *), struct output *output)
{
	struct rlimit before, now;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	now = before;
	now.rlim_cur = limit;
	setrlimit(RLIMIT_FSIZE, &now);
	work(output);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
}

static void write_both(struct output *output)
{
	put(output, RECORD_EVENT, 0, "{\"lost\":1}\n");
	put(output, RECORD_EVENT, 0, "{\"lost\":2}\n");
	put(output, RECORD_TRANSACTION_EVENT, 0, "{\"lost_transaction\":1}\n");
	put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD, 0), "lost\n");
	CU_ASSERT_FALSE(output_flush(output));
}

/* The message about it goes to a file instead of the terminal. */
static void hush(const struct folder *folder, int *saved)
{
	char path[PATH_MAX];

	fflush(stderr);
	*saved = dup(STDERR_FILENO);
	CU_ASSERT_PTR_NOT_NULL_FATAL(
		freopen(folder_path(folder, "stderr.txt", path, sizeof(path)), "w", stderr));
}

static void unhush(int saved)
{
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
		n++;
	return n;
}

static void a_full_disk_is_counted_and_said_once(void)
{
	struct folder folder = folder_make();
	struct output *output = open_new(&folder);
	const struct output_ledger *events = output_ledger(output, RECORD_EVENT);
	const struct output_ledger *logs = output_ledger(output, RECORD_FLOW_LOG);
	const struct output_ledger *transactions =
		output_ledger(output, RECORD_TRANSACTION_EVENT);
	size_t len;
	char *text;
	int saved;

	put(output, RECORD_EVENT, 0, "{\"kept\":1}\n");
	CU_ASSERT_TRUE(output_flush(output));
	hush(&folder, &saved);
	with_file_limit(16, write_both, output);
	with_file_limit(16, write_both, output);
	unhush(saved);
	CU_ASSERT_EQUAL(events->offered, 5);
	CU_ASSERT_EQUAL(events->written, 1);
	CU_ASSERT_EQUAL(events->lost_disk, 4);
	CU_ASSERT_EQUAL(logs->lost_disk, 2);
	CU_ASSERT_EQUAL(transactions->offered, 2);
	CU_ASSERT_EQUAL(transactions->lost_disk, 2);
	/* There is room again: what was half written is gone, later lines stand. */
	put(output, RECORD_EVENT, 0, "{\"kept\":2}\n");
	put(output, RECORD_TRANSACTION_EVENT, 0, "{\"kept_transaction\":1}\n");
	put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD, 0), "kept\n");
	CU_ASSERT_FALSE(output_flush(output));
	CU_ASSERT_EQUAL(events->written, 2);
	CU_ASSERT_EQUAL(logs->written, 1);
	CU_ASSERT_EQUAL(transactions->written, 1);
	CU_ASSERT_EQUAL(transactions->offered, transactions->written + transactions->lost_disk);
	CU_ASSERT_EQUAL(events->offered, events->written + events->lost_disk);
	CU_ASSERT_FALSE(output_close(output));
	text = folder_get(&folder, "out/events/transactions.jsonl", &len);
	CU_ASSERT_STRING_EQUAL(text, "{\"kept_transaction\":1}\n");
	free(text);
	text = folder_get(&folder, "out/events/flows.jsonl", &len);
	CU_ASSERT_STRING_EQUAL(text, "{\"kept\":1}\n{\"kept\":2}\n");
	free(text);
	text = folder_get(&folder, "stderr.txt", &len);
	CU_ASSERT_EQUAL(count(text, "flows.jsonl: File too large"), 1);
	CU_ASSERT_EQUAL(count(text, "transactions.jsonl: File too large"), 1);
	CU_ASSERT_EQUAL(count(text, ".log.gz: File too large"), 1);
	free(text);
	{
		char name[256] = "", path[PATH_MAX];

		CU_ASSERT_TRUE_FATAL(only_file(&folder,
			"flow-logs/AWSLogs/unknown/vpcflowlogs/unknown/2018/06/20", name));
		snprintf(path, sizeof(path),
			"out/flow-logs/AWSLogs/unknown/vpcflowlogs/unknown/2018/06/20/%s",
			name);
		text = gunzip(&folder, path, 4096);
		CU_ASSERT_STRING_EQUAL(text, HEADER "kept\n");
		free(text);
	}
	folder_remove(&folder);
}

/* The paths below the folder `out`, one a line, sorted; freed by the caller. */
static char *listing(const struct folder *folder)
{
	char command[PATH_MAX];
	size_t len;

	snprintf(command, sizeof(command),
		"cd %s/out && find . -type f -o -type d -empty | sort >../listing",
		folder->path);
	CU_ASSERT_EQUAL(system(command), 0);
	return folder_get(folder, "listing", &len);
}

static struct output *open_live(const struct folder *folder, const struct settings *settings)
{
	char path[PATH_MAX];
	struct error error = {0};
	struct output *output = output_open_live(
		folder_path(folder, "out", path, sizeof(path)), settings, &error);

	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(output);
	return output;
}

/* The files of settings as they come but for `set` (NULL: nothing), after a line of each kind of event. */
static void expect_files(bool live, const char *set, const char *want)
{
	struct folder folder = folder_make();
	struct settings settings;
	char path[PATH_MAX], *names, *at;
	struct error error = {0};
	struct output *output;

	settings_init(&settings);
	if (set != NULL)
		CU_ASSERT_EQUAL(settings_set(&settings, set, &error), 0);
	folder_path(&folder, "out", path, sizeof(path));
	output = live ? output_open_live(path, &settings, &error)
		      : output_open(path, &settings, false, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(output);
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
		if (record_kind_is_event((enum record_kind)kind))
			put(output, (enum record_kind)kind, 0, "{}\n");
	CU_ASSERT_TRUE(output_close(output));
	names = listing(&folder);
	for (at = names; (at = strpbrk(at, "0123456789")) != NULL;)
		*at = 'N'; /* the time */
	CU_ASSERT_STRING_EQUAL(names, want);
	free(names);
	settings_fini(&settings);
	folder_remove(&folder);
}

#define STAMP "NNNNNNNNTNNNNNN.NNNZ.jsonl\n"
static void files_are_those_that_the_settings_ask_for(void)
{
	static const char *const kinds[] = {
		"events.dns", "events.http", "events.tls", "events.quic", "events.ssh"};
	struct settings settings;

	expect_files(false, NULL,
		"./alerts/alerts.jsonl\n./events/flows.jsonl\n./events/transactions.jsonl\n");
	expect_files(false, "detect.alerts=false",
		"./events/flows.jsonl\n./events/transactions.jsonl\n");
	expect_files(false, "events.flow=false",
		"./alerts/alerts.jsonl\n./events/transactions.jsonl\n");
	expect_files(false, "events.dns=false",
		"./alerts/alerts.jsonl\n./events/flows.jsonl\n./events/transactions.jsonl\n");
	expect_files(
		false, "dpi.enabled=false", "./alerts/alerts.jsonl\n./events/flows.jsonl\n");
	expect_files(false, "events.file=false", ".\n");
	expect_files(true, NULL,
		"./alerts/alerts-" STAMP "./events/flows-" STAMP
		"./events/transactions-" STAMP);
	expect_files(true, "events.flow=false",
		"./alerts/alerts-" STAMP "./events/transactions-" STAMP);
	expect_files(
		true, "dpi.enabled=false", "./alerts/alerts-" STAMP "./events/flows-" STAMP);
	expect_files(true, "detect.alerts=false",
		"./events/flows-" STAMP "./events/transactions-" STAMP);
	expect_files(true, "events.file=false", ".\n");
	settings_init(&settings);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct error error;
		char set[32];

		CU_ASSERT_TRUE(output_is_asked(&settings, RECORD_TRANSACTION_EVENT));
		snprintf(set, sizeof(set), "%s=false", kinds[i]);
		CU_ASSERT_EQUAL(settings_set(&settings, set, &error), 0);
	}
	CU_ASSERT_FALSE(output_is_asked(&settings, RECORD_TRANSACTION_EVENT));
	CU_ASSERT_TRUE(output_is_asked(&settings, RECORD_EVENT));
	settings_fini(&settings);
}

/* The bounds of a replay's file: what is beyond is counted, and the other file has its own. */
static void each_kind_of_event_has_the_bounds_for_itself(void)
{
	struct folder folder = folder_make();
	struct settings settings;
	char path[PATH_MAX], *text;
	struct error error = {0};
	struct output *output;
	const struct output_ledger *events, *transactions;
	size_t len;
	int saved;

	settings_init(&settings);
	settings.events.max_total_size = 9;
	folder_path(&folder, "out", path, sizeof(path));
	output = output_open(path, &settings, false, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(output);
	hush(&folder, &saved);
	for (int i = 0; i < 5; i++)
		put(output, RECORD_TRANSACTION_EVENT, 0, "{}\n");
	put(output, RECORD_EVENT, 0, "{}\n");
	CU_ASSERT_TRUE(output_flush(output));
	unhush(saved);
	events = output_ledger(output, RECORD_EVENT);
	transactions = output_ledger(output, RECORD_TRANSACTION_EVENT);
	CU_ASSERT_EQUAL(transactions->offered, 5);
	CU_ASSERT_EQUAL(transactions->written, 3);
	CU_ASSERT_EQUAL(transactions->by_policy, 2);
	CU_ASSERT_EQUAL(events->offered, 1);
	CU_ASSERT_EQUAL(events->written, 1);
	CU_ASSERT_EQUAL(events->by_policy, 0);
	CU_ASSERT_TRUE(output_close(output));
	text = folder_get(&folder, "stderr.txt", &len);
	CU_ASSERT_EQUAL(count(text, "further transactions are left out"), 1);
	CU_ASSERT_EQUAL(count(text, "further events"), 0);
	free(text);
	settings_fini(&settings);
	folder_remove(&folder);
}

/* A run's transactions remove older ones, and no flow events. */
static void only_the_oldest_of_a_kind_go(void)
{
	struct folder folder = folder_make();
	struct settings settings;
	struct output *output;
	uint64_t bytes;
	char *names;

	for (int i = 0; i < 3; i++) {
		char name[80];

		snprintf(name, sizeof(name),
			"out/events/transactions-20260101T00000%d.000Z.jsonl", i);
		folder_put(&folder, name, "{}\n");
		snprintf(name, sizeof(name), "out/events/flows-20260101T00000%d.000Z.jsonl", i);
		folder_put(&folder, name, "{}\n");
	}
	settings_init(&settings);
	settings.events.max_files = 3;
	output = open_live(&folder, &settings);
	put(output, RECORD_TRANSACTION_EVENT, 0, "{}\n");
	CU_ASSERT_EQUAL(output_removed(output, RECORD_TRANSACTION_EVENT, &bytes), 1);
	CU_ASSERT_EQUAL(bytes, 3);
	CU_ASSERT_EQUAL(output_removed(output, RECORD_EVENT, &bytes), 0);
	CU_ASSERT_TRUE(output_close(output));
	names = listing(&folder);
	CU_ASSERT_EQUAL(count(names, "events/flows-2026010"), 3);
	CU_ASSERT_EQUAL(count(names, "events/transactions-"), 3);
	CU_ASSERT_EQUAL(count(names, "events/transactions-20260101T000000.000Z"), 0);
	free(names);
	settings_fini(&settings);
	folder_remove(&folder);
}

/* The names that AWS gives, and ours with another hash, are not ours. */
#define AWS_FILE \
	"flow-logs/AWSLogs/1/vpcflowlogs/r/2018/06/20/" \
	"1_vpcflowlogs_r_fl-1234abcd_20180620T1620Z_fe123456.log.gz"
#define NO_FILE_OF_OURS \
	"flow-logs/AWSLogs/unknown/vpcflowlogs/unknown/2018/06/20/" \
	"unknown_vpcflowlogs_unknown_fl-periscope_20180620T0000Z_00000000.log.gz"

/* Over two days, so that folders become empty; a second run finds what the first one left. */
static void the_oldest_flow_logs_go(void)
{
	enum { DAY = 86400, KEPT = 4, PERIODS = 9 };
	struct folder folder = folder_make();
	struct settings settings;
	struct output *output;
	uint64_t bytes;
	char *names;

	folder_put(&folder, "out/" AWS_FILE, "theirs");
	folder_put(&folder, "out/" NO_FILE_OF_OURS, "theirs");
	settings_init(&settings);
	settings.events.file = false;
	settings.flow_logs.max_files = 0;
	settings.flow_logs.max_total_size = 0;
	output = open_live(&folder, &settings);
	for (uint32_t i = 0; i < PERIODS; i++)
		put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD + i * 300, 0), "early\n");
	CU_ASSERT_TRUE(output_close(output));
	settings.flow_logs.max_files = KEPT;
	output = open_live(&folder, &settings);
	for (uint32_t i = 0; i < 3; i++) {
		CU_ASSERT_TRUE(output_owner(output, 1, "1", "r") || i > 0);
		put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD + DAY + i * 300, i % 2),
			"late\n");
		CU_ASSERT_TRUE(output_flush(output));
	}
	CU_ASSERT_EQUAL(output_removed(output, RECORD_FLOW_LOG, &bytes), PERIODS + 3 - KEPT);
	CU_ASSERT_TRUE(bytes > 0);
	CU_ASSERT_EQUAL(output_ledger(output, RECORD_FLOW_LOG)->written, 3);
	CU_ASSERT_TRUE(output_close(output));
	names = listing(&folder);
	CU_ASSERT_PTR_NOT_NULL(strstr(names, AWS_FILE));
	CU_ASSERT_PTR_NOT_NULL(strstr(names, NO_FILE_OF_OURS));
	/* The last one of the first day and the three of the second: 17:00 is the ninth period. */
	CU_ASSERT_PTR_NOT_NULL(strstr(names, "unknown_fl-periscope_20180620T1700Z_"));
	CU_ASSERT_PTR_NOT_NULL(strstr(names, "unknown_fl-periscope_20180621T1620Z_"));
	CU_ASSERT_PTR_NOT_NULL(strstr(names, "1_vpcflowlogs_r_fl-periscope_20180621T1625Z_"));
	CU_ASSERT_PTR_NOT_NULL(strstr(names, "unknown_fl-periscope_20180621T1630Z_"));
	free(names);
	/* With room for one, the folders of the first day's other files are gone, too. */
	settings.flow_logs.max_files = 1;
	output = open_live(&folder, &settings);
	put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD + 2 * DAY, 0), "last\n");
	CU_ASSERT_TRUE(output_close(output));
	names = listing(&folder);
	CU_ASSERT_PTR_NOT_NULL(strstr(names, "unknown_fl-periscope_20180622T1620Z_"));
	CU_ASSERT_PTR_NULL(strstr(names, "20180621"));
	CU_ASSERT_PTR_NULL(strstr(names, "2018/06/21"));
	free(names);
	settings_fini(&settings);
	folder_remove(&folder);
}

/* Less than any file: the newest stays. */
static void flow_logs_have_a_bound_in_bytes(void)
{
	struct folder folder = folder_make();
	struct settings settings;
	struct output *output;
	uint64_t bytes;
	char *names;

	settings_init(&settings);
	settings.flow_logs.max_total_size = 10;
	output = open_live(&folder, &settings);
	for (uint32_t i = 0; i < 10; i++) {
		put(output, RECORD_FLOW_LOG, flow_log_route(PERIOD + i * 300, 0), "one\n");
		CU_ASSERT_TRUE(output_flush(output));
	}
	CU_ASSERT_EQUAL(output_removed(output, RECORD_FLOW_LOG, &bytes), 9);
	CU_ASSERT_TRUE(output_close(output));
	names = listing(&folder);
	CU_ASSERT_PTR_NOT_NULL(strstr(names, "T1705Z_"));
	free(names);
	settings_fini(&settings);
	folder_remove(&folder);
}

void suite_output(void);
void suite_output(void)
{
	CU_pSuite s = CU_add_suite("output", NULL, NULL);

	CU_ADD_TEST(s, events_are_appended_and_counted_when_written);
	CU_ADD_TEST(s, flow_logs_have_the_names_of_aws);
	CU_ADD_TEST(s, no_name_leads_out_of_the_folder);
	CU_ADD_TEST(s, sessions_of_the_model_are_owners);
	CU_ADD_TEST(s, periods_begin_every_five_minutes);
	CU_ADD_TEST(s, any_number_of_periods_in_any_order);
	CU_ADD_TEST(s, a_long_period_has_one_header);
	CU_ADD_TEST(s, equal_input_gives_equal_bytes);
	CU_ADD_TEST(s, a_directory_that_is_not_empty_is_refused);
	CU_ADD_TEST(s, force_removes_only_our_own_files);
	CU_ADD_TEST(s, what_cannot_be_opened_is_said);
	CU_ADD_TEST(s, links_are_not_followed);
	CU_ADD_TEST(s, a_full_disk_is_counted_and_said_once);
	CU_ADD_TEST(s, files_are_those_that_the_settings_ask_for);
	CU_ADD_TEST(s, each_kind_of_event_has_the_bounds_for_itself);
	CU_ADD_TEST(s, only_the_oldest_of_a_kind_go);
	CU_ADD_TEST(s, the_oldest_flow_logs_go);
	CU_ADD_TEST(s, flow_logs_have_a_bound_in_bytes);
}
