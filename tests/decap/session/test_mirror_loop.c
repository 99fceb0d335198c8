/* Which mirrored packets are mirror traffic again, and which only look like it. */
#include <CUnit/Basic.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decap/session/mirror_loop.h"

/* An inner IPv4 packet with UDP and VXLAN, as decap leaves it. */
struct row {
	const char *name;
	const char *src, *dst; /* inner */
	uint32_t inner_vni;
	uint16_t port;
	uint16_t flags;
	uint8_t vxlan_flags, protocol;
	bool loop;
};

enum { VNI = 7, OTHER_VNI = 9, CONFIGURED_VNI = 42 };

#define SOURCE "10.0.0.1" /* outer source of all rows */
#define OK PACKET_HAS_VNI, 0x08, IPPROTO_UDP

static const struct row rows[] = {
	{"a session of the settings", "10.0.0.2", "10.0.0.9", CONFIGURED_VNI, 4789, OK, true},
	{"its VNI from somebody else", "10.0.0.3", "10.0.0.9", CONFIGURED_VNI, 4789, OK, false},
	{"a learned session", "10.0.0.4", "10.0.0.9", OTHER_VNI, 4789, OK, false},
	{"the same VNI, out of the interface", SOURCE, "10.0.0.9", VNI, 4789, OK, true},
	{"the same VNI, into it", "10.0.0.9", SOURCE, VNI, 4789, OK, true},
	{"the same VNI between others", "10.0.0.8", "10.0.0.9", VNI, 4789, OK, false},
	{"an overlay of containers, out", SOURCE, "10.0.0.9", 4096, 4789, OK, false},
	{"an overlay of containers, in", "10.0.0.9", SOURCE, 4096, 4789, OK, false},
	{"the second port", SOURCE, "10.0.0.9", VNI, 8472, OK, true},
	{"another port", SOURCE, "10.0.0.9", VNI, 4790, OK, false},
	{"no VNI", SOURCE, "10.0.0.9", VNI, 4789, PACKET_HAS_VNI, 0x00, IPPROTO_UDP, false},
	{"TCP", SOURCE, "10.0.0.9", VNI, 4789, PACKET_HAS_VNI, 0x08, IPPROTO_TCP, false},
	{"plain", SOURCE, "10.0.0.9", VNI, 4789, 0, 0x08, IPPROTO_UDP, false},
	{"a later fragment", SOURCE, "10.0.0.9", VNI, 4789,
		PACKET_HAS_VNI | PACKET_LATER_FRAGMENT, 0x08, IPPROTO_UDP, false},
};

static struct ip_addr address(const char *text)
{
	struct ip_addr a;

	CU_ASSERT_TRUE_FATAL(ip_addr_parse(text, &a));
	return a;
}

static struct packet packet_of(const struct row *row, uint8_t bytes[64])
{
	struct packet p = {.ip = bytes,
		.ip_cap = 64,
		.ip_len = 64,
		.l4 = 20,
		.payload = 28,
		.ip_version = 4,
		.protocol = row->protocol,
		.flags = row->flags,
		.src_port = 50000,
		.dst_port = row->port};

	memset(bytes, 0, 64);
	bytes[28] = row->vxlan_flags;
	bytes[34] = (uint8_t)row->inner_vni;
	bytes[33] = (uint8_t)(row->inner_vni >> 8);
	p.src = address(row->src);
	p.dst = address(row->dst);
	p.outer_src = address(SOURCE);
	p.vni = VNI;
	return p;
}

static struct session_table *sessions(void)
{
	struct session_table *t = session_table_create(16);
	struct session_key key = {address("10.0.0.2"), CONFIGURED_VNI, NETWORK_NONE};
	struct packet learned = {.flags = PACKET_HAS_VNI};

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_PTR_NOT_NULL(session_table_add(t, &key));
	learned.outer_src = address("10.0.0.4");
	learned.vni = OTHER_VNI;
	CU_ASSERT_TRUE(session_table_packet(t, &learned, true));
	return t;
}

static const struct decap_params params = {.vxlan_ports = {4789, 8472}, .n_vxlan_ports = 2};

static void loops_and_overlays(void)
{
	struct session_table *t = sessions();
	uint8_t bytes[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct packet p = packet_of(&rows[i], bytes);

		if (mirror_loop(&params, t, &p) != rows[i].loop) {
			CU_FAIL("a row");
			fprintf(stderr, "  %s\n", rows[i].name);
		}
	}
	session_table_destroy(t);
}

/* Cut anywhere before its end: no loop, and nothing is read that is not there. */
static void one_that_is_cut(void)
{
	struct session_table *t = sessions();
	uint8_t bytes[64];
	struct packet p = packet_of(&rows[0], bytes);

	for (p.ip_cap = 0; p.ip_cap < 64; p.ip_cap++) {
		uint8_t *cut = malloc(p.ip_cap + 1u);

		CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
		memcpy(cut, bytes, p.ip_cap);
		cut = realloc(cut, p.ip_cap ? p.ip_cap : 1u);
		p.ip = cut;
		CU_ASSERT_EQUAL(mirror_loop(&params, t, &p), p.ip_cap > 36);
		free(cut);
	}
	session_table_destroy(t);
}

static void loops_are_counted(void)
{
	struct session_table *t = sessions(), *sum = session_table_create(16);

	session_table_looped(t, 0);
	session_table_looped(t, 0);
	session_table_looped(t, SESSION_NAMELESS + 3);
	session_table_merge(sum, t);
	CU_ASSERT_EQUAL(session_table_get(sum, 0)->looped_flows, 2);
	CU_ASSERT_EQUAL(session_table_other(sum)->looped_flows, 1);
	session_table_destroy(sum);
	session_table_destroy(t);
}

void suite_mirror_loop(void);
void suite_mirror_loop(void)
{
	CU_pSuite s = CU_add_suite("mirror_loop", NULL, NULL);

	CU_ADD_TEST(s, loops_and_overlays);
	CU_ADD_TEST(s, one_that_is_cut);
	CU_ADD_TEST(s, loops_are_counted);
}
