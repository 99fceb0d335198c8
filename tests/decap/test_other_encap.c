/* Encapsulations told by their look, and what only resembles them. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decap/other_encap.h"
#include "support/hex.h"

enum { ROOM = 256 };

/* Ethernet, IPv4 without its lengths, and what is behind it. */
#define OUTER "02000000000b 02000000000a 0800 45000000 00000000 40%s0000 0a000001 0a000002 "
#define ETHER "02000000000d 02000000000c 0800 4500"

static const struct {
	const char *name, *protocol, *behind;
	enum other_encap other_encap;
	uint16_t port;
} rows[] = {
	{"vxlan", "11", "c350 2118 00000000 08000000 00000700" ETHER, OTHER_ENCAP_VXLAN, 8472},
	{"its I flag", "11", "c350 2118 00000000 00000000 00000700" ETHER, OTHER_ENCAP_NONE, 0},
	{"reserved bits", "11", "c350 2118 00000000 08000001 00000700" ETHER, OTHER_ENCAP_NONE,
		0},
	{"reserved byte", "11", "c350 2118 00000000 08000000 00000701" ETHER, OTHER_ENCAP_NONE,
		0},
	{"no frame", "11",
		"c350 2118 00000000 08000000 00000700"
		"02000000000d",
		OTHER_ENCAP_NONE, 0},
	{"text", "11", "c350 2118 00000000 08000000 00000700 020304050607 08090a0b0c0d 4142",
		OTHER_ENCAP_NONE, 0},
	{"gpe of ethernet", "11", "c350 12b6 00000000 0c000003 00000700" ETHER,
		OTHER_ENCAP_VXLAN, 4790},
	{"gpe of ip", "11", "c350 12b6 00000000 0c000001 00000700 4500", OTHER_ENCAP_VXLAN_GPE,
		4790},
	{"gpe's bits, another port", "11", "c350 12b5 00000000 0c000001 00000700 4500",
		OTHER_ENCAP_NONE, 0},
	{"geneve", "11", "c350 17c2 00000000 00006558 00000700" ETHER, OTHER_ENCAP_GENEVE,
		6082},
	{"its options", "11", "c350 17c2 00000000 01006558 00000700 01080000" ETHER,
		OTHER_ENCAP_GENEVE, 6082},
	{"options cut", "11", "c350 17c2 00000000 3f006558 00000700 01080000" ETHER,
		OTHER_ENCAP_NONE, 0},
	{"tzsp", "11", "c350 9090 00000000 01000001 01 0000000000", OTHER_ENCAP_TZSP, 37008},
	{"tzsp keep-alive", "11", "c350 9090 00000000 01040001 01 0000000000", OTHER_ENCAP_NONE,
		0},
	{"erspan", "2f", "100088be 00000001 10010064 00000000" ETHER, OTHER_ENCAP_ERSPAN, 0},
	{"erspan 3", "2f", "100022eb 00000001 20010064 00000000 00000000" ETHER,
		OTHER_ENCAP_ERSPAN, 0},
	{"nvgre", "2f", "20006558 00000700" ETHER, OTHER_ENCAP_GRE, 0},
	{"gre of ip", "2f", "00000800 4500", OTHER_ENCAP_NONE, 0},
	{"pptp", "2f", "208188be 00000000", OTHER_ENCAP_NONE, 0},
	{"tcp", "06", "c350 2118 00000000 08000000 00000700" ETHER, OTHER_ENCAP_NONE, 0},
	{"nothing behind", "11", "c350 2118 00000000", OTHER_ENCAP_NONE, 0},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* In memory of its own size, so that a sanitizer sees a read past it. */
static struct packet packet_of(size_t row)
{
	char hex[1024];
	uint8_t bytes[ROOM], *copy;
	struct packet p;
	size_t len;

	snprintf(hex, sizeof(hex), OUTER "%s", rows[row].protocol, rows[row].behind);
	len = hex_read(hex, bytes, sizeof(bytes));
	bytes[17] = (uint8_t)(len - 14);
	bytes[39] = (uint8_t)(len - 34); /* UDP's */
	if (rows[row].protocol[0] != '1')
		hex_read(hex, bytes, sizeof(bytes)), bytes[17] = (uint8_t)(len - 14);
	copy = malloc(len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, len);
	memset(&p, 0xa5, sizeof(p));
	p.data = copy;
	p.cap = p.wire = (uint32_t)len;
	p.link = LINK_ETHERNET;
	return p;
}

static void told_by_their_look(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct packet p = packet_of(i);
		struct other_encap_met met = {.count = {0}};
		uint32_t whole = p.cap;

		CU_ASSERT_EQUAL_FATAL(decap_plain(&p), REASON_inspected);
		if (other_encap_of(&p) != rows[i].other_encap)
			fprintf(stderr, "\n  %s: %d\n", rows[i].name, (int)other_encap_of(&p));
		CU_ASSERT_EQUAL(other_encap_of(&p), rows[i].other_encap);
		other_encap_look(&met, &p);
		CU_ASSERT_EQUAL(met.count[OTHER_ENCAP_NONE], 0);
		CU_ASSERT_EQUAL(met.ports[rows[i].other_encap][0], rows[i].port);
		/* However little of it arrived. */
		for (uint32_t cap = 34; cap < whole; cap++) {
			uint8_t *some = malloc(cap);

			CU_ASSERT_PTR_NOT_NULL_FATAL(some);
			struct packet cut = p;

			memcpy(some, p.data, cap);
			cut.data = some;
			cut.cap = cap;
			CU_ASSERT_EQUAL(decap_plain(&cut), REASON_inspected);
			CU_ASSERT_TRUE(other_encap_of(&cut) == rows[i].other_encap ||
				       other_encap_of(&cut) == OTHER_ENCAP_NONE);
			free(some);
		}
		free((void *)(uintptr_t)p.data);
	}
}

static void add(struct other_encap_met *met, uint16_t port)
{
	struct other_encap_met one = {.count = {[OTHER_ENCAP_VXLAN] = 1}};

	one.ports[OTHER_ENCAP_VXLAN][0] = port;
	other_encap_add(met, &one);
}

/* The lowest ones, each once, in whatever order they come. */
static void ports_do_not_depend_on_order(void)
{
	static const uint16_t up[] = {1000, 2000, 3000, 4000, 5000, 6000, 1000},
			      down[] = {6000, 1000, 5000, 4000, 3000, 2000, 1000};
	struct other_encap_met a = {.count = {0}}, b = {.count = {0}};

	for (size_t i = 0; i < sizeof(up) / sizeof(up[0]); i++) {
		add(&a, up[i]);
		add(&b, down[i]);
	}
	CU_ASSERT_EQUAL(a.count[OTHER_ENCAP_VXLAN], 7);
	CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
	for (int i = 0; i < OTHER_ENCAP_PORTS; i++)
		CU_ASSERT_EQUAL(a.ports[OTHER_ENCAP_VXLAN][i], up[i]);
}

/* All that one worker keeps, of each kind, and no more in all than one keeps. */
static void ports_of_workers_are_joined(void)
{
	const struct other_encap_met
		even = {.count = {[OTHER_ENCAP_VXLAN] = 4, [OTHER_ENCAP_GENEVE] = 1},
			.ports = {[OTHER_ENCAP_VXLAN] = {2, 4, 6, 8},
				[OTHER_ENCAP_GENEVE] = {9}}},
		odd = {.count = {[OTHER_ENCAP_VXLAN] = 4},
			.ports = {[OTHER_ENCAP_VXLAN] = {1, 3, 5, 7}}};
	struct other_encap_met all = {.count = {0}};

	other_encap_add(&all, &even);
	CU_ASSERT_EQUAL(memcmp(&all, &even, sizeof(all)), 0);
	other_encap_add(&all, &odd);
	CU_ASSERT_EQUAL(all.count[OTHER_ENCAP_VXLAN], 8);
	CU_ASSERT_EQUAL(all.count[OTHER_ENCAP_GENEVE], 1);
	for (int i = 0; i < OTHER_ENCAP_PORTS; i++)
		CU_ASSERT_EQUAL(all.ports[OTHER_ENCAP_VXLAN][i], i + 1);
	CU_ASSERT_EQUAL(all.ports[OTHER_ENCAP_GENEVE][0], 9);
}

void suite_other_encap(void);
void suite_other_encap(void)
{
	CU_pSuite s = CU_add_suite("other_encap", NULL, NULL);

	CU_ADD_TEST(s, told_by_their_look);
	CU_ADD_TEST(s, ports_do_not_depend_on_order);
	CU_ADD_TEST(s, ports_of_workers_are_joined);
}
