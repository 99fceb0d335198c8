#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "cli/status/busy_share.h"
#include "cli/status/health.h"
#include "cli/support/puppet.h"

static const uint64_t ms = 1000000, begin_ns = 5000000000;

struct look {
	struct puppet puppet;
	struct settings settings;
	struct health *health;
	struct health_result result;
	char text[HEALTH_WRONG * HEALTH_TEXT];
};

static void look_begin(struct look *l)
{
	puppet_begin(&l->puppet);
	settings_init(&l->settings);
	l->health = health_create(&l->settings);
}

static void look_end(struct look *l)
{
	health_destroy(l->health);
	settings_fini(&l->settings);
	puppet_end(&l->puppet);
}

/* What is wrong at that time, in one text. */
static const char *look_at(struct look *l, uint64_t now_ns)
{
	struct status status;

	status_init(&status, 0);
	puppet_status(&l->puppet, &status);
	health_judge(l->health, &status, now_ns, &l->result);
	status_fini(&status);
	return health_result_print(&l->result, l->text, sizeof(l->text));
}

static void nothing_wrong_is_healthy(void)
{
	struct look l;

	look_begin(&l);
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns), "");
	CU_ASSERT_EQUAL(l.result.n_wrong, 0);
	look_end(&l);
}

static void a_stalled_worker_is_named(void)
{
	struct look l;

	look_begin(&l);
	l.puppet.since_poll_ns = 1000 * ms;
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns), "");
	l.puppet.since_poll_ns = 1300 * ms;
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns), "worker 1 has not polled for 1.3 s");
	l.puppet.since_poll_ns = 0;
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns), "");
	look_end(&l);
}

/* 75 % of 1023 is 767.25: 767 is below. */
static void a_ring_is_wrong_when_it_stays_full(void)
{
	struct look l;

	look_begin(&l);
	l.puppet.ring_fill = 768;
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns), "");
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns + 499 * ms), "");
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns + 500 * ms),
		"ring from worker 0 to 1 holds 768 of 1023 packets, at or above its mark of 75 "
		"% "
		"for 0.5 s");
	l.puppet.ring_fill = 767;
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns + 600 * ms), "");
	l.puppet.ring_fill = 1023;
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns + 700 * ms), "");
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns + 1100 * ms), "");
	look_end(&l);
}

static void a_queue_is_wrong_when_it_stays_full(void)
{
	struct look l;

	look_begin(&l);
	l.puppet.queue_fill = 75;
	look_at(&l, begin_ns);
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns + 1000 * ms),
		"queue of output events is filled to 75 of 100, at or above its mark of 75 % "
		"for "
		"1.0 s");
	look_end(&l);
}

/* Nine records are lost before the first look: they are old. */
static void losses_are_wrong_for_a_while(void)
{
	struct look l;

	look_begin(&l);
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns), "");
	l.puppet.lost_disk = 3;
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns + 1000 * ms),
		"output events has lost 12 records, the latest 0.0 s ago");
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns + 11000 * ms),
		"output events has lost 12 records, the latest 10.0 s ago");
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns + 11001 * ms), "");
	look_end(&l);
}

/* Neither what it loses nor its queue, which stays full: another program is slow or away. */
static void a_feed_is_a_note(void)
{
	struct look l;

	look_begin(&l);
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns), "");
	CU_ASSERT_EQUAL(l.result.n_notes, 0);
	l.puppet.lost_feed = 3;
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns + 1000 * ms), "");
	CU_ASSERT_EQUAL_FATAL(l.result.n_notes, 1);
	CU_ASSERT_STRING_EQUAL(l.result.notes[0],
		"feed:ids has lost 6 packets, the latest 0.0 s ago, and has 1 reader");
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns + 11000 * ms), "");
	CU_ASSERT_EQUAL(l.result.n_notes, 1);
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns + 11001 * ms), "");
	CU_ASSERT_EQUAL(l.result.n_notes, 0);
	look_end(&l);
}

static void tags_that_are_shared_are_a_note(void)
{
	struct look l;

	look_begin(&l);
	l.puppet.shared_tags = 7;
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns), "");
	CU_ASSERT_EQUAL_FATAL(l.result.n_notes, 1);
	CU_ASSERT_STRING_EQUAL(l.result.notes[0],
		"7 packets for feeds with the tags (4094, 4094), which observation points without a "
		"number of their own share: readers cannot tell these apart");
	look_end(&l);
}

static void room_on_the_disk_is_needed(void)
{
	struct look l;

	look_begin(&l);
	l.puppet.disk_free = 256 * 1048576;
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns), "");
	l.puppet.disk_free--;
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns),
		"disk of /var/lib/periscope has 268435455 bytes left, less than the 268435456 "
		"of "
		"control.disk_free_min");
	look_end(&l);
}

static void everything_wrong_is_said(void)
{
	struct look l;

	look_begin(&l);
	l.puppet.link = STATUS_LINK_DOWN;
	l.puppet.stopping = true;
	l.puppet.wrong = "port eth7 was removed";
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns),
		"the appliance is shutting down; link of port eth1 is down; port eth7 was "
		"removed");
	l.puppet.link = STATUS_LINK_GONE;
	l.puppet.wrong = NULL;
	CU_ASSERT_STRING_EQUAL(look_at(&l, begin_ns),
		"the appliance is shutting down; interface ens5 of port eth1 was removed");
	l.puppet.wrong = "port eth7 was removed";
	l.puppet.link = STATUS_LINK_UNKNOWN;
	CU_ASSERT_STRING_EQUAL(
		look_at(&l, begin_ns), "the appliance is shutting down; port eth7 was removed");
	look_end(&l);
}

static void no_worker_is_no_health(void)
{
	struct status status;
	struct health_result result;
	struct look l;

	look_begin(&l);
	status_init(&status, 0);
	health_judge(l.health, &status, begin_ns, &result);
	CU_ASSERT_EQUAL(result.n_wrong, 1);
	CU_ASSERT_STRING_EQUAL(result.wrong[0], "no worker runs");
	status_fini(&status);
	look_end(&l);
}

/* What is the matter with sessions is a note; the appliance is healthy. */
static void sessions_have_notes(void)
{
	struct status status;
	struct health_result result;
	struct worker_stats worker = {.packets = 0};
	struct look l;

	look_begin(&l);
	status_init(&status, 0);
	status.workers = &worker;
	status.n_workers = 1;
	status.mirror.fault[MIRROR_SILENT].n = 3;
	strcpy(status.mirror.fault[MIRROR_SILENT].name[0], "tms-1 (10.0.0.1, VNI 42)");
	strcpy(status.mirror.fault[MIRROR_SILENT].name[1], "tms-2 (10.0.0.2, VNI 42)");
	status.mirror.fault[MIRROR_UNKNOWN].n = MIRROR_UNKNOWN_MAX;
	status.mirror.fault[MIRROR_LOOP].n = 1;
	strcpy(status.mirror.fault[MIRROR_LOOP].name[0], "10.0.0.9, VNI 7");
	health_judge(l.health, &status, begin_ns, &result);
	CU_ASSERT_EQUAL(result.n_wrong, 0);
	CU_ASSERT_EQUAL_FATAL(result.n_notes, 3);
	CU_ASSERT_STRING_EQUAL(result.notes[0],
		"3 sessions of the settings without packets: tms-1 (10.0.0.1, VNI 42), "
		"tms-2 (10.0.0.2, VNI 42), ...");
	CU_ASSERT_NSTRING_EQUAL(
		result.notes[1], "1024 or more sessions not in the settings: ", 43);
	CU_ASSERT_STRING_EQUAL(result.notes[2],
		"1 session with mirror traffic inside, a loop: 10.0.0.9, VNI 7");
	status_fini(&status);
	look_end(&l);
}

static void more_than_fits_is_counted(void)
{
	struct health_result result = {0};
	char text[HEALTH_WRONG * HEALTH_TEXT], small[8];

	for (int i = 0; i < HEALTH_WRONG + 3; i++)
		health_result_add(&result, "thing %d", i);
	CU_ASSERT_EQUAL(result.n_wrong, HEALTH_WRONG + 3);
	health_result_print(&result, text, sizeof(text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "thing 15; and 3 more"));
	CU_ASSERT_STRING_EQUAL(health_result_print(&result, small, sizeof(small)), "thing 0");
}

/* Shares are measured over a second or more, and stay until the next measurement. */
static void a_worker_is_busy_by_what_its_counter_gained(void)
{
	static const struct {
		uint64_t at_ms, busy_ms;
		double share;
	} rows[] = {{1, 100, 0}, {500, 599, 0}, {1001, 350, 0.25}, {1900, 900, 0.25},
		{3001, 850, 0.25}, {4001, 9000, 1}, {5001, 9000, 0}};
	struct worker_stats worker = {.busy_share = 7};
	struct status status = {.workers = &worker, .n_workers = 1};
	struct shares shares = {.workers = NULL};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		worker.busy_ns = rows[i].busy_ms * ms;
		shares_see(&shares, &status, rows[i].at_ms * ms);
		shares_put(&shares, &status);
		CU_ASSERT_DOUBLE_EQUAL(
			(double)worker.busy_share, rows[i].share * COUNTER_ONE, 1);
	}
	shares_fini(&shares);
}

void suite_health(void);
void suite_health(void)
{
	CU_pSuite s = CU_add_suite("health", NULL, NULL);

	CU_ADD_TEST(s, nothing_wrong_is_healthy);
	CU_ADD_TEST(s, a_stalled_worker_is_named);
	CU_ADD_TEST(s, a_ring_is_wrong_when_it_stays_full);
	CU_ADD_TEST(s, a_queue_is_wrong_when_it_stays_full);
	CU_ADD_TEST(s, losses_are_wrong_for_a_while);
	CU_ADD_TEST(s, a_feed_is_a_note);
	CU_ADD_TEST(s, tags_that_are_shared_are_a_note);
	CU_ADD_TEST(s, room_on_the_disk_is_needed);
	CU_ADD_TEST(s, everything_wrong_is_said);
	CU_ADD_TEST(s, no_worker_is_no_health);
	CU_ADD_TEST(s, sessions_have_notes);
	CU_ADD_TEST(s, more_than_fits_is_counted);
	CU_ADD_TEST(s, a_worker_is_busy_by_what_its_counter_gained);
}
