/* When SYNs that became no connections are a flood: windows, whose they are, bounds; whoever tells. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "config/settings/settings.h"
#include "inspect/detect/scans/floods.h"

static struct settings settings;

static struct {
	unsigned n;
	uint64_t times;
	char words[600];
} ear;

static void hear(void *ctx, const struct alert_fact *fact)
{
	const struct alert *a = &fact->alert;
	size_t len;

	(void)ctx;
	ear.n++;
	ear.times += fact->times;
	len = (size_t)snprintf(ear.words, sizeof(ear.words), "%u %u-%u s%u ",
		a->source.byte[15], (unsigned)(fact->first_ns / NS_PER_S),
		(unsigned)(fact->time_ns / NS_PER_S), a->severity);
	for (int which = ALERT_RULE; which < ALERT_TENANT; which++)
		len += (size_t)snprintf(ear.words + len, sizeof(ear.words) - len, "|%.*s",
			a->len[which], alert_text(a, fact->text, (enum alert_text)which));
}

static struct floods *open_floods(void)
{
	const struct scan_teller teller = {NULL, hear};
	struct floods *f = floods_create(&settings, &teller);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	memset(&ear, 0, sizeof(ear));
	return f;
}

/* `n` SYNs of 10.9.0.`source` to port 80 of 10.0.0.`victim`, told at `second`. */
static void add(struct floods *f, uint8_t victim, uint8_t source, uint64_t n, uint64_t second)
{
	struct syns_fact fact = {.count = {.unanswered = n - n / 4,
					 .half_open = n / 4,
					 .first_ns = second * NS_PER_S - 1,
					 .last_ns = second * NS_PER_S}};
	struct flow *flow = &fact.about.sight.flow;

	fact.about.now_ns = second * NS_PER_S;
	fact.about.key.addr = ip_addr_v4((const uint8_t[]){10, 0, 0, victim});
	fact.about.key.port = 80;
	flow->key.ip_version = 4;
	flow->key.protocol = 6;
	flow->flags = FLOW_CLIENT_IS_LO;
	flow->start_ns = fact.count.first_ns + source;
	flow->key.lo = ip_addr_v4((const uint8_t[]){10, 9, 0, source});
	flow->key.hi = fact.about.key.addr;
	flow->key.hi_port = 80;
	floods_add(f, &fact);
}

static void from_a_number_on(void)
{
	struct floods *f = open_floods();

	add(f, 1, 5, 50, 1000);
	add(f, 2, 5, 90, 1000);
	floods_judge(f);
	add(f, 1, 5, 49, 1030);
	floods_judge(f);
	CU_ASSERT_EQUAL(ear.n, 0);
	add(f, 1, 5, 1, 1031);
	floods_judge(f);
	CU_ASSERT_EQUAL(ear.n, 1);
	CU_ASSERT_EQUAL(ear.times, 100);
	CU_ASSERT_STRING_EQUAL(ear.words,
		"1 999-1031 s2 |syn_flood|flood|SYN flood|100 SYNs to port 80 of 10.0.0.1 became no connection within 60 s: "
		"76 unanswered, 24 answered and left open; from 10.9.0.5|destination|10.0.0.1:80");
	add(f, 1, 6, 20, 1032);
	floods_judge(f);
	CU_ASSERT_EQUAL(ear.times, 120);
	CU_ASSERT_PTR_NOT_NULL(strstr(ear.words, "; from many addresses, first 10.9.0.5|"));
	floods_destroy(f);
	floods_destroy(NULL);
}

/* Of the last minute, in sixths that are 10 s: from 50 to 60 s. */
static void within_a_window(void)
{
	struct floods *f = open_floods();

	add(f, 1, 5, 60, 1000);
	floods_judge(f);
	add(f, 1, 5, 60, 1060);
	floods_judge(f);
	CU_ASSERT_EQUAL(ear.n, 0);
	add(f, 1, 5, 40, 1109);
	floods_judge(f);
	CU_ASSERT_EQUAL(ear.times, 100);
	add(f, 2, 5, 60, 1000);
	add(f, 2, 5, 30, 1050);
	add(f, 2, 5, 39, 1069);
	floods_judge(f);
	CU_ASSERT_EQUAL(ear.n, 1);
	/* A worker's clock that is a little behind, and one that went back far. */
	add(f, 1, 5, 1, 1095);
	floods_judge(f);
	CU_ASSERT_EQUAL(ear.times, 101);
	add(f, 1, 5, 99, 500);
	floods_judge(f);
	CU_ASSERT_EQUAL(ear.n, 2);
	floods_destroy(f);
}

/* Two workers tell of the same, in any order, before it is judged. */
static void it_does_not_matter_who_tells(void)
{
	char words[sizeof(ear.words)];
	struct floods *f = open_floods();

	add(f, 1, 5, 80, 1000);
	add(f, 1, 6, 40, 1000);
	floods_judge(f);
	CU_ASSERT_EQUAL(ear.n, 1);
	CU_ASSERT_EQUAL(ear.times, 120);
	memcpy(words, ear.words, sizeof(words));
	floods_destroy(f);
	f = open_floods();
	add(f, 1, 6, 40, 1000);
	add(f, 1, 5, 80, 1000);
	floods_judge(f);
	CU_ASSERT_EQUAL(ear.n, 1);
	CU_ASSERT_STRING_EQUAL(ear.words, words);
	floods_destroy(f);
}

static void bounds(void)
{
	struct floods *f;

	settings.detect.scan_sources = 64;
	f = open_floods();
	for (uint8_t victim = 0; victim < 65; victim++) {
		add(f, victim, 5, 7, 1000);
		if (victim == 30)
			floods_judge(f);
	}
	CU_ASSERT_EQUAL(floods_overflow(f), 7);
	for (uint8_t victim = 100; victim < 200; victim++)
		add(f, victim, 5, 7, 1001); /* all others are to be judged yet */
	CU_ASSERT_EQUAL(floods_overflow(f), 7 * 101);
	floods_destroy(f);
	settings.detect.scan_sources = 16384;
}

static int setup(void)
{
	settings_init(&settings);
	settings.detect.syn_flood = 100;
	return 0;
}

static int teardown(void)
{
	settings_fini(&settings);
	return 0;
}

void suite_floods(void);
void suite_floods(void)
{
	CU_pSuite s = CU_add_suite("floods", setup, teardown);

	CU_ADD_TEST(s, from_a_number_on);
	CU_ADD_TEST(s, within_a_window);
	CU_ADD_TEST(s, it_does_not_matter_who_tells);
	CU_ADD_TEST(s, bounds);
}
