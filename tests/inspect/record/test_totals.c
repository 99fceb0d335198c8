#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/flow/hash.h"
#include "inspect/flow/index.h"
#include "inspect/record/fact.h"
#include "inspect/record/totals.h"
#include "support/random.h"

enum { FLOWS = 5000, APPS = 40, ADDRESSES = 60, TENANTS = 3, BOUND = 65536 };

static struct random draws = {20260101};

static uint32_t below(uint32_t n)
{
	return random_below(&draws, n);
}

static const struct totals_tables talkers_alone = {.talkers = true};

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
	struct risk_set risks;
};

static void add_risk(struct risk_set *set, unsigned risk)
{
	if (risk < NDPI_RISKS)
		set->ndpi |= 1ull << risk;
	else
		set->own |= 1u << (risk - NDPI_RISKS);
}

static struct told random_told(void)
{
	struct told told = {.client = below(ADDRESSES),
		.server = below(ADDRESSES),
		.tenant = below(TENANTS),
		.master = (uint16_t)below(APPS),
		.app = (uint16_t)below(APPS),
		.to_server = {1, below(100), below(1000)},
		.to_client = {1, below(100), below(1000)}};

	for (uint32_t risks = below(3); risks > 0; risks--)
		add_risk(&told.risks, below(RISKS));
	return told;
}

static void talk(struct totals *totals, const struct flow *flow, uint32_t tenant)
{
	struct flow_fact fact;

	const struct observation_point nowhere = {.has_vni = false};

	flow_fact_fill(
		&fact, &(struct flow_fact_of){flow, &nowhere, tenant, ENCRYPTION_UNKNOWN});
	totals_talk(totals, &fact);
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
	totals_flow(totals, &flow, told->risks);
	talk(totals, &flow, told->tenant);
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
	for (unsigned risk = 0; risk < RISKS; risk++) {
		uint64_t want = 0;

		for (int f = 0; f < FLOWS; f++)
			want += risk_set_has(&told[f].risks, risk);
		CU_ASSERT_EQUAL(totals_risk(totals, risk), want);
	}
}

/* The same flows in one table, and spread over four that are merged. */
static void totals_are_those_of_a_naive_count(void)
{
	static struct told told[FLOWS];
	struct totals *one = totals_create(&talkers_alone),
		      *merged = totals_create(&talkers_alone), *part[4];

	CU_ASSERT_PTR_NOT_NULL_FATAL(one);
	CU_ASSERT_PTR_NOT_NULL_FATAL(merged);
	for (int i = 0; i < 4; i++)
		part[i] = totals_create(&talkers_alone);
	for (int f = 0; f < FLOWS; f++) {
		told[f] = random_told();
		count(one, &told[f]);
		count(part[below(4)], &told[f]);
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
	struct totals *totals = totals_create(&talkers_alone);
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

enum { LIGHT = 70000, HEAVY = 8, HEAVY_FLOWS = 50, HEAVY_BYTES = 1000000, LIGHT_BYTES = 80 };

static void count_light(struct totals *totals, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i += 2)
		count(totals, &(struct told){.client = i,
				      .server = i + 1,
				      .to_server = {1, 1, LIGHT_BYTES}});
}

/* Each flow has a light end, too: a new one each time, behind `light`. */
static void count_heavy(struct totals *totals, uint32_t light)
{
	for (uint32_t i = 0; i < HEAVY * HEAVY_FLOWS; i++)
		count(totals, &(struct told){.client = 1000000 + i % HEAVY,
				      .server = light + i,
				      .to_server = {1, 1, HEAVY_BYTES}});
}

/* The first ones lie within the stated error of `bytes`, which is a 65,536th of all
 * that was `told`, for each of `tables`. */
static void check_heavy(
	const struct totals *totals, uint64_t bytes, uint64_t told, uint32_t tables)
{
	struct talker top[HEAVY];
	uint64_t error = totals_talkers_error(totals);
	bool found[HEAVY] = {false};

	CU_ASSERT_EQUAL(totals_talkers_count(totals), BOUND);
	CU_ASSERT_TRUE(totals_talkers_overflow(totals) > 0);
	CU_ASSERT_TRUE(error > 0);
	CU_ASSERT_TRUE(error <= tables * (told / BOUND + 1));
	CU_ASSERT_EQUAL(totals_talkers(totals, top, HEAVY), BOUND);
	for (uint32_t i = 0; i < HEAVY; i++) {
		CU_ASSERT_TRUE(top[i].sent.bytes <= bytes);
		CU_ASSERT_TRUE(top[i].sent.bytes + error >= bytes);
		for (uint32_t n = 0; n < HEAVY; n++) {
			struct ip_addr addr = addr_of(1000000 + n);

			found[n] = found[n] || ip_addr_equal(&top[i].addr, &addr);
		}
	}
	for (uint32_t n = 0; n < HEAVY; n++)
		CU_ASSERT_TRUE(found[n]);
}

/* What is told is counted twice: as sent by one, as received by the other. */
#define TOLD_LIGHT (2ull * (LIGHT / 2) * LIGHT_BYTES)
#define TOLD_HEAVY (2ull * HEAVY * HEAVY_FLOWS * HEAVY_BYTES)

static void heavy_talkers_are_listed_after_many_light_ones(void)
{
	struct totals *totals = totals_create(&talkers_alone);

	CU_ASSERT_PTR_NOT_NULL_FATAL(totals);
	count_light(totals, 0, LIGHT);
	CU_ASSERT_EQUAL(totals_talkers_overflow(totals), LIGHT - BOUND);
	count_heavy(totals, LIGHT);
	count_light(totals, 2 * LIGHT, 3 * LIGHT);
	check_heavy(
		totals, (uint64_t)HEAVY_FLOWS * HEAVY_BYTES, 2 * TOLD_LIGHT + TOLD_HEAVY, 1);
	/* The light ones weigh 80 bytes, and no more than three of them stood in one place. */
	CU_ASSERT_TRUE(totals_talkers_error(totals) <= 3 * LIGHT_BYTES);
	totals_destroy(totals);
}

/* Two are exact, and one is not. */
static void heavy_talkers_of_all_workers_are_one(void)
{
	struct totals *part[3], *merged = totals_create(&talkers_alone);

	CU_ASSERT_PTR_NOT_NULL_FATAL(merged);
	for (uint32_t i = 0; i < 3; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(part[i] = totals_create(&talkers_alone));
		count_light(part[i], i * LIGHT, i * LIGHT + (i == 1 ? LIGHT : 1000));
		count_heavy(part[i], (4 + i) * LIGHT);
	}
	CU_ASSERT_EQUAL(totals_talkers_error(part[0]), 0);
	CU_ASSERT_EQUAL(totals_talkers_overflow(part[0]), 0);
	for (uint32_t i = 0; i < 3; i++)
		totals_merge(merged, part[i]);
	check_heavy(merged, 3ull * HEAVY_FLOWS * HEAVY_BYTES, TOLD_LIGHT + 3 * TOLD_HEAVY, 3);
	for (uint32_t i = 0; i < 3; i++)
		totals_destroy(part[i]);
	totals_destroy(merged);
}

/* `bytes`: what each of `n` talkers truly had. It lies between what is shown and the error above it, and
 * who is not listed had no more than the error. */
static void check_error(const struct totals *totals, const uint64_t *bytes, uint32_t n)
{
	uint64_t error = totals_talkers_error(totals);
	struct talker *top = calloc(BOUND, sizeof(*top));
	bool *listed = calloc(n, sizeof(*listed));

	CU_ASSERT_TRUE_FATAL(top && listed);
	CU_ASSERT_TRUE(error > 0);
	CU_ASSERT_EQUAL_FATAL(totals_talkers(totals, top, BOUND), BOUND);
	for (uint32_t i = 0; i < BOUND; i++) {
		const uint8_t *b = top[i].addr.byte + 13;
		uint32_t number = (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];
		uint64_t shown = top[i].sent.bytes + top[i].received.bytes;

		CU_ASSERT_TRUE(shown <= bytes[number] && shown + error >= bytes[number]);
		listed[number] = true;
	}
	for (uint32_t i = 0; i < n; i++)
		CU_ASSERT_TRUE(listed[i] || bytes[i] <= error);
	free(listed);
	free(top);
}

static void the_error_holds_for_every_talker(void)
{
	/* A naive count of random weights. */
	enum { ALL = 100000, TURNS = 400000 };
	uint64_t *bytes = calloc(ALL, sizeof(*bytes));
	struct totals *totals = totals_create(&talkers_alone);

	CU_ASSERT_TRUE_FATAL(bytes && totals);
	for (uint32_t i = 0; i < TURNS; i++) {
		uint32_t client = below(ALL), server = below(ALL);
		uint32_t sent = below(3) == 0 ? below(100000) : 40;

		bytes[client] += sent;
		bytes[server] += sent;
		count(totals,
			&(struct told){client, server, 0, 0, 0, {1, 1, sent}, {0}, {0, 0}});
	}
	check_error(totals, bytes, ALL);
	totals_destroy(totals);
	free(bytes);
}

/* Those of one worker that the other one saw, and gave up, had bytes with both. */
static void the_error_holds_for_who_gave_way_twice(void)
{
	enum { MORE = 2000, ALL = BOUND + MORE };
	uint64_t *bytes = calloc(ALL, sizeof(*bytes));
	struct totals *one = totals_create(&talkers_alone),
		      *other = totals_create(&talkers_alone);

	CU_ASSERT_TRUE_FATAL(bytes && one && other);
	for (uint32_t i = 0; i < ALL; i += 2) {
		struct told told = {.client = i, .server = i + 1, .to_server = {1, 1, 600}};

		count(other, &told);
		bytes[i] += 600;
		bytes[i + 1] += 600;
		if (i >= BOUND)
			continue;
		told.to_server.bytes = 1000;
		count(one, &told);
		bytes[i] += 1000;
		bytes[i + 1] += 1000;
	}
	CU_ASSERT_EQUAL(totals_talkers_error(one), 0);
	totals_merge(one, other);
	check_error(one, bytes, ALL);
	totals_destroy(other);
	totals_destroy(one);
	free(bytes);
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
	struct totals *totals = totals_create(&talkers_alone);
	uint32_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(totals);
	for (uint32_t i = 0; i < BOUND / 2; i++) {
		struct flow flow = {.flags = FLOW_CLIENT_IS_LO};

		flow.key.lo = addr_that_meets(&n);
		flow.key.hi = addr_that_meets(&n);
		talk(totals, &flow, 0);
	}
	CU_ASSERT_EQUAL(totals_talkers_count(totals), BOUND);
	CU_ASSERT_EQUAL(totals_talkers_overflow(totals), 0);
	totals_destroy(totals);
}

/* Whoever talked may have had as many bytes more, listed or not. */
static void what_was_not_heard_is_an_error(void)
{
	struct totals *totals = totals_create(&talkers_alone);
	struct told told = {.client = 1, .server = 2, .to_server = {1, 1, 100}};

	CU_ASSERT_PTR_NOT_NULL_FATAL(totals);
	count(totals, &told);
	totals_unheard(totals, &(struct totals_unheard){0});
	CU_ASSERT_EQUAL(totals_talkers_overflow(totals), 0);
	totals_unheard(totals, &(struct totals_unheard){3, 5000, 0});
	CU_ASSERT_EQUAL(totals_talkers_overflow(totals), 3);
	CU_ASSERT_EQUAL(totals_talkers_error(totals), 5000);
	CU_ASSERT_EQUAL(totals_talkers_count(totals), 2);
	totals_destroy(totals);
}

void suite_totals(void);
void suite_totals(void)
{
	CU_pSuite s = CU_add_suite("totals", NULL, NULL);

	CU_ADD_TEST(s, totals_are_those_of_a_naive_count);
	CU_ADD_TEST(s, a_list_shorter_than_asked_for);
	CU_ADD_TEST(s, made_up_addresses_find_room);
	CU_ADD_TEST(s, heavy_talkers_are_listed_after_many_light_ones);
	CU_ADD_TEST(s, heavy_talkers_of_all_workers_are_one);
	CU_ADD_TEST(s, the_error_holds_for_every_talker);
	CU_ADD_TEST(s, the_error_holds_for_who_gave_way_twice);
	CU_ADD_TEST(s, what_was_not_heard_is_an_error);
}
