/* The writer against a real output directory: every record that was taken is there, whole, and in
 * the order of its outbox. A gate before each written record makes the output as slow as needed. */
#include <CUnit/Basic.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/log/error.h"
#include "config/settings/settings.h"
#include "config/thread/backoff.h"
#include "dataplane/output/writer.h"
#include "dataplane/support/hooks.h"
#include "inspect/output/output.h"
#include "inspect/proto/details_draft.h"
#include "inspect/record/aggregate.h"
#include "support/folder.h"
#include "support/python.h"

enum { OUTBOXES = 3, RECORDS = 3000, ERROR = 256 };

struct desk {
	struct folder folder;
	char dir[128];
	struct output *output;
	struct writer *writer;
};

static void desk_open(struct desk *desk, uint32_t n_outboxes, bool wait)
{
	struct error error = {0};
	struct settings settings;

	settings_init(&settings);
	desk->folder = folder_make();
	folder_path(&desk->folder, "out", desk->dir, sizeof(desk->dir));
	desk->output = output_open(desk->dir, &settings, false, &error);
	settings_fini(&settings);
	CU_ASSERT_PTR_NOT_NULL_FATAL(desk->output);
	desk->writer = writer_start(desk->output, n_outboxes, wait, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(desk->writer);
}

/* All that was taken must be on the disk by the time the writer has stopped. */
static void desk_stop(struct desk *desk)
{
	writer_stop(desk->writer);
	CU_ASSERT_TRUE(output_flush(desk->output));
}

static void desk_close(struct desk *desk)
{
	CU_ASSERT_TRUE(output_close(desk->output));
	folder_remove(&desk->folder);
}

static uint64_t written(const struct desk *desk, enum record_kind kind)
{
	return output_ledger(desk->output, kind)->written;
}

/* ---- the gate ---- */

struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t moved;
	bool shut;
};

static void gate_pass(void *ctx)
{
	struct gate *gate = ctx;

	pthread_mutex_lock(&gate->mutex);
	while (gate->shut)
		pthread_cond_wait(&gate->moved, &gate->mutex);
	pthread_mutex_unlock(&gate->mutex);
}

static void gate_open(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	gate->shut = false;
	pthread_cond_broadcast(&gate->moved);
	pthread_mutex_unlock(&gate->mutex);
}

static void gate_install(struct gate *gate)
{
	const struct hooks hooks = {.ctx = gate, .record = gate_pass};

	pthread_mutex_init(&gate->mutex, NULL);
	pthread_cond_init(&gate->moved, NULL);
	gate->shut = true;
	hooks_set(&hooks);
}

static void gate_remove(struct gate *gate)
{
	hooks_clear();
	pthread_mutex_destroy(&gate->mutex);
	pthread_cond_destroy(&gate->moved);
}

/* ---- records ---- */

enum { STRING = 700 };

/* Details whose server name has `len` bytes, of just that size. */
static struct details *make_details(size_t len, struct memory *memory, struct memory_list *list)
{
	static _Thread_local struct draft draft;
	char name[STRING + 1];

	memset(name, 'x', sizeof(name));
	draft_reset(&draft);
	draft_string(&draft, DETAIL_tls_sni, name, len < STRING ? len : STRING);
	/* A long one has all that there may be. */
	for (int d = DETAIL_tls_version; len > STRING && d <= DETAIL_tls_sha1; d++)
		draft_string(&draft, (enum detail)d, name, STRING);
	return draft_finish(&draft, memory, list);
}

/* The event of a flow that says: outbox, number, length. */
static bool put(struct sink sink, uint32_t outbox, uint32_t number, size_t len)
{
	const struct observation_point nowhere = {.has_vni = false};
	const struct flow_outcome outcome = {
		.end = FLOW_END_IDLE, .course = flow_course_unknown()};
	struct memory memory = {0};
	struct memory_list list = {0};
	struct flow flow = {.key = {.point = SESSION_NONE, .ip_version = 4, .protocol = 6}};
	bool taken;

	flow.side[0].packets = outbox;
	flow.side[1].packets = number;
	flow.side[1].bytes = len;
	flow.details = make_details(len, &memory, &list);
	taken = record_flow(&sink, &flow, &outcome, &nowhere);
	memory_sweep(&list);
	memory_trim(&memory);
	return taken;
}

static size_t record_len(uint32_t number)
{
	return number % 50 == 49 ? 2 * STRING : 1 + number * 37 % STRING;
}

/* Every outbox's records are numbered from 0 without a gap, `counts` of them, and each name has the
 * length it tells. */
static const char events_are_whole[] =
	"import json, sys\n"
	"path, counts = sys.argv[1].split('|')\n"
	"counts = [int(c) for c in counts.split(',')]\n"
	"seen = [0] * len(counts)\n"
	"for line in open(path, 'rb'):\n"
	"    event = json.loads(line)\n"
	"    outbox, server = event['client']['packets'], event['server']\n"
	"    tls = event['tls']\n"
	"    assert tls['sni'] == 'x' * min(server['bytes'], 700), line[:60]\n"
	"    assert (tls['sha1'] is None) == (server['bytes'] <= 700), line[:60]\n"
	"    assert seen[outbox] == server['packets'], line[:60]\n"
	"    seen[outbox] += 1\n"
	"assert seen == counts, (seen, counts)\n";

static bool events_agree(const struct desk *desk, const char *counts)
{
	char argument[256];

	snprintf(argument, sizeof(argument), "%s/events/flows.jsonl|%s", desk->dir, counts);
	return python_agrees(events_are_whole, argument);
}

struct author {
	struct writer *writer;
	pthread_t thread;
	uint32_t index;
	uint64_t refused;
	_Atomic uint32_t done;
};

static void *author_main(void *arg)
{
	struct author *author = arg;
	struct sink sink = writer_sink(author->writer, author->index);

	for (uint32_t i = 0; i < RECORDS; i++) {
		author->refused += !put(sink, author->index, i, record_len(i));
		atomic_store(&author->done, i + 1);
		if (i % 701 == 0)
			writer_flush(author->writer, author->index);
	}
	return NULL;
}

static void authors_start(struct author *authors, struct writer *writer)
{
	for (uint32_t i = 0; i < OUTBOXES; i++) {
		authors[i] = (struct author){.writer = writer, .index = i};
		CU_ASSERT_EQUAL_FATAL(
			pthread_create(&authors[i].thread, NULL, author_main, &authors[i]), 0);
	}
}

static void authors_join(struct author *authors)
{
	for (uint32_t i = 0; i < OUTBOXES; i++) {
		CU_ASSERT_EQUAL(pthread_join(authors[i].thread, NULL), 0);
		CU_ASSERT_EQUAL(authors[i].refused, 0);
	}
}

static void several_outboxes_lose_nothing(void)
{
	struct author authors[OUTBOXES];
	struct desk desk;

	desk_open(&desk, OUTBOXES, true);
	authors_start(authors, desk.writer);
	authors_join(authors);
	desk_stop(&desk);
	CU_ASSERT_EQUAL(written(&desk, RECORD_EVENT), OUTBOXES * RECORDS);
	CU_ASSERT_TRUE(events_agree(&desk, "3000,3000,3000"));
	desk_close(&desk);
}

/* No author can be done while nothing is written: the records do not fit in the outboxes. */
static void a_full_outbox_waits(void)
{
	struct timespec nap = {0, 100 * 1000 * 1000};
	struct author authors[OUTBOXES];
	struct gate gate;
	struct desk desk;

	gate_install(&gate);
	desk_open(&desk, OUTBOXES, true);
	authors_start(authors, desk.writer);
	nanosleep(&nap, NULL);
	for (uint32_t i = 0; i < OUTBOXES; i++)
		CU_ASSERT_TRUE(atomic_load(&authors[i].done) < RECORDS);
	gate_open(&gate);
	authors_join(authors);
	desk_stop(&desk);
	gate_remove(&gate);
	CU_ASSERT_TRUE(events_agree(&desk, "3000,3000,3000"));
	desk_close(&desk);
}

/* Puts long records until `most` were taken or one is refused; returns how many. */
static uint32_t put_until_refused(
	struct desk *desk, uint32_t outbox, uint32_t first, uint32_t most)
{
	struct sink sink = writer_sink(desk->writer, outbox);
	uint32_t n = 0;

	while (n < most && put(sink, outbox, first + n, 2 * STRING))
		n++;
	return n;
}

/* On this thread with the gate shut: a put that waited would never come back. */
static void a_full_outbox_refuses_and_only_that_one(void)
{
	enum { MOST = 10000, ROOM = 64 * 256 * 1024, LONG = 12 * STRING };
	uint32_t taken[2], more;
	struct backoff wait = {0};
	struct gate gate;
	struct desk desk;
	char counts[64];

	gate_install(&gate);
	desk_open(&desk, 2, false);
	taken[0] = put_until_refused(&desk, 0, 0, MOST);
	CU_ASSERT_TRUE(taken[0] >= 1000 && taken[0] <= 2 + ROOM / LONG);
	CU_ASSERT_EQUAL(put_until_refused(&desk, 0, taken[0], MOST), 0);
	taken[1] = put_until_refused(&desk, 1, 0, 5);
	CU_ASSERT_EQUAL(taken[1], 5);
	gate_open(&gate);
	/* Once something was written there is room again. */
	while ((more = put_until_refused(&desk, 0, taken[0], 3)) == 0)
		backoff_wait(&wait);
	taken[0] += more;
	desk_stop(&desk);
	gate_remove(&gate);
	snprintf(counts, sizeof(counts), "%u,%u", taken[0], taken[1]);
	CU_ASSERT_EQUAL(written(&desk, RECORD_EVENT), taken[0] + taken[1]);
	CU_ASSERT_TRUE(events_agree(&desk, counts));
	desk_close(&desk);
}

/* Whoever is told to hurry before it comes to wait must not begin to. On this thread with the gate shut:
 * a put that waited would never come back. */
static void hurry_is_for_good(void)
{
	enum { MOST = 10000, ROOM = 64 * 256 * 1024, LONG = 12 * STRING };
	struct gate gate;
	struct desk desk;
	uint32_t taken;

	gate_install(&gate);
	desk_open(&desk, 1, false);
	writer_hurry(desk.writer);
	writer_wait(desk.writer, 0);
	taken = put_until_refused(&desk, 0, 0, MOST);
	CU_ASSERT_TRUE(taken >= 1000 && taken <= 2 + ROOM / LONG);
	gate_open(&gate);
	desk_stop(&desk);
	CU_ASSERT_EQUAL(written(&desk, RECORD_EVENT), taken);
	gate_remove(&gate);
	desk_close(&desk);
}

static void count_call(void *ctx, struct output *output)
{
	(void)output;
	++*(uint32_t *)ctx;
}

/* A writer that waits for the disk is not waited for; what it was to do is not done later. */
static void an_errand_has_its_time(void)
{
	const uint64_t wait_ns = 50 * 1000 * 1000;
	struct gate gate;
	struct desk desk;
	uint32_t calls = 0;

	gate_install(&gate);
	desk_open(&desk, 1, false);
	CU_ASSERT_EQUAL(put_until_refused(&desk, 0, 0, 1), 1);
	writer_flush(desk.writer, 0);
	/* It may have come to the errand before the record. */
	while (writer_do(desk.writer, count_call, &calls, wait_ns))
		;
	calls = 0;
	CU_ASSERT_FALSE(writer_do(desk.writer, count_call, &calls, wait_ns));
	gate_open(&gate);
	CU_ASSERT_TRUE(writer_do(desk.writer, count_call, &calls, UINT64_C(60000000000)));
	desk_stop(&desk);
	CU_ASSERT_EQUAL(calls, 1);
	CU_ASSERT_EQUAL(written(&desk, RECORD_EVENT), 1);
	gate_remove(&gate);
	desk_close(&desk);
}

/* What `lo` sent to itself, `last` after the begin of the window of 600 s. */
static bool put_window(struct sink sink, uint32_t window, uint16_t last, uint64_t packets)
{
	const struct observation_point nowhere = {.has_vni = false};
	struct aggregate aggregate = {.key = {.window = window, .ip_version = 4}};

	aggregate.side[0].packets = packets;
	aggregate.side[0].last = last;
	return record_window(&sink, &aggregate, 0, 600, &nowhere);
}

/* A record comes to the file of its kind, a flow log's to that of its period: 2023-11-14 22:10 UTC
 * begins window 2833333 of 600 s. */
static void each_comes_to_its_file(void)
{
	static const char script[] =
		"import glob, gzip, sys\n"
		"files = sorted(glob.glob(sys.argv[1] + '/flow-logs/**/*.gz', "
		"recursive=True))\n"
		"lines = {f: gzip.open(f).read().splitlines()[1:] for f in files}\n"
		"early = [l.split()[8] for f in files if '/2023/11/14/' in f and 'T2210Z' in f "
		"for "
		"l in lines[f]]\n"
		"late = [l.split()[8] for f in files if '/2023/11/14/' in f and 'T2215Z' in f "
		"for l "
		"in lines[f]]\n"
		"assert early == [b'10', b'11'], lines\n"
		"assert late == [b'20'], lines\n";
	struct sink sink;
	struct desk desk;

	desk_open(&desk, 1, true);
	sink = writer_sink(desk.writer, 0);
	CU_ASSERT_TRUE(put_window(sink, 2833333, 0, 10));
	CU_ASSERT_TRUE(put_window(sink, 2833333, 300, 20));
	CU_ASSERT_TRUE(put(sink, 0, 0, 8));
	CU_ASSERT_TRUE(put_window(sink, 2833333, 1, 11));
	desk_stop(&desk);
	CU_ASSERT_EQUAL(written(&desk, RECORD_FLOW_LOG), 3);
	CU_ASSERT_EQUAL(written(&desk, RECORD_EVENT), 1);
	CU_ASSERT_TRUE(events_agree(&desk, "1"));
	CU_ASSERT_TRUE(python_agrees(script, desk.dir));
	desk_close(&desk);
}

static void count_record(void *ctx)
{
	atomic_fetch_add((_Atomic uint32_t *)ctx, 1);
}

/* Without stopping: a flush alone brings records to the output (else this waits for good), and
 * one of nothing is harmless. */
static void a_flush_sends_what_was_gathered(void)
{
	_Atomic uint32_t arrived = 0;
	const struct hooks hooks = {.ctx = &arrived, .record = count_record};
	struct backoff wait = {0};
	struct sink sink;
	struct desk desk;

	hooks_set(&hooks);
	desk_open(&desk, 2, true);
	sink = writer_sink(desk.writer, 1);
	writer_flush(desk.writer, 1);
	CU_ASSERT_TRUE(put(sink, 1, 0, 8));
	writer_flush(desk.writer, 1);
	writer_flush(desk.writer, 1);
	while (atomic_load(&arrived) == 0)
		backoff_wait(&wait);
	desk_stop(&desk);
	hooks_clear();
	CU_ASSERT_TRUE(events_agree(&desk, "0,1"));
	desk_close(&desk);
}

/* The stop comes at any moment of the writer's round. */
static void stopped_right_after_a_record(void)
{
	enum { TIMES = 400 };
	struct error error;
	struct desk desk;

	desk_open(&desk, 1, true);
	for (uint32_t i = 0; i < TIMES; i++) {
		writer_stop(desk.writer);
		desk.writer = writer_start(desk.output, 1, true, &error);
		CU_ASSERT_PTR_NOT_NULL_FATAL(desk.writer);
		CU_ASSERT_TRUE(put(writer_sink(desk.writer, 0), 0, i, 20));
	}
	desk_stop(&desk);
	CU_ASSERT_TRUE(events_agree(&desk, "400"));
	desk_close(&desk);
}

static void no_records_at_all(void)
{
	struct desk desk;

	desk_open(&desk, 64, true);
	desk_stop(&desk);
	CU_ASSERT_EQUAL(written(&desk, RECORD_EVENT), 0);
	desk_close(&desk);
	writer_stop(NULL);
}

/* Each allocation fails in turn; what was made before it must be freed (LeakSanitizer judges). */
static void starts_or_says_why_not(void)
{
	struct writer *writer = NULL;
	unsigned nth = 0;
	struct desk desk;
	struct error error;

	desk_open(&desk, 1, true);
	writer_stop(desk.writer);
	while (!writer && nth < 1000) {
		error_set(&error, "%s", "");
		hooks_fail_allocation(++nth);
		writer = writer_start(desk.output, 2, true, &error);
		CU_ASSERT_EQUAL(writer == NULL, hooks_allocation_failed());
		CU_ASSERT_TRUE(writer || error.text[0]);
	}
	hooks_fail_allocation(0);
	CU_ASSERT_TRUE(nth > 2 * 2); /* two outboxes and their chunks at the least */
	writer_stop(writer);
	hooks_fail_thread(1);
	CU_ASSERT_PTR_NULL(writer_start(desk.output, 2, true, &error));
	desk_close(&desk);
}

void suite_writer(void);
void suite_writer(void)
{
	CU_pSuite s = CU_add_suite("writer", NULL, NULL);

	CU_ADD_TEST(s, several_outboxes_lose_nothing);
	CU_ADD_TEST(s, a_full_outbox_waits);
	CU_ADD_TEST(s, a_full_outbox_refuses_and_only_that_one);
	CU_ADD_TEST(s, hurry_is_for_good);
	CU_ADD_TEST(s, an_errand_has_its_time);
	CU_ADD_TEST(s, each_comes_to_its_file);
	CU_ADD_TEST(s, a_flush_sends_what_was_gathered);
	CU_ADD_TEST(s, stopped_right_after_a_record);
	CU_ADD_TEST(s, no_records_at_all);
	CU_ADD_TEST(s, starts_or_says_why_not);
}
