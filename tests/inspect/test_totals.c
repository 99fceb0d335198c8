#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/export/totals.h"
#include "inspect/flow/hash.h"
#include "inspect/flow/index.h"

enum { FLOWS = 5000, APPS = 40, ADDRESSES = 60, TENANTS = 3, BOUND = 65536 };

static uint32_t state = 1;

static uint32_t random32(void)
{
	state = state * 1664525u + 1013904223u;
	return state >> 8;
}

static struct ip_addr addr_of(uint32_t n)
{
	return ip_addr_v4(
		(const uint8_t[]){10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n});
}

/* The plain copy of what a random flow says. */
struct told {
	uint32_t client, server, tenant;
	uint16_t master, app;
	struct total to_server, to_client;
	uint64_t risks;
};

static struct told random_told(void)
{
	struct told told = {.client = random32() % ADDRESSES,
		.server = random32() % ADDRESSES,
		.tenant = random32() % TENANTS,
		.master = (uint16_t)(random32() % APPS),
		.app = (uint16_t)(random32() % APPS),
		.to_server = {1, random32() % 100, random32() % 1000},
		.to_client = {1, random32() % 100, random32() % 1000}};

	for (uint32_t risks = random32() % 3; risks > 0; risks--)
		told.risks |= 1ull << random32() % 64;
	return told;
}

static void count(struct totals *totals, const struct told *told)
{
	bool client_is_lo = told->client < told->server;
	struct flow flow = {.app_master = told->master, .app = told->app};

	flow.key.lo = addr_of(client_is_lo ? told->client : told->server);
	flow.key.hi = addr_of(client_is_lo ? told->server : told->client);
	flow.flags = client_is_lo ? FLOW_CLIENT_IS_LO : 0;
	flow.side[0].packets = told->to_server.packets;
	flow.side[0].bytes = told->to_server.bytes;
	flow.side[1].packets = told->to_client.packets;
	flow.side[1].bytes = told->to_client.bytes;
	totals_flow(totals, &flow, told->tenant, told->risks);
}

static void add(struct total *to, bool flow, const struct total *what)
{
	to->flows += flow;
	to->packets += what->packets;
	to->bytes += what->bytes;
}

static bool total_equal(const struct total *a, const struct total *b)
{
	return a->flows == b->flows && a->packets == b->packets && a->bytes == b->bytes;
}

static void check_apps(const struct totals *totals, const struct told *told)
{
	static struct app_total got[APPS * APPS];
	struct total sum = {0};
	uint32_t n = totals_apps(totals, got, APPS * APPS);

	for (uint32_t i = 0; i < n; i++) {
		struct total want = {0};

		for (int f = 0; f < FLOWS; f++)
			if (told[f].master == got[i].master && told[f].app == got[i].app) {
				add(&want, true, &told[f].to_server);
				add(&want, false, &told[f].to_client);
			}
		CU_ASSERT_TRUE(total_equal(&want, &got[i].total));
		sum.flows += want.flows;
		CU_ASSERT_TRUE(i == 0 || got[i - 1].total.bytes > got[i].total.bytes ||
			       (got[i - 1].total.bytes == got[i].total.bytes &&
				       got[i - 1].master * 65536 + got[i - 1].app <
					       got[i].master * 65536 + got[i].app));
	}
	/* None is missing. */
	CU_ASSERT_EQUAL(sum.flows, FLOWS);
}

static void want_talker(const struct told *told, struct talker *want)
{
	for (int f = 0; f < FLOWS; f++) {
		struct ip_addr client = addr_of(told[f].client);
		struct ip_addr server = addr_of(told[f].server);

		if (told[f].tenant != want->tenant)
			continue;
		if (ip_addr_equal(&client, &want->addr)) {
			add(&want->sent, true, &told[f].to_server);
			add(&want->received, false, &told[f].to_client);
		}
		if (ip_addr_equal(&server, &want->addr)) {
			add(&want->sent, false, &told[f].to_client);
			add(&want->received, true, &told[f].to_server);
		}
	}
}

static void check_talkers(const struct totals *totals, const struct told *told)
{
	static struct talker got[ADDRESSES * TENANTS + 1];
	uint64_t before = UINT64_MAX;
	uint32_t n = totals_talkers(totals, got, ADDRESSES * TENANTS + 1);

	CU_ASSERT_EQUAL(n, ADDRESSES * TENANTS);
	CU_ASSERT_EQUAL(totals_talkers_count(totals), n);
	for (uint32_t i = 0; i < n; i++) {
		struct talker want = {.addr = got[i].addr, .tenant = got[i].tenant};
		uint64_t bytes = got[i].sent.bytes + got[i].received.bytes;

		want_talker(told, &want);
		CU_ASSERT_TRUE(total_equal(&want.sent, &got[i].sent));
		CU_ASSERT_TRUE(total_equal(&want.received, &got[i].received));
		CU_ASSERT_TRUE(bytes <= before);
		before = bytes;
	}
}

static void check(const struct totals *totals, const struct told *told)
{
	check_apps(totals, told);
	check_talkers(totals, told);
	CU_ASSERT_EQUAL(totals_flows(totals), FLOWS);
	CU_ASSERT_EQUAL(totals_talkers_overflow(totals), 0);
	for (unsigned risk = 0; risk < 64; risk++) {
		uint64_t want = 0;

		for (int f = 0; f < FLOWS; f++)
			want += told[f].risks >> risk & 1;
		CU_ASSERT_EQUAL(totals_risk(totals, risk), want);
	}
}

/* The same flows in one table, and spread over four that are merged. */
static void totals_are_those_of_a_naive_count(void)
{
	static struct told told[FLOWS];
	struct totals *one = totals_create(), *merged = totals_create(), *part[4];

	CU_ASSERT_PTR_NOT_NULL_FATAL(one);
	CU_ASSERT_PTR_NOT_NULL_FATAL(merged);
	for (int i = 0; i < 4; i++)
		part[i] = totals_create();
	for (int f = 0; f < FLOWS; f++) {
		told[f] = random_told();
		count(one, &told[f]);
		count(part[random32() % 4], &told[f]);
	}
	for (int i = 0; i < 4; i++) {
		totals_merge(merged, part[i]);
		totals_destroy(part[i]);
	}
	check(one, told);
	check(merged, told);
	totals_destroy(one);
	totals_destroy(merged);
}

static void a_list_shorter_than_asked_for(void)
{
	struct totals *totals = totals_create();
	struct app_total app;
	struct talker talker;

	CU_ASSERT_PTR_NOT_NULL_FATAL(totals);
	CU_ASSERT_EQUAL(totals_apps(totals, &app, 1), 0);
	CU_ASSERT_EQUAL(totals_talkers(totals, &talker, 1), 0);
	for (uint16_t i = 1; i <= 3; i++) {
		struct told told = {
			.client = i, .server = 10, .app = i, .to_server = {1, 1, 100ull * i}};

		count(totals, &told);
	}
	CU_ASSERT_EQUAL(totals_apps(totals, &app, 1), 3);
	CU_ASSERT_EQUAL(app.app, 3);
	CU_ASSERT_EQUAL(totals_talkers(totals, &talker, 1), 4);
	CU_ASSERT_EQUAL(talker.received.bytes, 600);
	CU_ASSERT_EQUAL(totals_talkers(totals, NULL, 0), 4);
	totals_destroy(totals);
}

static void talkers_beyond_the_bound_are_counted(void)
{
	struct totals *totals = totals_create();

	CU_ASSERT_PTR_NOT_NULL_FATAL(totals);
	/* Each flow brings two new addresses; those of the last 100 find no room. */
	for (uint32_t i = 0; i < BOUND / 2 + 100; i++) {
		struct told told = {.client = 2 * i, .server = 2 * i + 1};

		count(totals, &told);
	}
	CU_ASSERT_EQUAL(totals_talkers_count(totals), BOUND);
	CU_ASSERT_EQUAL(totals_talkers_overflow(totals), 200);
	CU_ASSERT_EQUAL(totals_flows(totals), BOUND / 2 + 100);
	/* One that is known is still counted. */
	count(totals, &(struct told){.client = 0, .server = 1});
	CU_ASSERT_EQUAL(totals_talkers_overflow(totals), 200);
	totals_destroy(totals);
}

/* Digits of pi: what a table is salted with when the kernel has no secret yet. Under a salt that is
 * known, addresses that meet in few buckets are found by trying: here in a fifth of them, whose places are too few. */
static struct ip_addr addr_that_meets(uint32_t *n)
{
	const uint64_t known[3] = {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0};
	const struct flow_index index = {NULL, index_buckets(BOUND)};
	struct index_place place;
	struct ip_addr addr;

	do {
		addr = addr_of((*n)++);
		place = index_place(
			&index, hash_fold(hash_fold(hash_word(addr.byte) ^ known[0],
						  hash_word(addr.byte + 8) ^ known[1]),
					known[2]));
	} while (place.first > index.n_buckets / 5 || place.second > index.n_buckets / 5);
	return addr;
}

/* Each lies in one of two buckets, so that places run out where addresses meet. */
static void made_up_addresses_find_room(void)
{
	struct totals *totals = totals_create();
	uint32_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(totals);
	for (uint32_t i = 0; i < BOUND / 2; i++) {
		struct flow flow = {.flags = FLOW_CLIENT_IS_LO};

		flow.key.lo = addr_that_meets(&n);
		flow.key.hi = addr_that_meets(&n);
		totals_flow(totals, &flow, 0, 0);
	}
	CU_ASSERT_EQUAL(totals_talkers_count(totals), BOUND);
	CU_ASSERT_EQUAL(totals_talkers_overflow(totals), 0);
	totals_destroy(totals);
}

void suite_totals(void);
void suite_totals(void)
{
	CU_pSuite s = CU_add_suite("totals", NULL, NULL);

	CU_ADD_TEST(s, totals_are_those_of_a_naive_count);
	CU_ADD_TEST(s, a_list_shorter_than_asked_for);
	CU_ADD_TEST(s, made_up_addresses_find_room);
	CU_ADD_TEST(s, talkers_beyond_the_bound_are_counted);
}
