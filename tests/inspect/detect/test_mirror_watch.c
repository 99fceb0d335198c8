/* What is the matter with sessions: when each state begins and ends, what is told of it, and bounds. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "config/log/now.h"
#include "config/model/model.h"
#include "config/settings/settings.h"
#include "decap/addr.h"
#include "inspect/detect/mirror_watch.h"
#include "inspect/record/alert.h"

#define S NS_PER_S

/* The outbox: what was told, "+RULE|TITLE|FIELD VALUE" or "-RULE". */
static struct {
	bool refuses;
	unsigned n;
	union {
		struct record head;
		struct alert_fact fact;
		char bytes[sizeof(struct alert_fact) + ALERT_BYTES];
	} told[MIRROR_UNKNOWN_MAX + 8];
} ear;

static struct record *take(void *ctx, enum record_type type, size_t len)
{
	(void)ctx;
	CU_ASSERT_TRUE_FATAL(ear.n < sizeof(ear.told) / sizeof(*ear.told) &&
			     len <= sizeof(ear.told[0]) && type == RECORD_ALERT_FACT);
	if (ear.refuses)
		return NULL;
	memset(&ear.told[ear.n], 0xa5, sizeof(ear.told[0]));
	ear.told[ear.n].head = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	return &ear.told[ear.n++].head;
}

static struct settings settings;

static int setup(void)
{
	settings_init(&settings);
	return 0;
}

static int teardown(void)
{
	settings_fini(&settings);
	return 0;
}

static struct mirror_watch *watch_of(bool live)
{
	const struct mirror_watch_params params = {
		.settings = &settings, .facts = {NULL, take}, .live = live};
	struct mirror_watch *w = mirror_watch_create(&params);

	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	ear.refuses = false;
	ear.n = 0;
	return w;
}

static const struct model_interface eni = {.id = "eni-1"};
static const struct model_session config = {.id = "tms-1", .interface = &eni};

static struct session row_of(uint32_t vni, bool configured)
{
	struct session s = {.configured = configured, .config = configured ? &config : NULL};

	CU_ASSERT_TRUE(ip_addr_parse("10.0.0.1", &s.outer_src));
	s.vni = s.tenant = vni;
	return s;
}

/* One look at one row, of two workers of which one has nothing of it. */
static void look(struct mirror_watch *w, const struct session *row, uint64_t now_ns)
{
	struct session none = *row;

	memset(&none.session_stats, 0, sizeof(none.session_stats));
	mirror_watch_begin(w, true);
	mirror_watch_see(w, &none);
	mirror_watch_see(w, row);
	mirror_watch_end(w, now_ns, now_ns + 1);
}

static void told(unsigned i, const char *words)
{
	const struct alert_fact *fact = &ear.told[i].fact;
	const struct alert *alert = &fact->alert;
	char text[ALERT_BYTES];

	CU_ASSERT_TRUE_FATAL(i < ear.n);
	CU_ASSERT_TRUE(alert->lasts && alert->by_title && !alert_has_flow(alert));
	CU_ASSERT_EQUAL(alert->engine, ALERT_PERISCOPE);
	CU_ASSERT_EQUAL(alert->source.byte[12], 10);
	snprintf(text, sizeof(text), "%c%.*s|%.*s|%.*s %.*s", alert->over ? '-' : '+',
		alert->len[ALERT_RULE], alert_text(alert, fact->text, ALERT_RULE),
		alert->len[ALERT_TITLE], alert_text(alert, fact->text, ALERT_TITLE),
		alert->len[ALERT_FIELD], alert_text(alert, fact->text, ALERT_FIELD),
		alert->len[ALERT_VALUE], alert_text(alert, fact->text, ALERT_VALUE));
	CU_ASSERT_STRING_EQUAL(text, words);
	if (strcmp(text, words) != 0)
		fprintf(stderr, "\n  %s\n", text);
}

static uint32_t found(const struct mirror_watch *w, enum mirror_fault fault)
{
	return mirror_watch_findings(w)->fault[fault].n;
}

static void silence(void)
{
	struct mirror_watch *w = watch_of(true);
	struct session row = row_of(42, true);

	look(w, &row, 10 * S);
	look(w, &row, 69 * S);
	CU_ASSERT_EQUAL(ear.n, 0);
	CU_ASSERT_FALSE(mirror_watch_is_silent(w, &row.key));
	look(w, &row, 70 * S);
	look(w, &row, 71 * S);
	CU_ASSERT_EQUAL_FATAL(ear.n, 1);
	told(0, "+mirror_session_silent|10.0.0.1, VNI 42 sends nothing|packets 0");
	CU_ASSERT_EQUAL(ear.told[0].fact.time_ns, 70 * S + 1);
	CU_ASSERT_EQUAL(ear.told[0].fact.alert.severity, 2);
	CU_ASSERT_STRING_EQUAL(ear.told[0].fact.alert.observation_point.session, "tms-1");
	CU_ASSERT_TRUE(mirror_watch_is_silent(w, &row.key));
	CU_ASSERT_STRING_EQUAL(mirror_watch_findings(w)->fault[MIRROR_SILENT].name[0],
		"tms-1 (10.0.0.1, VNI 42)");
	row.packets = 5;
	look(w, &row, 80 * S);
	CU_ASSERT_EQUAL_FATAL(ear.n, 2);
	told(1, "-mirror_session_silent|10.0.0.1, VNI 42 sends nothing|packets 5");
	CU_ASSERT_EQUAL(found(w, MIRROR_SILENT), 0);
	look(w, &row, 140 * S);
	CU_ASSERT_EQUAL(ear.n, 3);
	told(2, "+mirror_session_silent|10.0.0.1, VNI 42 sends nothing|packets 5");
	mirror_watch_destroy(w);
}

/* The setting says never; and a session that nobody configured may be as quiet as it likes. */
static void silence_that_nobody_minds(void)
{
	struct mirror_watch *w = watch_of(true);
	struct session row = row_of(42, true), learned = row_of(43, false);
	uint64_t after = settings.sessions.silent_after;

	settings.sessions.silent_after = 0;
	look(w, &row, S);
	look(w, &row, 100000 * S);
	settings.sessions.silent_after = after;
	CU_ASSERT_EQUAL(ear.n, 0);
	mirror_watch_destroy(w);
	w = watch_of(true);
	look(w, &learned, S);
	look(w, &learned, 100000 * S);
	CU_ASSERT_EQUAL(ear.n, 0);
	mirror_watch_destroy(w);
}

static void who_is_unknown(void)
{
	struct mirror_watch *w = watch_of(true);
	struct session row = row_of(77, false);

	row.packets = 12;
	mirror_watch_begin(w, false); /* the settings name no session: all are welcome */
	mirror_watch_see(w, &row);
	mirror_watch_end(w, S, 0);
	CU_ASSERT_EQUAL(ear.n, 0);
	look(w, &row, 2 * S);
	CU_ASSERT_EQUAL_FATAL(ear.n, 1);
	told(0, "+mirror_session_unknown|10.0.0.1, VNI 77 is no session of the settings|packets 12");
	CU_ASSERT_STRING_EQUAL(
		mirror_watch_findings(w)->fault[MIRROR_UNKNOWN].name[0], "10.0.0.1, VNI 77");
	/* A reload names it. */
	row.configured = true;
	row.config = &config;
	look(w, &row, 3 * S);
	CU_ASSERT_EQUAL_FATAL(ear.n, 2);
	told(1, "-mirror_session_unknown|10.0.0.1, VNI 77 is no session of the settings|packets 12");
	/* Another one forgets it: that alone is no packet. */
	row.configured = false;
	row.config = NULL;
	look(w, &row, 4 * S);
	CU_ASSERT_EQUAL(ear.n, 2);
	row.packets++;
	look(w, &row, 5 * S);
	CU_ASSERT_EQUAL(ear.n, 3);
	look(w, &row, 5 * S + settings.detect.idle_timeout);
	CU_ASSERT_EQUAL(ear.n, 4);
	CU_ASSERT_EQUAL(found(w, MIRROR_UNKNOWN), 0);
	mirror_watch_destroy(w);
}

static void look_at_many(struct mirror_watch *w, uint32_t first, uint32_t n, uint64_t now_ns)
{
	mirror_watch_begin(w, true);
	for (uint32_t i = 0; i < n; i++) {
		struct session row = row_of(first + i, false);

		row.packets = 1;
		mirror_watch_see(w, &row);
	}
	mirror_watch_end(w, now_ns, 0);
}

/* Anybody can make up sessions. When their rows are others', the alerts end, and others have the room. */
static void unknown_ones_are_bounded(void)
{
	struct mirror_watch *w = watch_of(true);

	look_at_many(w, 0, 3 * MIRROR_UNKNOWN_MAX, S);
	CU_ASSERT_EQUAL(ear.n, MIRROR_UNKNOWN_MAX);
	CU_ASSERT_EQUAL(found(w, MIRROR_UNKNOWN), MIRROR_UNKNOWN_MAX);
	ear.n = 0;
	look_at_many(w, 1000000, 0, 2 * S);
	CU_ASSERT_EQUAL(ear.n, MIRROR_UNKNOWN_MAX);
	CU_ASSERT_TRUE(ear.told[7].fact.alert.over);
	ear.n = 0;
	look_at_many(w, 1000000, 2, 3 * S);
	CU_ASSERT_EQUAL(ear.n, 2);
	CU_ASSERT_EQUAL(found(w, MIRROR_UNKNOWN), 2);
	mirror_watch_destroy(w);
}

static void losses(void)
{
	struct mirror_watch *w = watch_of(true);
	struct session row = row_of(42, true);

	row.packets = 1;
	look(w, &row, 100 * S);
	row.packets++;
	row.bytes = 2000000;
	row.acked_unseen = 20203; /* 1 % of all */
	look(w, &row, 159 * S);
	CU_ASSERT_EQUAL(ear.n, 0);
	look(w, &row, 160 * S);
	CU_ASSERT_EQUAL_FATAL(ear.n, 1);
	told(0, "+mirror_loss|10.0.0.1, VNI 42 loses packets before the appliance|acked_unseen 20203");
	/* Less than one percent, of what came since. */
	row.packets++;
	row.bytes += 2000000;
	row.acked_unseen += 20000;
	look(w, &row, 219 * S);
	CU_ASSERT_EQUAL(found(w, MIRROR_LOSS), 1);
	look(w, &row, 220 * S);
	CU_ASSERT_EQUAL(ear.n, 2);
	CU_ASSERT_TRUE(ear.told[1].fact.alert.over);
	/* All of it, but next to nothing. */
	row.packets++;
	row.acked_unseen += 9999;
	look(w, &row, 279 * S);
	look(w, &row, 280 * S);
	CU_ASSERT_EQUAL(found(w, MIRROR_LOSS), 0);
	mirror_watch_destroy(w);
}

static void loops(void)
{
	struct mirror_watch *w = watch_of(true);
	struct session row = row_of(42, true);

	row.packets = row.looped_flows = 3;
	look(w, &row, S);
	CU_ASSERT_EQUAL_FATAL(ear.n, 1);
	told(0, "+mirror_loop|10.0.0.1, VNI 42 mirrors mirror traffic|looped_flows 3");
	row.packets++;
	look(w, &row, 59 * S);
	CU_ASSERT_EQUAL(ear.n, 1);
	row.packets++;
	look(w, &row, 61 * S);
	CU_ASSERT_EQUAL(ear.n, 2);
	CU_ASSERT_TRUE(ear.told[1].fact.alert.over);
	mirror_watch_destroy(w);
}

static void duplicates(void)
{
	struct mirror_watch *w = watch_of(true);
	struct session row = row_of(42, true);

	row.packets = 1;
	look(w, &row, 100 * S);
	row.packets++;
	row.sampled = 160;
	row.sampled_copies = 8; /* 5 % */
	look(w, &row, 159 * S);
	CU_ASSERT_EQUAL(ear.n, 0);
	look(w, &row, 160 * S);
	CU_ASSERT_EQUAL_FATAL(ear.n, 1);
	told(0, "+mirror_duplicates|10.0.0.1, VNI 42 sends packets twice|sampled_copies 8");
	/* Less of what came since. */
	row.packets++;
	row.sampled += 161;
	row.sampled_copies += 8;
	look(w, &row, 220 * S);
	CU_ASSERT_EQUAL_FATAL(ear.n, 2);
	CU_ASSERT_TRUE(ear.told[1].fact.alert.over);
	CU_ASSERT_EQUAL(found(w, MIRROR_DUPLICATES), 0);
	/* Half of it, but next to nothing. */
	row.packets++;
	row.sampled += 14;
	row.sampled_copies += 7;
	look(w, &row, 280 * S);
	CU_ASSERT_EQUAL(found(w, MIRROR_DUPLICATES), 0);
	/* A worker gave its row away. */
	row.packets++;
	row.sampled = row.sampled_copies = 20;
	look(w, &row, 340 * S);
	CU_ASSERT_EQUAL(found(w, MIRROR_DUPLICATES), 0);
	CU_ASSERT_EQUAL(ear.n, 2);
	CU_ASSERT_FALSE(mirror_is_doubled(0, 100, 100));
	mirror_watch_destroy(w);
}

/* What the full outbox refuses is told at a later look. */
static void what_is_refused_is_told_later(void)
{
	struct mirror_watch *w = watch_of(true);
	struct session row = row_of(42, true);

	look(w, &row, S);
	ear.refuses = true;
	look(w, &row, 100 * S);
	CU_ASSERT_EQUAL(found(w, MIRROR_SILENT), 1);
	ear.refuses = false;
	look(w, &row, 101 * S);
	CU_ASSERT_EQUAL(ear.n, 1);
	mirror_watch_destroy(w);
}

/* One look at all that there was. */
static void in_replay(void)
{
	struct mirror_watch *w = watch_of(false);
	struct session silent = row_of(42, true), lossy = row_of(43, true),
		       unknown = row_of(44, false);

	lossy.packets = unknown.packets = 9;
	lossy.bytes = 10000;
	lossy.acked_unseen = 10000;
	lossy.looped_flows = 1;
	lossy.last_ns = 5 * S;
	mirror_watch_begin(w, true);
	mirror_watch_see(w, &silent);
	mirror_watch_see(w, &lossy);
	mirror_watch_see(w, &unknown);
	mirror_watch_end(w, 1, 0);
	CU_ASSERT_EQUAL(found(w, MIRROR_SILENT), 1);
	CU_ASSERT_EQUAL_FATAL(ear.n, 3);
	told(0, "+mirror_loss|10.0.0.1, VNI 43 loses packets before the appliance|acked_unseen 10000");
	told(1, "+mirror_loop|10.0.0.1, VNI 43 mirrors mirror traffic|looped_flows 1");
	told(2, "+mirror_session_unknown|10.0.0.1, VNI 44 is no session of the settings|packets 9");
	CU_ASSERT_EQUAL(ear.told[0].fact.time_ns, 5 * S);
	mirror_watch_destroy(w);
}

void suite_mirror_watch(void);
void suite_mirror_watch(void)
{
	CU_pSuite s = CU_add_suite("mirror_watch", setup, teardown);

	CU_ADD_TEST(s, silence);
	CU_ADD_TEST(s, silence_that_nobody_minds);
	CU_ADD_TEST(s, who_is_unknown);
	CU_ADD_TEST(s, unknown_ones_are_bounded);
	CU_ADD_TEST(s, losses);
	CU_ADD_TEST(s, loops);
	CU_ADD_TEST(s, duplicates);
	CU_ADD_TEST(s, what_is_refused_is_told_later);
	CU_ADD_TEST(s, in_replay);
}
