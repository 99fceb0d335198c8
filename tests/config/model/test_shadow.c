/* Shadow detection against brute force: small worlds in which every packet can be tried. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/model/evaluate.h"
#include "config/model/shadow.h"
#include "support/random.h"

enum { RULES_MAX = 12, ROUNDS = 3000 };

/* Blocks inside 10.0.0.0/29 or 2001:db8::/125: eight addresses a side. */
static struct cidr random_cidr(struct random *random, uint8_t version)
{
	static const uint8_t base4[4] = {10, 0, 0, 0};
	static const uint8_t base6[16] = {0x20, 0x01, 0x0d, 0xb8};
	unsigned host = random_below(random, 4), full = version == 4 ? 32 : 128;
	struct cidr c = {.bits = (uint8_t)(full - host), .ip_version = version};

	if (random_below(random, 5) == 0)
		return (struct cidr){
			version == 4 ? ip_addr_v4((uint8_t[4]){0}) : (struct ip_addr){{0}}, 0,
			version};
	c.addr = version == 4 ? ip_addr_v4(base4) : ip_addr_v6(base6);
	c.addr.byte[15] = (uint8_t)(random_below(random, 8) >> host << host);
	return c;
}

/* Ports 0..3 are those that packets have; the last stretches to the end. */
static void random_ports(struct random *random, struct model_ports *ports, bool *any)
{
	uint32_t a = random_below(random, 4), b = random_below(random, 4);

	*any = random_below(random, 3) == 0;
	ports->from = (uint16_t)(*any ? 0 : a < b ? a : b);
	ports->to = (uint16_t)(*any || (a < b ? b : a) == 3 ? UINT16_MAX : a < b ? b : a);
	*any = ports->from == 0 && ports->to == UINT16_MAX;
}

static struct model_rule random_rule(struct random *random, uint32_t number)
{
	static const int16_t protocols[] = {MODEL_PROTOCOL_ANY, 1, 6, 6, 17};
	struct model_rule r = {.number = number, .accept = random_below(random, 2) == 0};

	r.protocol = protocols[random_below(random, 5)];
	r.ip_version = random_below(random, 6) == 0 ? 6 : 4;
	r.source = random_cidr(random, r.ip_version);
	r.destination = random_cidr(random, r.ip_version);
	r.any_source_port = r.any_destination_port = true;
	r.source_ports = r.destination_ports = (struct model_ports){0, UINT16_MAX};
	if (r.protocol == 6 || r.protocol == 17) {
		random_ports(random, &r.source_ports, &r.any_source_port);
		random_ports(random, &r.destination_ports, &r.any_destination_port);
	}
	return r;
}

/* What brute force found: whether a rule ever decided, with and without ports, and whether leaving
 * it out ever changed a verdict. */
struct truth {
	bool decides[RULES_MAX], decides_with_ports[RULES_MAX], matters[RULES_MAX];
};

static int first_match(
	const struct model_rules *rules, const struct evaluate_packet *p, int except)
{
	for (uint32_t i = 0; i < rules->count; i++) {
		if ((int)i != except && evaluate_rule(&rules->rule[i], p) == EVALUATE_MATCHED)
			return (int)i;
	}
	return -1;
}

static void packet_try(
	const struct model_rules *rules, const struct evaluate_packet *p, struct truth *truth)
{
	int at = first_match(rules, p, -1), other;

	if (at < 0)
		return;
	truth->decides[at] = true;
	truth->decides_with_ports[at] |= p->has_ports;
	other = first_match(rules, p, at);
	truth->matters[at] |=
		rules->rule[at].accept != (other >= 0 && rules->rule[other].accept);
}

static struct ip_addr address(uint8_t version, uint32_t n)
{
	struct ip_addr a = version == 4 ? ip_addr_v4((uint8_t[4]){10, 0, 0, 0})
					: ip_addr_v6((uint8_t[16]){0x20, 0x01, 0x0d, 0xb8});

	/* The ninth is outside of all small blocks. */
	a.byte[15] = (uint8_t)(n < 8 ? n : 200);
	return a;
}

static void ports_try(
	const struct model_rules *rules, struct evaluate_packet *p, struct truth *truth)
{
	p->has_ports = false;
	packet_try(rules, p, truth);
	if (p->protocol != 6 && p->protocol != 17)
		return;
	p->has_ports = true;
	for (uint16_t ports = 0; ports < 16; ports++) {
		p->src_port = ports / 4;
		p->dst_port = ports % 4;
		packet_try(rules, p, truth);
	}
}

static void all_packets_try(const struct model_rules *rules, struct truth *truth)
{
	static const uint8_t protocols[] = {1, 6, 17, 58};

	for (uint32_t n = 0; n < 2 * 4 * 81; n++) {
		struct evaluate_packet p = {
			.ip_version = n % 2 ? 6 : 4, .protocol = protocols[n / 2 % 4]};

		p.src = address(p.ip_version, n / 8 % 9);
		p.dst = address(p.ip_version, n / 72);
		ports_try(rules, &p, truth);
	}
}

static enum shadow_result expected(const struct truth *truth, uint32_t i)
{
	if (truth->decides_with_ports[i])
		return SHADOW_NONE;
	return truth->decides[i] ? SHADOW_FRAGMENTS_ONLY : SHADOW_COVERED;
}

static bool is_transport(const struct model_rule *rule)
{
	return rule->protocol == 6 || rule->protocol == 17;
}

static void verdicts_compare(
	const struct model_rules *rules, const struct truth *truth, uint32_t seen[4])
{
	struct shadow *shadow = shadow_create(rules);

	for (uint32_t i = 0; i < rules->count; i++) {
		enum shadow_result want = expected(truth, i), got = shadow_rule(shadow, i);

		/* Other protocols have no ports: deciding without them is deciding. */
		if (want == SHADOW_FRAGMENTS_ONLY && !is_transport(&rules->rule[i]))
			want = SHADOW_NONE;
		CU_ASSERT_EQUAL(got, want);
		seen[got]++;
		if (got == SHADOW_COVERED || rules->rule[i].accept)
			continue;
		CU_ASSERT_EQUAL(shadow_reject(shadow, i) == SHADOW_COVERED, !truth->matters[i]);
	}
	shadow_destroy(shadow);
}

/* A world of ports alone, in which unions cover more often. */
static void tcp_only(struct model_rule *rule, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		rule[i].protocol = 6;
		rule[i].ip_version = 4;
		rule[i].source = rule[i].destination =
			(struct cidr){ip_addr_v4((uint8_t[4]){0}), 0, 4};
	}
}

static void agrees_with_brute_force(void)
{
	struct random random = random_seeded(20190627);
	uint32_t seen[4] = {0};

	for (int round = 0; round < ROUNDS; round++) {
		struct model_rule rule[RULES_MAX];
		struct model_rules rules = {rule, 2 + random_below(&random, 6)};
		struct truth truth = {0};

		if (round % 3 == 0)
			rules.count = RULES_MAX;
		for (uint32_t i = 0; i < rules.count; i++)
			rule[i] = random_rule(&random, 10 * (i + 1));
		if (round % 3 == 0)
			tcp_only(rule, rules.count);
		all_packets_try(&rules, &truth);
		verdicts_compare(&rules, &truth, seen);
	}
	/* The rounds must have held all kinds, or they prove nothing. */
	CU_ASSERT_TRUE(seen[SHADOW_NONE] > 1000);
	CU_ASSERT_TRUE(seen[SHADOW_COVERED] > 100);
	CU_ASSERT_TRUE(seen[SHADOW_FRAGMENTS_ONLY] > 10);
	CU_ASSERT_EQUAL(seen[SHADOW_UNDECIDED], 0);
}

static struct model_rule tcp_rule(uint32_t number, uint16_t from, uint16_t to, bool accept)
{
	struct cidr all = {.ip_version = 4, .addr = ip_addr_v4((uint8_t[4]){0})};

	return (struct model_rule){.number = number,
		.protocol = 6,
		.accept = accept,
		.ip_version = 4,
		.source = all,
		.destination = all,
		.any_source_port = true,
		.any_destination_port = from == 0 && to == UINT16_MAX,
		.source_ports = {0, UINT16_MAX},
		.destination_ports = {from, to}};
}

static void a_union_covers_and_is_named(void)
{
	const struct model_rule rule[] = {tcp_rule(10, 0, 999, true),
		tcp_rule(20, 1000, 4999, true), tcp_rule(30, 7000, 65535, true),
		tcp_rule(40, 5000, 6999, false), tcp_rule(50, 80, 6000, true),
		tcp_rule(60, 0, 65535, true)};
	const struct model_rules rules = {rule, 6};
	struct shadow *shadow = shadow_create(&rules);
	uint32_t numbers[SHADOW_BY_MAX];

	CU_ASSERT_EQUAL(shadow_rule(shadow, 4), SHADOW_COVERED);
	CU_ASSERT_EQUAL_FATAL(shadow_by(shadow, numbers), 3);
	CU_ASSERT_EQUAL(numbers[0], 10);
	CU_ASSERT_EQUAL(numbers[1], 20);
	CU_ASSERT_EQUAL(numbers[2], 40);
	CU_ASSERT_EQUAL(shadow_rule(shadow, 5), SHADOW_FRAGMENTS_ONLY);
	CU_ASSERT_EQUAL(shadow_rule(shadow, 3), SHADOW_NONE);
	shadow_destroy(shadow);
}

static void beyond_its_budget_it_claims_nothing(void)
{
	const struct model_rule rule[] = {tcp_rule(10, 0, 999, true),
		tcp_rule(20, 1000, 4999, true), tcp_rule(30, 0, 4999, false),
		tcp_rule(40, 0, 4999, true)};
	const struct model_rules rules = {rule, 4};
	struct shadow *shadow = shadow_create(&rules);
	uint64_t enough = 0;

	for (uint64_t budget = 0; budget < 20; budget++) {
		enum shadow_result verdict;

		shadow_budget(shadow, budget, UINT64_MAX);
		verdict = shadow_rule(shadow, 2);
		CU_ASSERT_TRUE(verdict == (enough ? SHADOW_COVERED : verdict));
		CU_ASSERT_TRUE(verdict == SHADOW_COVERED || verdict == SHADOW_UNDECIDED);
		if (verdict == SHADOW_COVERED && !enough)
			enough = budget;
	}
	CU_ASSERT_TRUE(enough > 1);
	shadow_budget(shadow, UINT64_MAX, 1);
	CU_ASSERT_EQUAL(shadow_reject(shadow, 2), SHADOW_UNDECIDED);
	shadow_destroy(shadow);
}

void suite_shadow(void);
void suite_shadow(void)
{
	CU_pSuite s = CU_add_suite("shadow", NULL, NULL);

	CU_ADD_TEST(s, agrees_with_brute_force);
	CU_ADD_TEST(s, a_union_covers_and_is_named);
	CU_ADD_TEST(s, beyond_its_budget_it_claims_nothing);
}
