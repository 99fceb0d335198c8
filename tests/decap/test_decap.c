#include <CUnit/Basic.h>
#include <stdio.h>

#include "decap/ip.h"
#include "rows.h"

static void want(const struct row *r, const char *what, uint64_t have, uint64_t wanted)
{
	if (have != wanted)
		fprintf(stderr, "\n  %s: %s is %llu, not %llu", r->name, what,
			(unsigned long long)have, (unsigned long long)wanted);
	CU_ASSERT_EQUAL(have, wanted);
}

/* RFC 9293, 3.1: octets 14 and 15 of a header that is there. */
static uint16_t window_of(const struct packet *p)
{
	const uint8_t *tcp = p->ip + p->l4;

	if (p->flags & PACKET_LATER_FRAGMENT || p->ip_cap < p->l4 + 16u)
		return 0;
	return (uint16_t)(tcp[14] << 8 | tcp[15]);
}

static void want_addr(
	const struct row *r, const char *what, const struct ip_addr *have, const char *wanted)
{
	struct ip_addr a;

	CU_ASSERT_TRUE_FATAL(ip_addr_parse(wanted, &a));
	want(r, what, ip_addr_equal(have, &a), true);
}

static void want_inspected(const struct row *r, const struct packet *p)
{
	want_addr(r, "outer_src", &p->outer_src, r->outer_src);
	want_addr(r, "src", &p->src, r->src);
	want_addr(r, "dst", &p->dst, r->dst);
	want(r, "vni", p->vni, r->vni);
	want(r, "network", p->network, r->network ? NETWORK_NAMED + r->network : 0);
	want(r, "flags", p->flags, r->flags);
	want(r, "frame_link", p->frame_link, r->frame_link);
	want(r, "ip_version", p->ip_version, r->ip_version);
	want(r, "protocol", p->protocol, r->protocol);
	want(r, "ip_len", p->ip_len, r->ip_len);
	want(r, "l4", p->l4, r->l4);
	want(r, "payload", p->payload, r->payload);
	want(r, "src_port", p->src_port, r->src_port);
	want(r, "dst_port", p->dst_port, r->dst_port);
	want(r, "tcp_flags", p->tcp_flags, r->tcp_flags);
	want(r, "tcp_seq", p->tcp_seq, r->tcp_seq);
	want(r, "tcp_ack", p->tcp_ack, r->tcp_ack);
	want(r, "icmp_type", p->icmp_type, r->icmp_type);
	want(r, "icmp_code", p->icmp_code, r->icmp_code);
	if (p->protocol == IPPROTO_TCP)
		want(r, "tcp_window", p->tcp_window, window_of(p));
	else
		want(r, "icmp_id", p->icmp_id, r->icmp_id);
	want(r, "fragment_id", ip_fragment_id(p), r->fragment_id);
}

static void rows_give_what_they_say(void)
{
	for (const struct row *r = rows; r < rows + ROW_COUNT; r++) {
		uint8_t bytes[ROW_ROOM];
		uint32_t cap = (uint32_t)hex_read(r->hex, bytes, sizeof(bytes));
		struct packet p = row_packet(r, bytes, cap, cap + r->uncaptured);
		enum reason reason = row_judge(r, &p);

		if (reason != r->reason)
			fprintf(stderr, "\n  %s: %s", r->name, reason_name(reason));
		CU_ASSERT_EQUAL(reason, r->reason);
		if (reason == REASON_inspected && r->reason == reason)
			want_inspected(r, &p);
		row_free(&p);
	}
}

/* The reasons that later stages give are not decap's. */
static bool is_decap_reason(enum reason reason)
{
	/* The defrag's, and that of an expression. */
	if (reason == REASON_outer_joined || reason == REASON_outer_overlap ||
		reason == REASON_inner_excluded)
		return false;
	return reason != REASON_session_unknown && reason < REASON_rule_rejected;
}

static void every_reason_has_a_row(void)
{
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		int n = 0;

		for (const struct row *r = rows; r < rows + ROW_COUNT; r++)
			n += r->reason == (enum reason)reason;
		if (is_decap_reason((enum reason)reason) && n == 0)
			fprintf(stderr, "\n  no row gives %s",
				reason_name((enum reason)reason));
		CU_ASSERT_EQUAL(n > 0, is_decap_reason((enum reason)reason));
	}
}

static const struct row *row_find(const char *name)
{
	for (const struct row *r = rows; r < rows + ROW_COUNT; r++)
		if (!strcmp(r->name, name))
			return r;
	abort();
}

static struct packet packet_find(const char *name)
{
	uint8_t bytes[ROW_ROOM];
	const struct row *r = row_find(name);
	uint32_t cap = (uint32_t)hex_read(r->hex, bytes, sizeof(bytes));

	return row_packet(r, bytes, cap, cap + r->uncaptured);
}

static void depth_is_a_setting(void)
{
	struct decap_params params = row_params;
	struct packet p = packet_find("vxlan_in_vxlan");

	params.max_depth = 1;
	CU_ASSERT_EQUAL(decap_mirror(&params, &p), REASON_inspected);
	CU_ASSERT_EQUAL(p.vni, 42);
	row_free(&p);
	p = packet_find("gcp_overlay");
	CU_ASSERT_EQUAL(decap_mirror(&params, &p), REASON_inspected);
	row_free(&p);
	p = packet_find("gwlb");
	params.max_depth = 1;
	CU_ASSERT_EQUAL(decap_mirror(&params, &p), REASON_too_deep);
	row_free(&p);
	p = packet_find("too_deep");
	params.max_depth = 5;
	CU_ASSERT_EQUAL(decap_mirror(&params, &p), REASON_inspected);
	CU_ASSERT_EQUAL(p.vni, 42);
	row_free(&p);
}

/* A router that cuts packets may leave the outer lengths as they were. */
static void a_long_outer_length_may_mean_a_cut(void)
{
	static const char *const names[] = {"outer_long", "outer_long_6"};
	struct decap_params params = row_params;

	params.outer_may_be_cut = true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct packet p = packet_find(names[i]);

		CU_ASSERT_EQUAL(decap_mirror(&row_params, &p), REASON_outer_ip_length);
		CU_ASSERT_EQUAL(decap_mirror(&params, &p), REASON_inspected);
		CU_ASSERT_TRUE(p.frame_cap <= p.frame_wire);
		row_free(&p);
	}
}

static void ports_are_settings(void)
{
	struct decap_params params = row_params;
	struct packet p = packet_find("gpe");

	params.vxlan_ports[1] = 4790;
	params.n_vxlan_ports = 2;
	CU_ASSERT_EQUAL(decap_mirror(&params, &p), REASON_inspected);
	CU_ASSERT_EQUAL(p.flags, PACKET_HAS_VNI | PACKET_VXLAN_RESERVED);
	row_free(&p);
	params.n_vxlan_ports = params.n_geneve_ports = 0;
	p = packet_find("aws_syn");
	CU_ASSERT_EQUAL(decap_mirror(&params, &p), REASON_other_port);
	row_free(&p);
	p = packet_find("gwlb");
	CU_ASSERT_EQUAL(decap_mirror(&params, &p), REASON_other_port);
	row_free(&p);
}

/* The outer headers vouch for the frame; the inner ones only for the packet in it. */
static void frame_lengths(void)
{
	struct packet p = packet_find("inner_longer");

	CU_ASSERT_EQUAL(decap_mirror(&row_params, &p), REASON_inspected);
	CU_ASSERT_EQUAL(p.frame_cap, 14 + 48);
	CU_ASSERT_EQUAL(p.frame_wire, 14 + 48);
	CU_ASSERT_EQUAL(p.ip_cap, 48);
	CU_ASSERT_EQUAL(p.ip_len, 1500);
	p.cap -= 8;
	CU_ASSERT_EQUAL(decap_mirror(&row_params, &p), REASON_inspected);
	CU_ASSERT_EQUAL(p.frame_cap, 14 + 40);
	CU_ASSERT_EQUAL(p.frame_wire, 14 + 48);
	p.cap += 8;
	row_free(&p);
	p = packet_find("udp_trailer");
	CU_ASSERT_EQUAL(decap_mirror(&row_params, &p), REASON_inspected);
	CU_ASSERT_EQUAL(p.frame_cap, 14 + 48);
	CU_ASSERT_EQUAL(p.frame_wire, 14 + 48);
	row_free(&p);
	p = packet_find("gwlb_cut");
	CU_ASSERT_EQUAL(decap_mirror(&row_params, &p), REASON_inspected);
	CU_ASSERT_EQUAL(p.frame_cap, 14 + 40);
	CU_ASSERT_EQUAL(p.frame_wire, 14 + 100);
	row_free(&p);
}

static void refused_inner_packets_keep_their_frame(void)
{
	struct packet p = packet_find("inner_arp");

	CU_ASSERT_EQUAL(decap_mirror(&row_params, &p), REASON_inner_not_ip);
	CU_ASSERT_EQUAL(p.vni, 42);
	CU_ASSERT_EQUAL(p.flags, PACKET_HAS_VNI);
	CU_ASSERT_PTR_EQUAL(p.frame, p.data + 14 + 20 + 8 + 8);
	CU_ASSERT_EQUAL(p.frame_cap, 14 + 28);
	CU_ASSERT_EQUAL(p.frame_wire, 14 + 28);
	CU_ASSERT_EQUAL(p.frame_link, LINK_ETHERNET);
	CU_ASSERT_EQUAL(p.ip_len, 0);
	row_free(&p);
}

/* Each by its look, whatever the packet before it was. */
static void mirror_traffic_is_recognised(void)
{
	static const struct {
		const char *row;
		bool mirror;
		enum reason reason;
	} cases[] = {
		{"aws_syn", true, REASON_inspected},
		{"gwlb", true, REASON_inspected},
		{"geneve_ip", true, REASON_inspected},
		{"outer_ip6", true, REASON_inspected},
		{"inner_arp", true, REASON_inner_not_ip},
		{"too_deep", true, REASON_too_deep},
		/* Cut where it says already what it is, or before. */
		{"cut_at_vxlan", true, REASON_outer_cut},
		{"cut_at_options", true, REASON_outer_cut},
		/* The lengths lie, the tunnel does not. */
		{"outer_long", true, REASON_outer_ip_length},
		{"geneve_option_long", true, REASON_geneve_options},
		{"fragment_first", true, REASON_outer_fragment},
		/* To the port, but none: ordinary traffic. */
		{"no_i", false, REASON_inspected},
		{"gpe", false, REASON_inspected},
		{"vxlan_empty", false, REASON_inspected},
		{"geneve_v1", false, REASON_inspected},
		{"geneve_arp", false, REASON_inspected},
		{"udp_dns", false, REASON_inspected},
		{"health_check", false, REASON_inspected},
		{"fragment_later", false, REASON_inspected},
		{"arp", false, REASON_inner_not_ip},
	};
	struct decap_params params = row_params;

	params.mode = DECAP_AUTO;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct decap_met met = {.last_plain = i & 1};
		struct packet p = packet_find(cases[i / 2].row);
		const struct row *r = row_find(cases[i / 2].row);

		want(r, "reason", decap_packet(&params, &p, &met), cases[i / 2].reason);
		want(r, "mirror", met.plain == 0, cases[i / 2].mirror);
		want(r, "last", met.last_plain, !cases[i / 2].mirror);
		row_free(&p);
	}
}

/* RFC 7348: all but the I flag and the VNI is reserved, and ignored; that it was set is told. */
static void each_reserved_bit_of_vxlan_is_told(void)
{
	enum { VXLAN_AT = 14 + 20 + 8 };
	static const uint8_t reserved[8] = {0xf7, 0xff, 0xff, 0xff, 0, 0, 0, 0xff};
	const struct row *r = row_find("aws_syn");
	uint8_t bytes[ROW_ROOM];
	uint32_t cap = (uint32_t)hex_read(r->hex, bytes, sizeof(bytes));

	for (int bit = 0; bit < 64; bit++) {
		uint8_t *at = &bytes[VXLAN_AT + bit / 8], mask = (uint8_t)(1u << bit % 8);
		struct packet p;

		if (!(reserved[bit / 8] & mask))
			continue;
		*at ^= mask;
		p = row_packet(r, bytes, cap, cap);
		CU_ASSERT_EQUAL(decap_mirror(&row_params, &p), REASON_inspected);
		want(r, "flags", p.flags, PACKET_HAS_VNI | PACKET_VXLAN_RESERVED);
		want(r, "vni", p.vni, r->vni);
		row_free(&p);
		*at ^= mask;
	}
}

void suite_decap(void);
void suite_decap(void)
{
	CU_pSuite s = CU_add_suite("decap", NULL, NULL);

	CU_ADD_TEST(s, rows_give_what_they_say);
	CU_ADD_TEST(s, every_reason_has_a_row);
	CU_ADD_TEST(s, depth_is_a_setting);
	CU_ADD_TEST(s, a_long_outer_length_may_mean_a_cut);
	CU_ADD_TEST(s, ports_are_settings);
	CU_ADD_TEST(s, frame_lengths);
	CU_ADD_TEST(s, refused_inner_packets_keep_their_frame);
	CU_ADD_TEST(s, mirror_traffic_is_recognised);
	CU_ADD_TEST(s, each_reserved_bit_of_vxlan_is_told);
}
