#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "config/model/model.h"
#include "decap/session/direction.h"

#define UNKNOWN DIRECTION_UNKNOWN
#define IN DIRECTION_INGRESS
#define OUT DIRECTION_EGRESS

/* MAC addresses of a row: of the source interface, of others, or cut off. */
enum mac { ENI, ROUTER, STRANGER, CUT };

/* The interface of the rows: primary 10.0.1.10, secondary 10.0.1.11, IPv6 fd00::10. */
enum interface { KNOWN, WITHOUT_MAC, NO_INTERFACE };

struct row {
	const char *name;
	enum interface interface;
	enum mac src_mac, dst_mac;
	enum link link;
	const char *src, *dst, *outer_src;
	enum direction direction;
	enum direction_by by;
};

#define MAC LINK_ETHERNET, "203.0.113.5", "203.0.113.6", "10.0.1.10"

static const struct row rows[] = {
	/* The interface's MAC decides, whatever the addresses say: they are those of others
	 * where the instance routes or translates. */
	{"mac, to it", KNOWN, ROUTER, ENI, MAC, IN, DIRECTION_BY_MAC},
	{"mac, from it", KNOWN, ENI, ROUTER, MAC, OUT, DIRECTION_BY_MAC},
	{"mac before addresses, to it", KNOWN, ROUTER, ENI, LINK_ETHERNET, "10.0.1.10",
		"203.0.113.5", "10.0.1.10", IN, DIRECTION_BY_MAC},
	{"mac before addresses, from it", KNOWN, ENI, ROUTER, LINK_ETHERNET, "203.0.113.5",
		"10.0.1.10", "10.0.1.10", OUT, DIRECTION_BY_MAC},
	{"mac on both sides, so the address", KNOWN, ENI, ENI, LINK_ETHERNET, "10.0.1.10",
		"203.0.113.5", "10.0.1.99", OUT, DIRECTION_BY_ADDRESS},
	{"mac on neither side, so the address", KNOWN, STRANGER, ROUTER, LINK_ETHERNET,
		"203.0.113.5", "10.0.1.10", "10.0.1.99", IN, DIRECTION_BY_ADDRESS},

	/* Without a known or readable MAC: all addresses of the interface. */
	{"primary, from it", WITHOUT_MAC, ENI, ROUTER, LINK_ETHERNET, "10.0.1.10",
		"203.0.113.5", "10.0.1.99", OUT, DIRECTION_BY_ADDRESS},
	{"primary, to it", WITHOUT_MAC, ROUTER, ENI, LINK_ETHERNET, "203.0.113.5", "10.0.1.10",
		"10.0.1.99", IN, DIRECTION_BY_ADDRESS},
	{"secondary, to it", WITHOUT_MAC, ROUTER, ENI, LINK_ETHERNET, "203.0.113.5",
		"10.0.1.11", "10.0.1.10", IN, DIRECTION_BY_ADDRESS},
	{"secondary, from it", WITHOUT_MAC, ENI, ROUTER, LINK_ETHERNET, "10.0.1.11",
		"203.0.113.5", "10.0.1.10", OUT, DIRECTION_BY_ADDRESS},
	{"IPv6, to it", WITHOUT_MAC, ROUTER, ENI, LINK_ETHERNET, "2001:db8::1", "fd00::10",
		"10.0.1.10", IN, DIRECTION_BY_ADDRESS},
	{"IPv6, from it", WITHOUT_MAC, ENI, ROUTER, LINK_ETHERNET, "fd00::10", "2001:db8::1",
		"10.0.1.10", OUT, DIRECTION_BY_ADDRESS},
	{"frame cut within the MACs", KNOWN, CUT, ENI, LINK_ETHERNET, "203.0.113.5",
		"10.0.1.11", "10.0.1.10", IN, DIRECTION_BY_ADDRESS},
	{"no Ethernet header", KNOWN, ENI, ROUTER, LINK_IP, "203.0.113.5", "10.0.1.11",
		"10.0.1.10", IN, DIRECTION_BY_ADDRESS},
	{"addresses before outer source", WITHOUT_MAC, ROUTER, ENI, LINK_ETHERNET,
		"203.0.113.5", "10.0.1.11", "203.0.113.5", IN, DIRECTION_BY_ADDRESS},
	{"from one of its addresses to the other: the outer source", WITHOUT_MAC, ROUTER, ENI,
		LINK_ETHERNET, "10.0.1.10", "10.0.1.11", "10.0.1.10", OUT,
		DIRECTION_BY_OUTER_SOURCE},

	/* An interface that is not configured, or whose addresses are others'. */
	{"outer source, from it", NO_INTERFACE, ENI, ROUTER, LINK_ETHERNET, "10.0.1.10",
		"203.0.113.5", "10.0.1.10", OUT, DIRECTION_BY_OUTER_SOURCE},
	{"outer source, to it", NO_INTERFACE, ROUTER, ENI, LINK_ETHERNET, "203.0.113.5",
		"10.0.1.10", "10.0.1.10", IN, DIRECTION_BY_OUTER_SOURCE},
	{"outer source, IPv6", NO_INTERFACE, ROUTER, ENI, LINK_ETHERNET, "2001:db8::1",
		"fd00::10", "fd00::10", IN, DIRECTION_BY_OUTER_SOURCE},
	{"outer source of a known interface", KNOWN, STRANGER, ROUTER, LINK_ETHERNET,
		"203.0.113.5", "10.9.9.9", "10.9.9.9", IN, DIRECTION_BY_OUTER_SOURCE},

	/* Nothing names exactly one side. */
	{"another's packet", KNOWN, STRANGER, ROUTER, LINK_ETHERNET, "203.0.113.5",
		"203.0.113.6", "10.0.1.10", UNKNOWN, DIRECTION_BY_NOTHING},
	{"to itself", WITHOUT_MAC, ENI, ENI, LINK_ETHERNET, "10.0.1.10", "10.0.1.10",
		"10.0.1.10", UNKNOWN, DIRECTION_BY_NOTHING},
	{"a secondary address, interface not known", NO_INTERFACE, ROUTER, ENI, LINK_ETHERNET,
		"203.0.113.5", "10.0.1.11", "10.0.1.10", UNKNOWN, DIRECTION_BY_NOTHING},
	{"IPv6, interface not known", NO_INTERFACE, ROUTER, ENI, LINK_ETHERNET, "2001:db8::1",
		"fd00::10", "10.0.1.10", UNKNOWN, DIRECTION_BY_NOTHING},
	/* ::a00:10a has the same last bytes as 10.0.1.10, and is another address. */
	{"IPv6 with the bytes of the IPv4 one", WITHOUT_MAC, ROUTER, ENI, LINK_ETHERNET,
		"2001:db8::1", "::a00:10a", "10.0.1.10", UNKNOWN, DIRECTION_BY_NOTHING},
};

static struct ip_addr address(const char *text)
{
	struct ip_addr addr = {{0}};

	CU_ASSERT_TRUE(ip_addr_parse(text, &addr));
	return addr;
}

static void put_mac(uint8_t *at, enum mac mac)
{
	static const uint8_t macs[][6] = {
		[ENI] = {0x02, 0, 0, 0, 0, 0x01},
		[ROUTER] = {0x02, 0, 0, 0, 0, 0x02},
		/* Differs from the interface's in the first byte alone. */
		[STRANGER] = {0x06, 0, 0, 0, 0, 0x01},
		[CUT] = {0},
	};

	memcpy(at, macs[mac], 6);
}

static void check_row(const struct row *row)
{
	const struct model_address addresses[] = {
		{address("10.0.1.10"), 4}, {address("10.0.1.11"), 4}, {address("fd00::10"), 6}};
	struct model_interface eni = {.has_mac = row->interface == KNOWN,
		.has_primary = true,
		.primary = addresses[0].addr,
		.addresses = addresses,
		.n_addresses = 3};
	uint8_t frame[14] = {0};
	struct packet p = {.frame = frame,
		.frame_cap = row->src_mac == CUT ? 11 : sizeof(frame),
		.frame_wire = sizeof(frame),
		.frame_link = row->link,
		.flags = PACKET_HAS_VNI,
		.ip_version = strchr(row->src, ':') ? 6 : 4};
	enum direction_by by = DIRECTION_BY_NOTHING;
	enum direction got;

	put_mac(eni.mac, ENI);
	put_mac(frame, row->dst_mac);
	put_mac(frame + 6, row->src_mac);
	p.src = address(row->src);
	p.dst = address(row->dst);
	p.outer_src = address(row->outer_src);
	got = direction_of(&p, row->interface == NO_INTERFACE ? NULL : &eni, &by);
	if (got != row->direction || by != row->by)
		fprintf(stderr, "direction: row '%s': %d by %d\n", row->name, (int)got,
			(int)by);
	CU_ASSERT_EQUAL(got, row->direction);
	CU_ASSERT_EQUAL(by, row->by);
	CU_ASSERT_EQUAL(direction_of(&p, row->interface == NO_INTERFACE ? NULL : &eni, NULL),
		row->direction);
}

static void every_row(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

static void names(void)
{
	CU_ASSERT_PTR_NULL(direction_name(DIRECTION_UNKNOWN));
	CU_ASSERT_STRING_EQUAL(direction_name(DIRECTION_INGRESS), "ingress");
	CU_ASSERT_STRING_EQUAL(direction_name(DIRECTION_EGRESS), "egress");
	CU_ASSERT_PTR_NULL(direction_by_name(DIRECTION_BY_NOTHING));
	CU_ASSERT_STRING_EQUAL(direction_by_name(DIRECTION_BY_MAC), "mac");
	CU_ASSERT_STRING_EQUAL(direction_by_name(DIRECTION_BY_ADDRESS), "address");
	CU_ASSERT_STRING_EQUAL(direction_by_name(DIRECTION_BY_OUTER_SOURCE), "outer_source");
}

void suite_direction(void);
void suite_direction(void)
{
	CU_pSuite s = CU_add_suite("direction", NULL, NULL);

	CU_ADD_TEST(s, every_row);
	CU_ADD_TEST(s, names);
}
