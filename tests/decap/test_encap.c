#include <CUnit/Basic.h>

#include "decap/encap.h"
#include "rows.h"
#include "support/answer.h"

static struct encap_params params_of(const char *src, const char *dst)
{
	struct encap_params e = {
		.src_mac = {0x06, 0x1d, 0x3c, 0x34, 0xd0, 0x77},
		.dst_mac = {0x06, 0xe2, 0x43, 0x9c, 0xff, 0x5e},
		.vni = 5569041,
		.port = 4789,
		.ttl = 255,
	};

	CU_ASSERT_TRUE_FATAL(ip_addr_parse(src, &e.src));
	CU_ASSERT_TRUE_FATAL(ip_addr_parse(dst, &e.dst));
	return e;
}

static struct encap_gateway gateway_of(void)
{
	struct encap_gateway g = {.endpoint = 0x0123456789abcdef,
		.attachment = 0x1122334455667788,
		.cookie = 0xdeadbeef};

	CU_ASSERT_TRUE_FATAL(ip_addr_parse("10.0.0.10", &g.src));
	CU_ASSERT_TRUE_FATAL(ip_addr_parse("10.0.0.11", &g.dst));
	return g;
}

/* The headers of a packet that AWS itself sent (a SYN of 74 bytes, outer port 65474). */
static void headers_are_those_of_aws(void)
{
	static const char aws[] = "[Ethernet] 06e2439cff5e061d3c34d0770800"
				  "[IPv4] 4500006e00000000ff115096ac1f00eeac1f11bc"
				  "[UDP] ffc212b5005a0000 [VXLAN] 0800000054fa1100";
	struct encap_params e = params_of("172.31.0.238", "172.31.17.188");
	uint8_t want[ENCAP_ROOM], have[ENCAP_ROOM];
	size_t n = hex_read(aws, want, sizeof(want));

	CU_ASSERT_EQUAL(encap_size(&e), n);
	CU_ASSERT_EQUAL(encap_write(&e, 65474, 74, have), n);
	CU_ASSERT_EQUAL(memcmp(have, want, n), 0);
}

/* RFC 8926, figure 3 and section 3.5, with the options of the AWS user guide: 68 bytes more. */
static void gateway_headers(void)
{
	static const char text[] =
		"[Ethernet] 06e2439cff5e061d3c34d0770800"
		"[IPv4, checksum worked out by hand] 450000b200000000ff11a726 0a00000a 0a00000b"
		"[UDP, port of the dynamic range] ffc217c1009e0000"
		"[GENEVE] 08000800 00000000"
		"[endpoint] 01080102 0123456789abcdef [attachment] 01080202 1122334455667788"
		"[cookie] 01080301 deadbeef"
		"[IPv4] 4500006e00000000ff115096ac1f00eeac1f11bc"
		"[UDP] ffc212b5005a0000 [VXLAN] 0800000054fa1100";
	struct encap_params e = params_of("172.31.0.238", "172.31.17.188");
	struct encap_gateway g = gateway_of();
	uint8_t want[ENCAP_ROOM], have[ENCAP_ROOM];
	size_t n = hex_read(text, want, sizeof(want));

	e.gateway = &g;
	CU_ASSERT_EQUAL(encap_write(&e, 65474, 74, have), n);
	CU_ASSERT_EQUAL(n, 50 + 68);
	CU_ASSERT_EQUAL(memcmp(have, want, n), 0);
}

/* What is sent can be taken off again: `want`'s frame comes back, and what was found in it. */
static void round_trip(const struct packet *want, enum reason reason,
	const struct encap_params *e, uint16_t added)
{
	static const struct row any = {.link = LINK_ETHERNET};
	uint8_t bytes[ENCAP_ROOM + ROW_ROOM];
	uint32_t size = encap_write(e, 0xff80, want->frame_cap, bytes);
	struct packet p;

	CU_ASSERT_EQUAL(size, encap_size(e));
	memcpy(bytes + size, want->frame, want->frame_cap);
	p = row_packet(&any, bytes, size + want->frame_cap, size + want->frame_cap);
	CU_ASSERT_EQUAL(decap_mirror(&row_params, &p), reason);
	CU_ASSERT_EQUAL(p.vni, e->vni);
	CU_ASSERT_TRUE(ip_addr_equal(&p.outer_src, &e->src));
	CU_ASSERT_EQUAL(p.frame_cap, want->frame_cap);
	CU_ASSERT_EQUAL(p.frame_wire, want->frame_cap);
	CU_ASSERT_EQUAL(memcmp(p.frame, want->frame, want->frame_cap), 0);
	CU_ASSERT_EQUAL(p.flags, (want->flags & ~PACKET_VXLAN_RESERVED) | added);
	CU_ASSERT_EQUAL(p.ip_len, want->ip_len);
	if (reason == REASON_inspected)
		CU_ASSERT_EQUAL(p.src_port, want->src_port);
	row_free(&p);
}

/* The inner frames of all rows whose outer headers are the 50 bytes of a mirror packet. */
static void what_is_sent_comes_back(void)
{
	struct encap_params v4 = params_of("172.31.0.238", "172.31.17.188");
	struct encap_params v6 = params_of("fd00::1", "fd00::2");
	struct encap_gateway g = gateway_of();
	int n = 0;

	for (const struct row *r = rows; r < rows + ROW_COUNT; r++) {
		uint8_t bytes[ROW_ROOM];
		uint32_t len = (uint32_t)hex_read(r->hex, bytes, sizeof(bytes));
		struct packet p = row_packet(r, bytes, len, len + r->uncaptured);
		enum reason reason = row_judge(r, &p);

		if (!r->plain && p.flags & PACKET_HAS_VNI && !(p.flags & PACKET_GENEVE) &&
			p.frame - p.data == 50) {
			v4.gateway = v6.gateway = NULL;
			round_trip(&p, reason, &v4, 0);
			round_trip(&p, reason, &v6, 0);
			v4.gateway = v6.gateway = &g;
			round_trip(&p, reason, &v4, PACKET_GENEVE);
			round_trip(&p, reason, &v6, PACKET_GENEVE);
			n++;
		}
		row_free(&p);
	}
	CU_ASSERT_TRUE(n >= 50);
}

static void a_frame_too_long_is_refused(void)
{
	struct encap_params e = params_of("172.31.0.238", "172.31.17.188");
	struct encap_gateway g = gateway_of();
	uint8_t out[ENCAP_ROOM];

	CU_ASSERT_EQUAL(encap_write(&e, 1, 65535 - 36, out), 50);
	CU_ASSERT_EQUAL(encap_write(&e, 1, 65535 - 35, out), 0);
	CU_ASSERT_EQUAL(encap_write(&e, 1, UINT32_MAX, out), 0);
	e.gateway = &g;
	CU_ASSERT_EQUAL(encap_write(&e, 1, 65535 - 36 - 68, out), 118);
	CU_ASSERT_EQUAL(encap_write(&e, 1, 65535 - 35 - 68, out), 0);
}

static struct packet flow_packet(uint8_t protocol, uint16_t src_port, uint16_t dst_port)
{
	struct packet p = {.protocol = protocol, .src_port = src_port, .dst_port = dst_port};

	ip_addr_parse("10.0.0.1", &p.src);
	ip_addr_parse("10.0.0.2", &p.dst);
	return p;
}

/* AWS: 5-tuple of TCP, UDP and ICMP, else the 3-tuple; 0xFF80 to 0xFFFF. */
static void source_port_follows_the_conversation(void)
{
	uint8_t seen[128] = {0};
	int distinct = 0;

	for (uint16_t port = 1024; port < 2048; port++) {
		struct packet p = flow_packet(6, port, 443), a = answer_to(&p);
		uint16_t sport = encap_source_port(&p, true);
		struct packet gre = flow_packet(47, 0, 0), later = p;

		CU_ASSERT_TRUE(sport >= 0xff80);
		CU_ASSERT_EQUAL(encap_source_port(&a, true), sport);
		distinct += !seen[sport & 127];
		seen[sport & 127] = 1;
		gre.src_port = port;
		CU_ASSERT_EQUAL(encap_source_port(&gre, true),
			encap_source_port(
				&(struct packet){
					.protocol = 47, .src = gre.src, .dst = gre.dst},
				true));
		later.flags = PACKET_FRAGMENT;
		p.src_port = p.dst_port = 0;
		CU_ASSERT_EQUAL(encap_source_port(&later, true), encap_source_port(&p, true));
	}
	CU_ASSERT_TRUE(distinct > 100);
	CU_ASSERT_EQUAL(encap_source_port(&(struct packet){0}, false), 0xff80);
}

static void pings_of_different_ids_differ(void)
{
	uint8_t seen[128] = {0};
	int distinct = 0;

	for (uint16_t id = 0; id < 1024; id++) {
		struct packet p = flow_packet(1, 0, 0), a;

		p.icmp_id = id;
		a = answer_to(&p);
		CU_ASSERT_EQUAL(encap_source_port(&a, true), encap_source_port(&p, true));
		distinct += !seen[encap_source_port(&p, true) & 127];
		seen[encap_source_port(&p, true) & 127] = 1;
	}
	CU_ASSERT_TRUE(distinct > 100);
}

void suite_encap(void);
void suite_encap(void)
{
	CU_pSuite s = CU_add_suite("encap", NULL, NULL);

	CU_ADD_TEST(s, headers_are_those_of_aws);
	CU_ADD_TEST(s, gateway_headers);
	CU_ADD_TEST(s, what_is_sent_comes_back);
	CU_ADD_TEST(s, a_frame_too_long_is_refused);
	CU_ADD_TEST(s, source_port_follows_the_conversation);
	CU_ADD_TEST(s, pings_of_different_ids_differ);
}
