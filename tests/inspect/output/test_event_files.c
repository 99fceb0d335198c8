/* Event files by a clock of the test: what is in them, when the next one begins, which ones stay. */
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/error.h"
#include "inspect/output/event_files.h"
#include "support/folder.h"

#define SECOND UINT64_C(1000000000)
/* 2026-11-22T05:48:01.123456789Z, by date(1). */
#define BEGUN (UINT64_C(1795326481) * SECOND + 123456789)
#define FIRST "flows-20261122T054801.123Z.jsonl"

enum { FILES_MAX = 64, LINE = 100 };

struct desk {
	struct folder folder;
	uint64_t now;
	struct output_ledger ledger;
	struct event_files *files;
	unsigned lines;
	char names[FILES_MAX][FOLDER_NAME];
	unsigned n_names;
};

static uint64_t clock_of(void *ctx)
{
	return ((const struct desk *)ctx)->now;
}

static void desk_open(struct desk *desk, struct event_files_params bounds)
{
	struct error error = {0};

	bounds.dir = desk->folder.path;
	bounds.prefix = bounds.prefix ? bounds.prefix : "flows-";
	bounds.folder = bounds.folder ? bounds.folder : "events";
	bounds.what = "events";
	bounds.now_ns = clock_of;
	bounds.ctx = desk;
	desk->files = event_files_open(&bounds, &desk->ledger, &error);
	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(desk->files);
}

static void desk_make(struct desk *desk, struct event_files_params bounds)
{
	*desk = (struct desk){.folder = folder_make(), .now = BEGUN};
	desk_open(desk, bounds);
}

static void desk_clear(struct desk *desk)
{
	CU_ASSERT_TRUE(event_files_close(desk->files));
	folder_remove(&desk->folder);
}

/* LINE bytes each, numbered. */
static void put_lines(struct desk *desk, unsigned n)
{
	char line[LINE + 1];

	for (unsigned i = 0; i < n; i++) {
		int len = snprintf(line, sizeof(line), "%u ", desk->lines++);

		memset(line + len, 'x', LINE - 1 - (size_t)len);
		memcpy(line + LINE - 1, "\n", 2);
		event_files_put(desk->files, line, LINE);
	}
}

static void list_names(struct desk *desk)
{
	desk->n_names = folder_list(&desk->folder, "events", desk->names, FILES_MAX);
}

static char *content(const struct desk *desk, const char *name, size_t *len)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "events/%s", name);
	return folder_get(&desk->folder, path, len);
}

/* The files one behind the other hold the lines from `from` on, each once and in order, and none is
 * longer than `size`. */
static bool lines_are_whole(struct desk *desk, unsigned from, size_t size)
{
	bool whole = true;

	list_names(desk);
	for (unsigned i = 0; i < desk->n_names; i++) {
		size_t len = 0;
		char *text = content(desk, desk->names[i], &len);

		whole = whole && text != NULL && len % LINE == 0 && len <= size;
		for (size_t at = 0; whole && at < len; at += LINE)
			whole = strtoul(text + at, NULL, 10) == from++ &&
				text[at + LINE - 1] == '\n';
		free(text);
	}
	return whole && from == desk->lines;
}

static void a_file_is_named_by_its_time(void)
{
	struct desk desk;

	desk_make(&desk, (struct event_files_params){.max_file_size = 1 << 20});
	put_lines(&desk, 3);
	CU_ASSERT_EQUAL(desk.ledger.written, 0);
	CU_ASSERT_TRUE(event_files_flush(desk.files));
	CU_ASSERT_EQUAL(desk.ledger.written, 3);
	CU_ASSERT_TRUE(lines_are_whole(&desk, 0, 300));
	CU_ASSERT_EQUAL_FATAL(desk.n_names, 1);
	CU_ASSERT_STRING_EQUAL(desk.names[0], FIRST);
	desk_clear(&desk);
}

/* Ten lines fit to the byte; the clock does not move, and the names sort all the same. */
static void no_file_is_longer_than_its_bound(void)
{
	struct desk desk;

	desk_make(&desk, (struct event_files_params){.max_file_size = 10 * LINE});
	put_lines(&desk, 95);
	CU_ASSERT_TRUE(event_files_flush(desk.files));
	CU_ASSERT_TRUE(lines_are_whole(&desk, 0, (size_t)10 * LINE));
	CU_ASSERT_EQUAL(desk.n_names, 10);
	CU_ASSERT_STRING_EQUAL(desk.names[9], "flows-20261122T054801.132Z.jsonl");
	CU_ASSERT_EQUAL(desk.ledger.written, 95);
	desk_clear(&desk);
}

static void a_line_longer_than_the_bound_has_a_file_of_its_own(void)
{
	struct desk desk;

	desk_make(&desk, (struct event_files_params){.max_file_size = LINE / 2});
	put_lines(&desk, 3);
	CU_ASSERT_TRUE(event_files_flush(desk.files));
	CU_ASSERT_TRUE(lines_are_whole(&desk, 0, LINE));
	CU_ASSERT_EQUAL(desk.n_names, 3);
	desk_clear(&desk);
}

static void a_file_with_lines_ends_when_it_is_old(void)
{
	struct desk desk;

	desk_make(&desk, (struct event_files_params){.max_file_age_ns = 60 * SECOND});
	desk.now += 600 * SECOND;
	event_files_flush(desk.files); /* old, and empty */
	list_names(&desk);
	CU_ASSERT_EQUAL(desk.n_names, 1);
	put_lines(&desk, 1);
	event_files_flush(desk.files);
	list_names(&desk);
	CU_ASSERT_EQUAL(desk.n_names, 2);
	desk.now += 60 * SECOND - 1;
	put_lines(&desk, 1);
	event_files_flush(desk.files);
	list_names(&desk);
	CU_ASSERT_EQUAL(desk.n_names, 2);
	desk.now += 1;
	event_files_flush(desk.files);
	CU_ASSERT_TRUE(lines_are_whole(&desk, 0, LINE));
	CU_ASSERT_EQUAL_FATAL(desk.n_names, 3);
	CU_ASSERT_STRING_EQUAL(desk.names[1], "flows-20261122T055801.123Z.jsonl");
	CU_ASSERT_STRING_EQUAL(desk.names[2], "flows-20261122T055901.123Z.jsonl");
	desk_clear(&desk);
}

static void names_sort_when_the_clock_is_set_back(void)
{
	struct desk desk;

	desk_make(&desk, (struct event_files_params){
				 .max_file_size = LINE, .max_file_age_ns = 60 * SECOND});
	put_lines(&desk, 1);
	desk.now -= 86400 * SECOND;
	put_lines(&desk, 2);
	event_files_flush(desk.files);
	list_names(&desk);
	CU_ASSERT_EQUAL(desk.n_names, 3);
	/* And the age counts from then on. */
	desk.now += 60 * SECOND;
	event_files_flush(desk.files);
	CU_ASSERT_TRUE(lines_are_whole(&desk, 0, LINE));
	CU_ASSERT_EQUAL(desk.n_names, 4);
	desk_clear(&desk);
}

static void the_oldest_go_and_the_number_stays(void)
{
	struct desk desk;
	uint64_t bytes;

	desk_make(&desk, (struct event_files_params){
				 .max_file_size = (uint64_t)2 * LINE, .max_files = 5});
	for (int i = 0; i < 20; i++) {
		put_lines(&desk, 2);
		list_names(&desk);
		CU_ASSERT_TRUE(desk.n_names <= 5);
	}
	CU_ASSERT_TRUE(event_files_flush(desk.files));
	CU_ASSERT_TRUE(lines_are_whole(&desk, 30, (size_t)2 * LINE));
	CU_ASSERT_EQUAL(desk.n_names, 5);
	CU_ASSERT_EQUAL(event_files_removed(desk.files, &bytes), 15);
	CU_ASSERT_EQUAL(bytes, 15 * 2 * LINE);
	CU_ASSERT_EQUAL(desk.ledger.written, 40); /* they were */
	desk_clear(&desk);
}

static void one_file_alone_may_be_kept(void)
{
	struct desk desk;

	desk_make(&desk, (struct event_files_params){.max_file_size = LINE, .max_files = 1});
	put_lines(&desk, 4);
	CU_ASSERT_TRUE(event_files_flush(desk.files));
	CU_ASSERT_TRUE(lines_are_whole(&desk, 3, LINE));
	CU_ASSERT_EQUAL(desk.n_names, 1);
	desk_clear(&desk);
}

static uint64_t bytes_of_all(struct desk *desk)
{
	uint64_t bytes = 0;

	list_names(desk);
	for (unsigned i = 0; i < desk->n_names; i++) {
		size_t len = 0;

		free(content(desk, desk->names[i], &len));
		bytes += len;
	}
	return bytes;
}

/* A file is at most a quarter of the total, so the bound is kept at every moment. */
static void the_bytes_in_all_stay_within_their_bound(void)
{
	enum { TOTAL = 100 * 1024 };
	struct desk desk;
	uint64_t bytes = 0;

	desk_make(&desk, (struct event_files_params){.max_total_size = TOTAL});
	for (int i = 0; i < 3000; i += 20) {
		put_lines(&desk, 20);
		event_files_flush(desk.files);
		bytes = bytes_of_all(&desk);
		CU_ASSERT_TRUE(bytes <= TOTAL);
	}
	CU_ASSERT_TRUE(bytes > TOTAL / 2);
	CU_ASSERT_TRUE(lines_are_whole(&desk, 3000 - (unsigned)(bytes / LINE), TOTAL / 4));
	desk_clear(&desk);
}

static void files_of_others_stay(void)
{
	static const char *const others[] = {"flows.jsonl", "flows-20201122T054801Z.jsonl",
		"flows-20201122T054801.123Z.jsonl.gz", "flows-20201122T054801.12Z.jsonl",
		"xflows-20201122T054801.123Z.jsonl", "Flows-20201122T054801.123Z.jsonl",
		"flows-2020112aT054801.123Z.jsonl", "notes.txt"};
	enum { OTHERS = sizeof(others) / sizeof(*others) };
	char path[PATH_MAX], target[PATH_MAX];
	struct desk desk = {.folder = folder_make(), .now = BEGUN};
	size_t len;

	for (size_t i = 0; i < OTHERS; i++) {
		snprintf(path, sizeof(path), "events/%s", others[i]);
		folder_put(&desk.folder, path, "mine");
	}
	/* Named as ours, and no plain files. */
	folder_path(
		&desk.folder, "events/flows-20201122T054801.123Z.jsonl", path, sizeof(path));
	CU_ASSERT_EQUAL(mkdir(path, 0777), 0);
	folder_path(&desk.folder, "notes", target, sizeof(target));
	folder_path(
		&desk.folder, "events/flows-20201122T054801.124Z.jsonl", path, sizeof(path));
	folder_put(&desk.folder, "notes", "mine");
	CU_ASSERT_EQUAL(symlink(target, path), 0);
	desk_open(
		&desk, (struct event_files_params){
			       .max_file_size = LINE, .max_files = 2, .max_total_size = 8192});
	put_lines(&desk, 200);
	CU_ASSERT_TRUE(event_files_flush(desk.files));
	list_names(&desk);
	CU_ASSERT_EQUAL(desk.n_names, OTHERS + 2 + 2);
	for (size_t i = 0; i < OTHERS; i++) {
		char *text = content(&desk, others[i], &len);

		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		CU_ASSERT_STRING_EQUAL(text, "mine");
		free(text);
	}
	desk_clear(&desk);
}

/* A run that was killed leaves its files as they are. */
static void files_of_earlier_runs_count(void)
{
	struct desk desk = {.folder = folder_make(), .now = BEGUN};
	char path[96];
	uint64_t bytes;
	size_t len;
	char *text;

	for (int i = 0; i < 10; i++) {
		snprintf(path, sizeof(path), "events/flows-20260101T00000%d.000Z.jsonl", i);
		folder_put(&desk.folder, path, "earlier\n");
	}
	desk_open(&desk, (struct event_files_params){.max_files = 4});
	event_files_flush(desk.files);
	list_names(&desk);
	CU_ASSERT_EQUAL(desk.n_names, 11); /* nothing goes for a file without a line */
	put_lines(&desk, 1);
	event_files_flush(desk.files);
	list_names(&desk);
	CU_ASSERT_EQUAL_FATAL(desk.n_names, 4);
	CU_ASSERT_STRING_EQUAL(desk.names[0], "flows-20260101T000007.000Z.jsonl");
	CU_ASSERT_STRING_EQUAL(desk.names[3], FIRST);
	CU_ASSERT_EQUAL(event_files_removed(desk.files, &bytes), 7);
	CU_ASSERT_EQUAL(bytes, 7 * 8);
	CU_ASSERT_TRUE(event_files_close(desk.files));
	/* The same time again: no file is opened twice. */
	desk_open(&desk, (struct event_files_params){.max_files = 4});
	put_lines(&desk, 1);
	CU_ASSERT_TRUE(event_files_close(desk.files));
	list_names(&desk);
	CU_ASSERT_EQUAL_FATAL(desk.n_names, 4);
	text = content(&desk, desk.names[2], &len);
	CU_ASSERT_STRING_EQUAL(desk.names[2], FIRST);
	CU_ASSERT_EQUAL(len, LINE);
	free(text);
	folder_remove(&desk.folder);
}

/* As often as it is started: nothing is made, and nothing goes. */
static void a_run_without_events_leaves_nothing(void)
{
	struct desk desk = {.folder = folder_make(), .now = BEGUN};
	char path[PATH_MAX];
	uint64_t bytes;

	for (int i = 0; i < 2; i++) {
		desk_open(&desk, (struct event_files_params){.max_files = 1});
		CU_ASSERT_TRUE(event_files_flush(desk.files));
		CU_ASSERT_TRUE(event_files_close(desk.files));
		folder_path(&desk.folder, "events", path, sizeof(path));
		CU_ASSERT_EQUAL(access(path, F_OK), i == 0 ? -1 : 0);
		folder_put(&desk.folder, "events/flows-20260101T000000.000Z.jsonl", "real\n");
	}
	list_names(&desk);
	CU_ASSERT_EQUAL_FATAL(desk.n_names, 1);
	desk_open(&desk, (struct event_files_params){.max_files = 1});
	put_lines(&desk, 1);
	CU_ASSERT_TRUE(event_files_flush(desk.files));
	CU_ASSERT_EQUAL(event_files_removed(desk.files, &bytes), 1);
	desk_clear(&desk);
}

/* With no descriptor left no file can be begun: the one before takes all, and loses nothing. */
static void without_a_next_file_the_one_before_goes_on(void)
{
	struct rlimit before, none;
	struct desk desk;
	int free_fd = dup(0);

	close(free_fd);
	desk_make(&desk, (struct event_files_params){.max_file_size = (uint64_t)2 * LINE});
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){(rlim_t)free_fd, before.rlim_max};
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
	put_lines(&desk, 7);
	event_files_flush(desk.files);
	setrlimit(RLIMIT_NOFILE, &before);
	CU_ASSERT_TRUE(lines_are_whole(&desk, 0, (size_t)7 * LINE));
	CU_ASSERT_EQUAL(desk.n_names, 1);
	put_lines(&desk, 2);
	CU_ASSERT_TRUE(event_files_flush(desk.files));
	CU_ASSERT_TRUE(lines_are_whole(&desk, 0, (size_t)7 * LINE));
	CU_ASSERT_EQUAL(desk.n_names, 2);
	desk_clear(&desk);
}

static void a_fixed_name_has_no_bounds(void)
{
	struct desk desk;

	desk_make(&desk, (struct event_files_params){.name = "flows.jsonl",
				 .max_file_size = LINE,
				 .max_files = 1,
				 .max_file_age_ns = 1,
				 .max_total_size = 1});
	put_lines(&desk, 300);
	desk.now += 86400 * SECOND;
	CU_ASSERT_TRUE(event_files_flush(desk.files));
	CU_ASSERT_TRUE(lines_are_whole(&desk, 0, (size_t)300 * LINE));
	CU_ASSERT_EQUAL_FATAL(desk.n_names, 1);
	CU_ASSERT_STRING_EQUAL(desk.names[0], "flows.jsonl");
	desk_clear(&desk);
}

/* And once it is full it stays so, whatever the length of what follows; 0 is no limit. */
static void a_fixed_file_ends_at_its_limit(void)
{
	struct desk desk;

	desk_make(&desk, (struct event_files_params){.name = "flows.jsonl"});
	event_files_limit(desk.files, 0);
	put_lines(&desk, 3);
	event_files_limit(desk.files, 10 * LINE - 1);
	put_lines(&desk, 20);
	event_files_put(desk.files, "short\n", 6);
	CU_ASSERT_TRUE(event_files_flush(desk.files));
	CU_ASSERT_EQUAL(desk.ledger.written, 9);
	CU_ASSERT_EQUAL(desk.ledger.by_policy, 15);
	desk.lines = 9;
	CU_ASSERT_TRUE(lines_are_whole(&desk, 0, 10 * LINE - 1));
	CU_ASSERT_EQUAL(desk.n_names, 1);
	desk_clear(&desk);
}

/* Those of an appliance have other bounds. */
static void only_a_fixed_file_has_that_limit(void)
{
	struct desk desk;

	desk_make(&desk, (struct event_files_params){.max_file_size = 5 * LINE});
	event_files_limit(desk.files, LINE);
	put_lines(&desk, 20);
	CU_ASSERT_EQUAL(desk.ledger.by_policy, 0);
	desk_clear(&desk);
	CU_ASSERT_EQUAL(desk.ledger.written, 20);
}

void suite_event_files(void);
void suite_event_files(void)
{
	CU_pSuite s = CU_add_suite("event_files", NULL, NULL);

	CU_ADD_TEST(s, a_file_is_named_by_its_time);
	CU_ADD_TEST(s, no_file_is_longer_than_its_bound);
	CU_ADD_TEST(s, a_line_longer_than_the_bound_has_a_file_of_its_own);
	CU_ADD_TEST(s, a_file_with_lines_ends_when_it_is_old);
	CU_ADD_TEST(s, names_sort_when_the_clock_is_set_back);
	CU_ADD_TEST(s, the_oldest_go_and_the_number_stays);
	CU_ADD_TEST(s, one_file_alone_may_be_kept);
	CU_ADD_TEST(s, the_bytes_in_all_stay_within_their_bound);
	CU_ADD_TEST(s, files_of_others_stay);
	CU_ADD_TEST(s, files_of_earlier_runs_count);
	CU_ADD_TEST(s, a_run_without_events_leaves_nothing);
	CU_ADD_TEST(s, without_a_next_file_the_one_before_goes_on);
	CU_ADD_TEST(s, a_fixed_name_has_no_bounds);
	CU_ADD_TEST(s, a_fixed_file_ends_at_its_limit);
	CU_ADD_TEST(s, only_a_fixed_file_has_that_limit);
}
