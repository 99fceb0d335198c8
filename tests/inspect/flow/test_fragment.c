#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/flow/flow.h"
#include "inspect/flow/fragment.h"
#include "support/random.h"

enum { TIMEOUT = 1000 };

enum { HEADERS = 1024 };

/* An IPv4 header with this identification and the fragment's flag. */
static const uint8_t *header(uint32_t id)
{
	static uint8_t headers[HEADERS][20];
	uint8_t *h = headers[id % HEADERS];

	h[0] = 0x45;
	h[3] = 20;
	h[4] = (uint8_t)(id >> 8);
	h[5] = (uint8_t)id;
	h[6] = 0x20;
	return h;
}

static struct packet fragment(uint32_t id, bool later, uint64_t time)
{
	struct packet p = {.protocol = 17, .ip_version = 4, .vni = 5, .time_ns = time};

	p.src = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});
	p.dst = ip_addr_v4((const uint8_t[]){10, 0, 0, 2});
	p.ip = header(id);
	p.ip_cap = p.ip_len = 20;
	p.flags = (uint16_t)(PACKET_HAS_VNI | PACKET_FRAGMENT |
			     (later ? PACKET_LATER_FRAGMENT : 0));
	if (!later) {
		p.src_port = (uint16_t)(1000 + id);
		p.dst_port = 53;
	}
	return p;
}

static struct fragment_table *table_of(uint32_t capacity, uint64_t timeout_ns)
{
	const struct fragment_params params = {capacity, timeout_ns, true, 0};

	return fragment_table_create(&params);
}

static struct fragment_table *seeded_table(uint32_t capacity, uint64_t seed)
{
	const struct fragment_params params = {capacity, TIMEOUT, true, seed};
	struct fragment_table *table = fragment_table_create(&params);

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	return table;
}

/* A first fragment whose identification and sender are numbered. */
static struct packet made_up(uint32_t n)
{
	struct packet p = fragment(n & 0xffff, false, 100);

	p.src.byte[13] = (uint8_t)(n >> 16);
	return p;
}

/* A lookup looks at one set of four, whatever comes. By chance, of 4,096 datagrams in as many sets
 * some 18 find theirs full; numbered ones do no worse. */
static void numbered_datagrams_are_spread(void)
{
	enum { SETS = 4096, SEEDS = 20 };

	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct fragment_table *table = seeded_table(SETS * 4, seed * seed << 40 | seed);

		for (uint32_t n = 0; n < SETS; n++) {
			struct packet p = made_up(n);

			fragment_table_packet(table, &p);
		}
		CU_ASSERT_TRUE(fragment_table_overwritten(table) < 45);
		fragment_table_destroy(table);
	}
}

/* Datagrams that all meet under one seed are spread by another. */
static void made_up_datagrams_meet_under_no_other_seed(void)
{
	enum { SETS = 64, SEEDS = 50 };
	struct fragment_table *known = seeded_table(SETS * 4, 0), *secret[SEEDS];
	uint64_t overwritten = 0;
	uint32_t found = 0;

	for (uint32_t i = 0; i < SEEDS; i++)
		secret[i] = seeded_table(SETS * 4, (i + UINT64_C(1)) * 0x9e3779b97f4a7c15);
	for (uint32_t n = 0; found < SETS; n++) {
		struct packet p = made_up(n);

		if (fragment_table_set(known, &p) != 7)
			continue;
		found++;
		fragment_table_packet(known, &p);
		for (uint32_t i = 0; i < SEEDS; i++)
			fragment_table_packet(secret[i], &p);
	}
	CU_ASSERT_EQUAL(fragment_table_overwritten(known), SETS - 4);
	for (uint32_t i = 0; i < SEEDS; i++) {
		CU_ASSERT_TRUE(fragment_table_overwritten(secret[i]) <= 8);
		overwritten += fragment_table_overwritten(secret[i]);
		fragment_table_destroy(secret[i]);
	}
	CU_ASSERT_TRUE(overwritten <= SEEDS); /* by chance: 14 */
	fragment_table_destroy(known);
}

static void later_fragments_get_the_ports(void)
{
	struct fragment_table *table = table_of(64, TIMEOUT);
	struct packet first = fragment(7, false, 100), later = fragment(7, true, 200);

	CU_ASSERT_TRUE(fragment_table_packet(table, &first));
	CU_ASSERT_FALSE(first.flags & PACKET_PORTS_LEARNED);
	for (int i = 0; i < 3; i++) {
		later = fragment(7, true, 200);
		CU_ASSERT_TRUE(fragment_table_packet(table, &later));
		CU_ASSERT_EQUAL(later.src_port, 1007);
		CU_ASSERT_EQUAL(later.dst_port, 53);
		CU_ASSERT_TRUE(later.flags & PACKET_PORTS_LEARNED);
	}
	fragment_table_destroy(table);
}

static void other_datagrams_are_kept_apart(void)
{
	struct fragment_table *table = table_of(1, TIMEOUT); /* all in one set */
	struct packet first = fragment(7, false, 100), base = fragment(7, true, 200), p;

	fragment_table_packet(table, &first);
#define DIFFERS(change) \
	do { \
		p = base; \
		change; \
		CU_ASSERT_FALSE(fragment_table_packet(table, &p)); \
		CU_ASSERT_EQUAL(p.src_port, 0); \
		CU_ASSERT_FALSE(p.flags &PACKET_PORTS_LEARNED); \
	} while (0)
	DIFFERS(p.ip = header(8));
	DIFFERS(p.vni++);
	DIFFERS(p.outer_src.byte[15]++);
	DIFFERS(p.network = NETWORK_NAMED);
	DIFFERS(p.flags &= (uint16_t)~PACKET_HAS_VNI);
	DIFFERS(p.protocol = 6);
	DIFFERS(p.ip_version = 6);
	DIFFERS(p.src.byte[15]++);
	DIFFERS(p.dst.byte[0]++);
	DIFFERS(p.src = base.dst; p.dst = base.src);
#undef DIFFERS
	p = base;
	CU_ASSERT_TRUE(fragment_table_packet(table, &p));
	fragment_table_destroy(table);
}

/* What is left of the encapsulation of an earlier packet is no observation point. */
static void plain_packets_have_no_point(void)
{
	struct fragment_table *table = table_of(1, TIMEOUT);
	struct packet first = fragment(7, false, 100), later = fragment(7, true, 200);

	first.flags &= (uint16_t)~PACKET_HAS_VNI;
	later.flags &= (uint16_t)~PACKET_HAS_VNI;
	later.vni = 6;
	fragment_table_packet(table, &first);
	CU_ASSERT_TRUE(fragment_table_packet(table, &later));
	fragment_table_destroy(table);
}

/* Both ends of a conversation are mirrored: what they send has one identification, and each end's first
 * fragment teaches its own later ones. */
static void mirrored_ends_are_kept_apart(void)
{
	struct fragment_table *table = table_of(64, TIMEOUT);
	struct packet p = fragment(7, false, 100);

	fragment_table_packet(table, &p);
	p.outer_src.byte[15] = 9;
	p.src_port = 4;
	fragment_table_packet(table, &p);
	p = fragment(7, true, 200);
	CU_ASSERT_TRUE(fragment_table_packet(table, &p));
	CU_ASSERT_EQUAL(p.src_port, 1007);
	p = fragment(7, true, 200);
	p.outer_src.byte[15] = 9;
	CU_ASSERT_TRUE(fragment_table_packet(table, &p));
	CU_ASSERT_EQUAL(p.src_port, 4);
	fragment_table_destroy(table);
}

static void set_vlans(struct packet *p, uint8_t *bytes, uint8_t outer, uint8_t inner)
{
	const uint8_t tags[] = {0x81, 0, 0, outer, 0x81, 0, 0, inner, 0x08, 0};

	memset(bytes, 0, 12);
	memcpy(bytes + 12, tags, sizeof(tags));
	p->frame = bytes;
	p->frame_cap = p->frame_wire = 12 + sizeof(tags);
	p->frame_link = LINK_ETHERNET;
}

static void vlans_are_kept_apart_where_they_count(void)
{
	static const struct {
		uint8_t outer, inner;
		bool same;
	} rows[] = {{5, 6, true}, {5, 7, false}, {4, 6, false}, {6, 5, false}};

	for (int use_vlan = 0; use_vlan < 2; use_vlan++) {
		const struct fragment_params params = {64, TIMEOUT, use_vlan, 0};
		struct fragment_table *table = fragment_table_create(&params);
		struct packet first = fragment(7, false, 100);
		uint8_t bytes[2][32];

		set_vlans(&first, bytes[0], 5, 6);
		fragment_table_packet(table, &first);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct packet later = fragment(7, true, 200);

			set_vlans(&later, bytes[1], rows[i].outer, rows[i].inner);
			CU_ASSERT_EQUAL(fragment_table_packet(table, &later),
				rows[i].same || !use_vlan);
		}
		fragment_table_destroy(table);
	}
}

static void forgets_after_the_timeout_but_not_before(void)
{
	static const struct {
		uint64_t first, later;
		bool known;
	} rows[] = {
		{5000, 5000, true},
		{5000, 5000 + TIMEOUT, true},
		{5000, 5001 + TIMEOUT, false},
		{5000, 10, true}, /* out of order: never too old */
		{0, UINT64_MAX, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fragment_table *table = table_of(1, TIMEOUT);
		struct packet first = fragment(1, false, rows[i].first);
		struct packet later = fragment(1, true, rows[i].later);

		fragment_table_packet(table, &first);
		CU_ASSERT_EQUAL(fragment_table_packet(table, &later), rows[i].known);
		fragment_table_destroy(table);
	}
}

static void a_reused_id_has_the_newer_ports(void)
{
	struct fragment_table *table = table_of(64, TIMEOUT);
	struct packet p = fragment(7, false, 100);

	fragment_table_packet(table, &p);
	p = fragment(7, false, 300);
	p.src_port = 4;
	fragment_table_packet(table, &p);
	p = fragment(7, true, 1200);
	CU_ASSERT_TRUE(fragment_table_packet(table, &p));
	CU_ASSERT_EQUAL(p.src_port, 4);
	CU_ASSERT_EQUAL(fragment_table_overwritten(table), 0);
	fragment_table_destroy(table);
}

static void a_first_fragment_without_ports_teaches_nothing(void)
{
	struct fragment_table *table = table_of(64, TIMEOUT);
	struct packet p = fragment(7, false, 100);

	p.src_port = p.dst_port = 0;
	p.flags |= PACKET_PORTS_CUT;
	CU_ASSERT_TRUE(fragment_table_packet(table, &p));
	p = fragment(7, true, 100);
	CU_ASSERT_FALSE(fragment_table_packet(table, &p));
	fragment_table_destroy(table);
}

/* All fragments of a large ping belong to one flow, also when type, code and id are all 0. */
static void icmp_fragments_share_a_key(void)
{
	static const struct {
		uint8_t type;
		uint16_t id;
	} rows[] = {{8, 4242}, {0, 4242}, {0, 0}, {3, 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fragment_table *table = table_of(64, TIMEOUT);
		struct packet first = fragment(7, false, 1), later = fragment(7, true, 2),
			      unknown;
		struct flow_key a, b, c;
		bool src_is_lo;

		first.protocol = later.protocol = 1;
		first.src_port = first.dst_port = 0;
		first.icmp_type = rows[i].type;
		first.icmp_id = rows[i].id;
		unknown = later;
		fragment_table_packet(table, &first);
		fragment_table_packet(table, &later);
		flow_key_make(&a, &first, true, &src_is_lo);
		flow_key_make(&b, &later, true, &src_is_lo);
		flow_key_make(&c, &unknown, true, &src_is_lo);
		CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
		CU_ASSERT_NOT_EQUAL(memcmp(&a, &c, sizeof(a)), 0);
		CU_ASSERT_FALSE(flow_key_is_one_way(&a) != (rows[i].type == 3));
		CU_ASSERT_TRUE(flow_key_is_one_way(&c));
		fragment_table_destroy(table);
	}
}

/* With room for 4 datagrams in one set, the oldest gives way, and that is counted only while it
 * could still have been asked for. */
static void the_oldest_gives_way(void)
{
	struct fragment_table *table = table_of(4, TIMEOUT);
	struct packet p;

	for (uint32_t id = 0; id < 5; id++) {
		p = fragment(id, false, 100 + id);
		fragment_table_packet(table, &p);
	}
	CU_ASSERT_EQUAL(fragment_table_overwritten(table), 1);
	for (uint32_t id = 0; id < 5; id++) {
		p = fragment(id, true, 200);
		CU_ASSERT_EQUAL(fragment_table_packet(table, &p), id != 0);
	}
	for (uint32_t id = 10; id < 14; id++) {
		p = fragment(id, false, 5000);
		fragment_table_packet(table, &p);
	}
	CU_ASSERT_EQUAL(fragment_table_overwritten(table), 1);
	p = fragment(14, false, 1);
	fragment_table_packet(table, &p);
	CU_ASSERT_EQUAL(fragment_table_overwritten(table), 2);
	fragment_table_destroy(table);
}

/* Fills `kept` with which of 256 datagrams are remembered by a table with room for so many. */
static void remembered(uint64_t seed, bool kept[256])
{
	const struct fragment_params params = {256, TIMEOUT, true, seed};
	struct fragment_table *table = fragment_table_create(&params);

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	for (uint32_t id = 0; id < 256; id++) {
		struct packet p = fragment(id, false, 100 + id);

		fragment_table_packet(table, &p);
	}
	CU_ASSERT_TRUE(fragment_table_overwritten(table) > 0);
	for (uint32_t id = 0; id < 256; id++) {
		struct packet p = fragment(id, true, 500);

		kept[id] = fragment_table_packet(table, &p);
	}
	fragment_table_destroy(table);
}

/* Which datagrams meet nobody can say who does not know the seed; in replay it is the same always. */
static void who_meets_whom_depends_on_the_seed(void)
{
	bool once[256], again[256], other[256];

	remembered(0, once);
	remembered(0, again);
	remembered(1, other);
	CU_ASSERT_EQUAL(memcmp(once, again, sizeof(once)), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(once, other, sizeof(once)), 0);
}

enum { IDS = 512, YOUNG = 50 };

/* Gives the table one packet; true when it answered. `learned` has the time of every first one. */
static bool ask(struct fragment_table *table, uint64_t learned[IDS], uint64_t now,
	struct random *random)
{
	uint32_t id = random_below(random, IDS);
	struct packet p = fragment(id, random_below(random, 2), now);
	bool known = learned[id] != 0 && now - learned[id] <= YOUNG;
	bool answered = fragment_table_packet(table, &p);

	if (!(p.flags & PACKET_LATER_FRAGMENT)) {
		learned[id] = now;
		return false;
	}
	CU_ASSERT_EQUAL(p.src_port, answered ? 1000 + id : 0);
	CU_ASSERT_TRUE(known || !answered);
	CU_ASSERT_TRUE(answered || !known || fragment_table_overwritten(table) > 0);
	return answered;
}

/* Whatever is asked, what is answered was learned: against an array of all datagrams. */
static void never_answers_with_another_datagrams_ports(void)
{
	struct fragment_table *table = table_of(256, YOUNG);
	struct random random = random_seeded(1);
	uint64_t learned[IDS] = {0};
	uint32_t answers = 0;

	for (uint64_t now = 100; now < 20000; now++)
		answers += ask(table, learned, now, &random);
	CU_ASSERT_TRUE(answers > 100);
	fragment_table_destroy(table);
	fragment_table_destroy(NULL);
}

void suite_fragment(void);
void suite_fragment(void)
{
	CU_pSuite s = CU_add_suite("fragment", NULL, NULL);

	CU_ADD_TEST(s, numbered_datagrams_are_spread);
	CU_ADD_TEST(s, made_up_datagrams_meet_under_no_other_seed);
	CU_ADD_TEST(s, later_fragments_get_the_ports);
	CU_ADD_TEST(s, other_datagrams_are_kept_apart);
	CU_ADD_TEST(s, plain_packets_have_no_point);
	CU_ADD_TEST(s, mirrored_ends_are_kept_apart);
	CU_ADD_TEST(s, vlans_are_kept_apart_where_they_count);
	CU_ADD_TEST(s, forgets_after_the_timeout_but_not_before);
	CU_ADD_TEST(s, a_reused_id_has_the_newer_ports);
	CU_ADD_TEST(s, a_first_fragment_without_ports_teaches_nothing);
	CU_ADD_TEST(s, icmp_fragments_share_a_key);
	CU_ADD_TEST(s, the_oldest_gives_way);
	CU_ADD_TEST(s, who_meets_whom_depends_on_the_seed);
	CU_ADD_TEST(s, never_answers_with_another_datagrams_ports);
}
