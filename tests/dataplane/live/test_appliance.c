/* The live appliance's start and end when memory or threads are short, at each place in turn. On ports of
 * net_null that give no packets; what it leaks, or uses once it is gone, the sanitizers say. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "config/log/error.h"
#include "config/parse/report.h"
#include "dataplane/live/appliance.h"
#include "dataplane/support/eal_once.h"
#include "dataplane/support/hooks.h"
#include "support/folder.h"
#include "support/scratch.h"

enum { MOST = 2000 };

/* DPDK keeps a virtual device that was closed, and makes none of its name again. */
static const char settings_format[] = "capture:\n"
				      "  ports: ['net_null%u,no-rx=1', 'net_null%u,no-rx=1']\n"
				      "  workers: 2\n"
				      "  queues: 1\n"
				      "  memory: 116MiB\n"
				      "exception: {mode: 'off'}\n"
				      "flow: {capacity: 64}\n"
				      "sessions: {capacity: 16}\n"
				      "dpi: {enabled: false}\n";

struct house {
	struct folder folder;
	char dir[128];
	struct settings settings;
	uint32_t reports;
};

static int setup(void)
{
	return eal_once() || scratch_setup();
}

static struct model *model_anew(struct settings *settings)
{
	static uint32_t devices = 100;
	struct report report = {0};
	struct model *model;
	char text[512];

	snprintf(text, sizeof(text), settings_format, devices, devices + 1);
	devices += 2;
	model = scratch_model(text, settings, &report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(model);
	report_fini(&report);
	return model;
}

static void count_report(void *ctx, const struct summary *summary)
{
	struct house *house = ctx;

	CU_ASSERT_EQUAL(summary->ledger->received, 0);
	house->reports++;
}

/* Starts it and ends it again. false: it did not start, and said why. */
static bool live_and_die(struct house *house, void (*fail)(unsigned nth), unsigned nth)
{
	const struct appliance_params params = {
		.settings = &house->settings, .output_dir = house->dir, .version = "test"};
	struct error error = {0};
	struct model *model = model_anew(&house->settings);
	struct appliance *appliance;

	house->reports = 0;
	fail(nth);
	appliance = appliance_start(&params, (struct policy){.model = model}, &error);
	if (appliance) {
		appliance_tick(appliance);
		appliance_stop(appliance, count_report, house);
	}
	CU_ASSERT_TRUE(appliance || error.text[0]);
	settings_fini(&house->settings);
	return appliance != NULL;
}

static void house_begin(struct house *house)
{
	house->folder = folder_make();
	folder_path(&house->folder, "out", house->dir, sizeof(house->dir));
	hooks_eal_runs(true);
}

static void house_end(struct house *house)
{
	hooks_eal_runs(false);
	folder_remove(&house->folder);
}

static void without_memory(void)
{
	struct house house;
	unsigned nth = 0, failures = 0;
	bool failed = true, lived = false;

	house_begin(&house);
	while (failed && nth < MOST) {
		lived = live_and_die(&house, hooks_fail_allocation, ++nth);
		failed = hooks_allocation_failed();
		hooks_fail_allocation(0);
		failures += !lived;
	}
	CU_ASSERT_FALSE(failed);
	CU_ASSERT_TRUE(lived);
	CU_ASSERT_EQUAL(house.reports, 1);
	CU_ASSERT_TRUE(failures > 20);
	house_end(&house);
}

static void without_threads(void)
{
	struct house house;
	unsigned nth = 0;
	bool lived = false;

	house_begin(&house);
	while (!lived && nth < MOST)
		lived = live_and_die(&house, hooks_fail_thread, ++nth);
	hooks_fail_thread(0);
	/* The writer's, the correlator's, and two workers'. */
	CU_ASSERT_EQUAL(nth, 5);
	house_end(&house);
}

void suite_appliance(void);
void suite_appliance(void)
{
	CU_pSuite suite = CU_add_suite("appliance", setup, scratch_teardown);

	CU_ADD_TEST(suite, without_memory);
	CU_ADD_TEST(suite, without_threads);
}
