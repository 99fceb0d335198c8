/* Which calls are a beacon's: regularity against rows, who is outside, order of telling, bounds. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings/settings.h"
#include "decap/addr.h"
#include "inspect/detect/beacons/beacon_judge.h"
#include "inspect/detect/beacons/beacons.h"
#include "inspect/support/alert_ear.h"
#include "support/random.h"

enum { CALLS = 24 };

static struct settings settings;

static struct alert_ear ear;

static struct beacons *open_beacons(bool live)
{
	const struct scan_teller teller = {&ear, alert_ear_hear};
	struct beacons *b = beacons_create(&settings, live, &teller);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	ear = (struct alert_ear){.n = 0};
	return b;
}

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

/* Calls every `interval` ms, each so many later or earlier as `late` says in turn, and sizes likewise. */
struct pattern {
	const char *what;
	uint64_t interval_ms;
	int32_t late[4];
	uint64_t bytes;
	int32_t more[4];
	bool is_one;
};

static void what_is_regular(void)
{
	static const struct beacon_limits limits = {CALLS, 15, 10 * NS_PER_S};
	static const struct pattern rows[] = {
		{"a clock", 60000, {0}, 517, {0}, true},
		{"the least interval", 10000, {0}, 517, {0}, true},
		{"faster", 9999, {0}, 517, {0}, false},
		{"a little late", 60000, {0, 4000, 0, -4000}, 517, {0}, true},
		{"any time", 60000, {0, 15000, -9000, 25000}, 517, {0}, false},
		{"other sizes", 60000, {0}, 517, {0, 300, 900, -100}, false},
		{"nearly equal sizes", 60000, {0}, 517, {0, 60, -60, 20}, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct beacon_call calls[CALLS + 1];
		struct beacon_found found;

		for (unsigned n = 0; n <= CALLS; n++) {
			int64_t ms =
				(int64_t)(rows[i].interval_ms * (n + 2)) + rows[i].late[n % 4];

			calls[n].time_ns = (uint64_t)ms * NS_PER_MS;
			calls[n].bytes =
				(uint64_t)((int64_t)rows[i].bytes + rows[i].more[n % 4]);
		}
		if (beacon_judge(calls, CALLS, &limits, &found) != rows[i].is_one)
			printf("\n%s", rows[i].what);
		CU_ASSERT_EQUAL(beacon_judge(calls, CALLS, &limits, &found), rows[i].is_one);
		CU_ASSERT_EQUAL(
			beacon_judge(calls, CALLS + 1, &limits, &found), rows[i].is_one);
		CU_ASSERT_FALSE(beacon_judge(calls, CALLS - 1, &limits, &found));
	}
}

/* Four in five: of 23 intervals four may be others, each missed call is one. */
static void some_calls_may_be_missed(void)
{
	static const struct beacon_limits limits = {CALLS, 15, 10 * NS_PER_S};

	for (unsigned missed = 0; missed < 8; missed++) {
		struct beacon_call calls[CALLS];
		struct beacon_found found;
		uint64_t time = 1000 * NS_PER_S;

		for (unsigned n = 0; n < CALLS; n++) {
			time += (n % 3 == 1 && n / 3 < missed ? 120 : 60) * NS_PER_S;
			calls[n] = (struct beacon_call){time, 517};
		}
		CU_ASSERT_EQUAL(beacon_judge(calls, CALLS, &limits, &found), missed <= 4);
		CU_ASSERT_EQUAL(found.interval_ns, 60 * NS_PER_S);
	}
}

static void who_is_outside(void)
{
	static const struct {
		const char *address;
		bool is_outside;
	} rows[] = {{"8.8.8.8", true}, {"0.1.2.3", false}, {"1.0.0.0", true},
		{"10.0.0.1", false}, {"11.0.0.0", true}, {"100.63.255.255", true},
		{"100.64.0.0", false}, {"100.127.255.255", false}, {"100.128.0.0", true},
		{"127.0.0.1", false}, {"169.254.169.254", false}, {"169.255.0.0", true},
		{"172.15.255.255", true}, {"172.16.0.0", false}, {"172.31.255.255", false},
		{"172.32.0.0", true}, {"192.168.0.1", false}, {"192.169.0.1", true},
		{"223.255.255.255", true}, {"224.0.0.1", false}, {"255.255.255.255", false},
		{"::1", false}, {"2001:db8::1", true}, {"fbff::1", true}, {"fc00::1", false},
		{"fdff::1", false}, {"fe00::1", true}, {"fe80::1", false}, {"fec0::1", false},
		{"ff02::1", false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t version = strchr(rows[i].address, ':') ? 6 : 4;
		struct ip_addr a;

		CU_ASSERT_TRUE_FATAL(ip_addr_parse(rows[i].address, &a));
		if (beacon_is_outside(&a, version) != rows[i].is_outside)
			printf("\n%s", rows[i].address);
		CU_ASSERT_EQUAL(beacon_is_outside(&a, version), rows[i].is_outside);
	}
}

static void call(struct beacons *b, uint8_t client, uint8_t server, uint64_t s, uint64_t bytes)
{
	struct beacon_fact fact = {.bytes = bytes};
	struct flow *flow = &fact.about.sight.flow;

	flow->key.lo = ip_addr_v4((const uint8_t[]){10, 0, 0, client});
	flow->key.hi = ip_addr_v4((const uint8_t[]){198, 51, 100, server});
	flow->key.hi_port = 443;
	flow->key.ip_version = 4;
	flow->key.protocol = 6;
	flow->flags = FLOW_CLIENT_IS_LO;
	flow->start_ns = s * NS_PER_S;
	fact.about.now_ns = s * NS_PER_S;
	fact.about.key.addr = flow->key.lo;
	strcpy(fact.about.tenant, "blue");
	beacons_add(b, &fact);
}

static void what_is_said_of_one(void)
{
	struct beacons *b = open_beacons(true);

	for (unsigned n = 0; n < CALLS; n++) {
		call(b, 1, 7, 1000 + 60 * n, 517);
		if (n < CALLS - 1)
			call(b, 1, 8, 1000 + 60 * n, 517);
		call(b, 2, 7, 1000 + 60 * (n - n % 2) + 10 * n, 517);
		beacons_judge(b);
	}
	CU_ASSERT_EQUAL(ear.n, 1);
	CU_ASSERT_TRUE(ear.by_title);
	CU_ASSERT_STRING_EQUAL(ear.words,
		"1 1000-2380 x24 s3|beacon|beacon|Beacon to 198.51.100.7:443|"
		"it calls every 60.000 s with 517 bytes: of 24 calls in a row 100 % keep to both "
		"within 15 %|interval_s|60.000|blue");
	call(b, 1, 7, 2440, 517);
	beacons_judge(b);
	beacons_judge(b);
	CU_ASSERT_EQUAL(ear.n, 2);
	CU_ASSERT_EQUAL(ear.times, 25);
	CU_ASSERT_EQUAL(beacons_overflow(b), 0);
	beacons_destroy(b);
}

/* Live what goes on otherwise is none any more; at the end of a replay it was one. */
static void a_beacon_that_ends(void)
{
	for (int live = 0; live < 2; live++) {
		struct beacons *b = open_beacons(live);

		for (unsigned n = 0; n < CALLS; n++)
			call(b, 1, 7, 1000 + 60 * n, 517);
		if (live)
			beacons_judge(b);
		for (unsigned n = 0; n < CALLS; n++)
			call(b, 1, 7, 3000 + n * n * 7 % 100, 517 + n * 100);
		beacons_judge(b);
		CU_ASSERT_EQUAL(ear.n, 1);
		CU_ASSERT_EQUAL(ear.times, live ? CALLS : 2 * CALLS);
		beacons_destroy(b);
	}
}

/* Flows end in any order; the latest are held, and a beacon among them is found when others follow it. */
static void order_does_not_matter(void)
{
	enum { N = 100 };
	char said[ALERT_EAR_WORDS] = "";

	for (uint64_t seed = 0; seed < 5; seed++) {
		struct random r = random_seeded(seed);
		struct beacons *b = open_beacons(false);
		unsigned order[N];

		for (unsigned n = 0; n < N; n++)
			order[n] = n;
		for (unsigned n = N - 1; seed > 0 && n > 0; n--) {
			unsigned k = random_below(&r, n + 1), swap = order[n];

			order[n] = order[k];
			order[k] = swap;
		}
		for (unsigned n = 0; n < N; n++) {
			unsigned at = order[n]; /* the last ones are none */

			call(b, 1, 7, 1000 + 60 * at + (at > 70 ? at * at % 50 : 0),
				at > 70 ? at * at : 517);
		}
		beacons_judge(b);
		CU_ASSERT_EQUAL(ear.n, 1);
		if (seed == 0)
			strcpy(said, ear.words);
		CU_ASSERT_STRING_EQUAL(ear.words, said);
		beacons_destroy(b);
	}
}

static void there_is_a_bound(void)
{
	struct beacons *b = open_beacons(false);

	for (unsigned n = 0; n < BEACONS_MAX + 10; n++) {
		struct beacon_fact fact = {.bytes = 1};

		fact.about.sight.flow.key.hi.byte[12] = (uint8_t)(n >> 8);
		fact.about.sight.flow.key.hi.byte[13] = (uint8_t)n;
		fact.about.sight.flow.flags = FLOW_CLIENT_IS_LO;
		beacons_add(b, &fact);
		beacons_judge(b);
	}
	CU_ASSERT_EQUAL(beacons_overflow(b), 10);
	beacons_destroy(b);
}

void suite_beacons(void);
void suite_beacons(void)
{
	CU_pSuite s = CU_add_suite("beacons", setup, teardown);

	CU_ADD_TEST(s, what_is_regular);
	CU_ADD_TEST(s, some_calls_may_be_missed);
	CU_ADD_TEST(s, who_is_outside);
	CU_ADD_TEST(s, what_is_said_of_one);
	CU_ADD_TEST(s, a_beacon_that_ends);
	CU_ADD_TEST(s, order_does_not_matter);
	CU_ADD_TEST(s, there_is_a_bound);
}
