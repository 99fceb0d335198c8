#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/flow/row.h"
#include "support/answer.h"
#include "support/random.h"

static struct ip_addr v4(uint32_t a)
{
	const uint8_t b[4] = {
		(uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8), (uint8_t)a};

	return ip_addr_v4(b);
}

static struct packet packet(
	uint8_t protocol, uint32_t src, uint32_t dst, uint16_t src_port, uint16_t dst_port)
{
	return (struct packet){.protocol = protocol,
		.ip_version = 4,
		.session = 1,
		.src = v4(src),
		.dst = v4(dst),
		.src_port = src_port,
		.dst_port = dst_port};
}

/* Small ranges, so that equal addresses and ports happen. */
static void both_directions_have_one_key(void)
{
	static const uint8_t protocols[] = {6, 17, 132, 33, 136, 47};

	struct random random = random_seeded(2);

	for (int i = 0; i < 20000; i++) {
		struct packet p = packet(protocols[i % 6], random_below(&random, 4),
			random_below(&random, 4), (uint16_t)random_below(&random, 4),
			(uint16_t)random_below(&random, 4));
		struct packet r = answer_to(&p);
		bool p_is_lo, r_is_lo,
			alike = ip_addr_equal(&p.src, &p.dst) &&
				(p.src_port == p.dst_port || p.protocol == 47);
		struct flow_key a, b;

		memset(&a, 0x55, sizeof(a));
		memset(&b, 0xaa, sizeof(b));
		flow_key_make(&a, &p, true, &p_is_lo);
		flow_key_make(&b, &r, true, &r_is_lo);
		CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
		CU_ASSERT_TRUE(alike ? p_is_lo && r_is_lo : p_is_lo != r_is_lo);
		CU_ASSERT_TRUE(ip_addr_equal(p_is_lo ? &a.lo : &a.hi, &p.src));
		CU_ASSERT_EQUAL(
			p_is_lo ? a.lo_port : a.hi_port, p.protocol == 47 ? 0 : p.src_port);
	}
}

static void every_part_of_the_key_counts(void)
{
	struct packet base = packet(6, 0x0a000001, 0x0a000002, 1, 2);
	struct flow_key keys[8];
	struct packet p;
	bool src_is_lo;
	int n = 0;

#define VARIANT(change) (p = base, change, flow_key_make(&keys[n++], &p, true, &src_is_lo))
	VARIANT(p.session++);
	VARIANT(p.protocol = 17);
	VARIANT(p.ip_version = 6);
	VARIANT(p.src_port++);
	VARIANT(p.dst_port++);
	VARIANT(p.src.byte[15] = 9);
	VARIANT(p.dst.byte[0] = 9);
	VARIANT(p.time_ns++);
#undef VARIANT
	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++)
			CU_ASSERT_NOT_EQUAL(memcmp(&keys[i], &keys[j], sizeof(keys[i])), 0);
}

static struct packet icmp(uint8_t protocol, uint8_t type, uint8_t code, uint16_t id)
{
	struct packet p = packet(protocol, 1, 2, 0, 0);

	p.icmp_type = type;
	p.icmp_code = code;
	p.icmp_id = id;
	return p;
}

static bool same_key(const struct packet *p, const struct packet *r)
{
	struct flow_key a, b;
	bool src_is_lo;

	flow_key_make(&a, p, true, &src_is_lo);
	flow_key_make(&b, r, true, &src_is_lo);
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void icmp_queries_pair_by_id_and_errors_do_not(void)
{
	static const struct {
		uint8_t protocol, type, answer;
		bool pairs, by_id;
	} rows[] = {
		{1, 8, 0, true, true},
		{1, 13, 14, true, true},
		{1, 15, 16, true, true},
		{1, 17, 18, true, true},
		{1, 10, 9, true, false},
		{1, 3, 3, false, false},
		{1, 11, 11, false, false},
		{1, 128, 129, false, false}, /* ICMPv6 numbers mean nothing in ICMP */
		{58, 128, 129, true, true},
		{58, 130, 131, true, false},
		{58, 133, 134, true, false},
		{58, 135, 136, true, false}, /* the flags of an advertisement are no id */
		{58, 139, 140, true, false},
		{58, 144, 145, true, true},
		{58, 8, 0, false, false},
		{58, 3, 3, false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet query = icmp(rows[i].protocol, rows[i].type, 0, 500);
		struct packet answer = icmp(rows[i].protocol, rows[i].answer, 0, 500);
		struct packet other = icmp(rows[i].protocol, rows[i].type, 0, 501);
		struct flow_key key;
		bool src_is_lo;

		answer = answer_to(&answer);
		CU_ASSERT_EQUAL(same_key(&query, &answer), rows[i].pairs);
		CU_ASSERT_EQUAL(same_key(&query, &other), !rows[i].by_id);
		flow_key_make(&key, &query, true, &src_is_lo);
		CU_ASSERT_EQUAL(key.icmp_id, rows[i].by_id ? 500 : 0);
		CU_ASSERT_EQUAL(flow_key_is_one_way(&key), !rows[i].pairs);
	}
}

static void icmp_cut_before_its_type_is_no_echo_reply(void)
{
	struct packet whole = icmp(1, 0, 0, 0), cut = whole;

	cut.flags = PACKET_CUT | PACKET_PORTS_CUT;
	CU_ASSERT_FALSE(same_key(&whole, &cut));
}

static void ends_are_those_of_the_client(void)
{
	struct packet p = packet(6, 0x0a000002, 0x0a000001, 4242, 443);
	struct flow flow = {0};
	struct flow_ends ends;
	bool src_is_lo;

	flow_key_make(&flow.key, &p, true, &src_is_lo);
	CU_ASSERT_FALSE(src_is_lo);
	ends = flow_ends(&flow);
	CU_ASSERT_TRUE(ip_addr_equal(ends.src, &p.src) && ip_addr_equal(ends.dst, &p.dst));
	CU_ASSERT_TRUE(ends.src_port == 4242 && ends.dst_port == 443);
	flow.flags = FLOW_CLIENT_IS_LO;
	ends = flow_ends(&flow);
	CU_ASSERT_TRUE(ip_addr_equal(ends.src, &p.dst) && ip_addr_equal(ends.dst, &p.src));
	CU_ASSERT_TRUE(ends.src_port == 443 && ends.dst_port == 4242);
}

/* The bytes between the addresses and the IP header: two tags, one, none; and other links. */
static void vlan_ids_are_part_of_the_key(void)
{
	static const struct {
		enum link link;
		uint8_t frame[28];
		uint16_t ids[2];
	} rows[] = {
		{LINK_ETHERNET, {[12] = 0x08, 0x00}, {0, 0}},
		{LINK_ETHERNET, {[12] = 0x81, 0x00, 0xef, 0xff, 0x08, 0x00}, {4095, 0}},
		{LINK_ETHERNET, {[12] = 0x81, 0x00, 0x60, 0x00, 0x08, 0x00}, {0, 0}},
		{LINK_ETHERNET, {[12] = 0x88, 0xa8, 0x00, 0x64, 0x81, 0x00, 0x00, 0xc8, 8, 0},
			{100, 200}},
		{LINK_ETHERNET,
			{[12] = 0x81, 0x00, 0, 1, 0x81, 0x00, 0, 2, 0x81, 0x00, 0, 3, 8, 0},
			{1, 2}},
		{LINK_SLL, {[14] = 0x81, 0x00, 0x00, 0x2a, 0x08, 0x00}, {42, 0}},
		{LINK_SLL2, {[0] = 0x81, 0x00, [20] = 0x00, 0x2a, 0x08, 0x00}, {42, 0}},
		{LINK_IP, {[12] = 0x81, 0x00, 0x00, 0x2a, 0x08, 0x00}, {0, 0}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet p = packet(6, 1, 2, 3, 4);
		struct flow_key key;
		bool src_is_lo;

		p.frame = rows[i].frame;
		p.frame_cap = p.frame_wire = sizeof(rows[i].frame);
		p.frame_link = rows[i].link;
		flow_key_make(&key, &p, true, &src_is_lo);
		CU_ASSERT_TRUE(
			key.vlan_outer == rows[i].ids[0] && key.vlan_inner == rows[i].ids[1]);
		flow_key_make(&key, &p, false, &src_is_lo);
		CU_ASSERT_TRUE(key.vlan_outer == 0 && key.vlan_inner == 0);
		for (p.frame_cap = 0; p.frame_cap < sizeof(rows[i].frame); p.frame_cap++)
			flow_key_make(&key, &p, true, &src_is_lo);
	}
}

static void ids_differ_by_point_key_and_first_time(void)
{
	struct packet p = packet(6, 1, 2, 3, 4);
	struct flow a = {.first = {1000, 1, 2}}, b;
	char text[17], want[17];
	bool src_is_lo;

	flow_key_make(&a.key, &p, true, &src_is_lo);
	b = a;
	b.last_ns = 5; /* what changes while a flow lives does not matter */
	b.flags = FLOW_CLIENT_IS_LO;
	b.side[1].packets = 9;
	b.start_ns = 1;
	b.key.point++; /* another worker's index of the same point */
	CU_ASSERT_EQUAL(flow_id(&a, 9), flow_id(&b, 9));
	CU_ASSERT_NOT_EQUAL(flow_id(&a, 9), flow_id(&a, 10));
	for (int i = 0; i < 3; i++) {
		b = a;
		b.first[i]++;
		CU_ASSERT_NOT_EQUAL(flow_id(&a, 9), flow_id(&b, 9));
	}
	b = a;
	b.key.vlan_inner++;
	CU_ASSERT_NOT_EQUAL(flow_id(&a, 9), flow_id(&b, 9));
	b = a;
	b.key.hi_port++;
	CU_ASSERT_NOT_EQUAL(flow_id(&a, 9), flow_id(&b, 9));
	CU_ASSERT_NOT_EQUAL(flow_id(&(struct flow){0}, 0), 0);
	flow_id_print(flow_id(&a, 9), text);
	snprintf(want, sizeof(want), "%016llx", (unsigned long long)flow_id(&a, 9));
	CU_ASSERT_STRING_EQUAL(text, want);
}

/* How far the fill of the cells is from what chance would give: the tails of chi square with k
 * degrees of freedom lie beyond k + 2 sqrt(k x) + 2 x and k - 2 sqrt(k x) with a probability of
 * at most exp(-x) each (Laurent and Massart 2000, lemma 1). Too even fails as well. */
static bool chi_square_is_sane(const uint32_t *cells, uint32_t n_cells, uint32_t n)
{
	double expected = (double)n / n_cells, chi = 0, k = n_cells - 1, x = 18;

	for (uint32_t i = 0; i < n_cells; i++)
		chi += (cells[i] - expected) * (cells[i] - expected) / expected;
	return chi < k + 2 * sqrt(k * x) + 2 * x && chi > k - 2 * sqrt(k * x);
}

enum { SAMPLES = 1 << 16, CELLS = 1 << 10 };

struct pattern {
	const char *name;
	struct packet (*make)(uint32_t i);
};

static struct packet scan_ports(uint32_t i)
{
	return packet(6, 0x0a000001, 0x0a000002, 40000, (uint16_t)i);
}

static struct packet scan_source_ports(uint32_t i)
{
	return packet(6, 0x0a000001, 0x0a000002, (uint16_t)i, 443);
}

static struct packet scan_addresses(uint32_t i)
{
	return packet(6, 0x0a000001, 0xac100000 + i, 40000, 22);
}

static struct packet scan_both(uint32_t i)
{
	return packet(17, 0x0a000000 + (i & 255), 0xc0a80000 + (i >> 8), 53, 53);
}

static struct packet scan_points(uint32_t i)
{
	struct packet p = packet(6, 0x0a000001, 0x0a000002, 40000, 443);

	p.session = i;
	return p;
}

static struct packet scan_v6(uint32_t i)
{
	struct packet p = packet(6, 1, 2, 40000, 443);

	p.ip_version = 6;
	memset(&p.dst, 0, sizeof(p.dst));
	p.dst.byte[0] = 0x20;
	p.dst.byte[6] = (uint8_t)(i >> 8);
	p.dst.byte[7] = (uint8_t)i;
	return p;
}

static struct packet scan_subnets(uint32_t i)
{
	return packet(6, 0x0a000001, i << 16, 40000, 22);
}

static const struct pattern patterns[] = {
	{"ports", scan_ports},
	{"source ports", scan_source_ports},
	{"addresses", scan_addresses},
	{"pairs of addresses", scan_both},
	{"points", scan_points},
	{"IPv6 networks", scan_v6},
	{"IPv4 networks", scan_subnets},
};

static uint64_t pattern_hash(const struct pattern *pattern, uint32_t i)
{
	struct packet p = pattern->make(i);
	struct flow_key key;
	bool src_is_lo;

	flow_key_make(&key, &p, true, &src_is_lo);
	return key_hash(&key, hash_salt);
}

static void check_bits(const struct pattern *pattern, int shift)
{
	static uint32_t cells[CELLS];

	memset(cells, 0, sizeof(cells));
	for (uint32_t i = 0; i < SAMPLES; i++)
		cells[pattern_hash(pattern, i) >> shift & (CELLS - 1)]++;
	if (!chi_square_is_sane(cells, CELLS, SAMPLES)) {
		fprintf(stderr, "hash of %s, bits from %d\n", pattern->name, shift);
		CU_FAIL("bits are not spread as by chance");
	}
}

static void every_ten_bits_are_spread(void)
{
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		for (int shift = 0; shift <= 54; shift += 6)
			check_bits(&patterns[i], shift);
}

static int compare_hashes(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static void hashes_do_not_repeat(void)
{
	static uint64_t hashes[SAMPLES];

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		uint32_t repeats = 0;

		for (uint32_t n = 0; n < SAMPLES; n++)
			hashes[n] = pattern_hash(&patterns[i], n);
		qsort(hashes, SAMPLES, sizeof(hashes[0]), compare_hashes);
		for (uint32_t n = 1; n < SAMPLES; n++)
			repeats += hashes[n] == hashes[n - 1];
		CU_ASSERT_EQUAL(repeats, 0);
	}
}

void suite_flow_key(void);
void suite_flow_key(void)
{
	CU_pSuite s = CU_add_suite("flow_key", NULL, NULL);

	CU_ADD_TEST(s, both_directions_have_one_key);
	CU_ADD_TEST(s, every_part_of_the_key_counts);
	CU_ADD_TEST(s, icmp_queries_pair_by_id_and_errors_do_not);
	CU_ADD_TEST(s, icmp_cut_before_its_type_is_no_echo_reply);
	CU_ADD_TEST(s, ends_are_those_of_the_client);
	CU_ADD_TEST(s, vlan_ids_are_part_of_the_key);
	CU_ADD_TEST(s, ids_differ_by_point_key_and_first_time);
	CU_ADD_TEST(s, every_ten_bits_are_spread);
	CU_ADD_TEST(s, hashes_do_not_repeat);
}
