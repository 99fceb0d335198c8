/* What AWS never mirrors, as a table: Traffic Mirroring's limitations, the addresses of the EC2 and
 * VPC user guides; and what lies beside it. */
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "config/model/unmirrored.h"
#include "config/settings/settings.h"

enum { TCP = 6, UDP = 17, ICMP = 1, ICMP6 = 58, NO_PORTS = -1 };

struct row {
	uint8_t protocol;
	const char *src;
	int src_port; /* of ICMPv6 the type */
	const char *dst;
	int dst_port;
	enum unmirrored want,
		want_all; /* as the settings are; with ntp: all, and the other never */
};

#define BOTH(kind) UNMIRRORED_##kind, UNMIRRORED_##kind
#define ALL(kind) UNMIRRORED_NONE, UNMIRRORED_##kind

static const struct row rows[] = {
	{TCP, "10.0.1.10", 40000, "169.254.169.254", 80, BOTH(METADATA)},
	{TCP, "169.254.169.254", 80, "10.0.1.10", 40000, BOTH(METADATA)},
	{TCP, "10.0.1.10", NO_PORTS, "169.254.169.254", NO_PORTS, BOTH(METADATA)},
	{TCP, "2001:db8::1", 40000, "fd00:ec2::254", 80, BOTH(METADATA)},
	{TCP, "fd00:ec2::254", 80, "2001:db8::1", 40000, BOTH(METADATA)},
	{TCP, "10.0.1.10", 40000, "169.254.169.255", 80, BOTH(NONE)},
	{TCP, "2001:db8::1", 40000, "fd00:ec2::255", 80, BOTH(NONE)},
	{UDP, "10.0.1.10", 40000, "169.254.169.123", 123, BOTH(TIME)},
	{UDP, "169.254.169.123", 123, "10.0.1.10", 123, BOTH(TIME)},
	{UDP, "2001:db8::1", 123, "fd00:ec2::123", 123, BOTH(TIME)},
	{UDP, "10.0.1.10", NO_PORTS, "169.254.169.123", NO_PORTS, BOTH(TIME)},
	{TCP, "10.0.1.10", 40000, "169.254.169.123", 123, BOTH(NONE)},
	/* A public server's NTP was seen mirrored. */
	{UDP, "172.31.0.238", 60631, "78.46.93.39", 123, ALL(NTP)},
	{UDP, "78.46.93.39", 123, "172.31.0.238", 60631, ALL(NTP)},
	{UDP, "2001:db8::1", 123, "2001:db8::2", 123, ALL(NTP)},
	{UDP, "10.0.1.10", NO_PORTS, "78.46.93.39", NO_PORTS, BOTH(NONE)},
	{TCP, "10.0.1.10", 40000, "169.254.169.250", 1688, BOTH(ACTIVATION)},
	{TCP, "169.254.169.251", 1688, "10.0.1.10", 40000, BOTH(ACTIVATION)},
	{TCP, "2001:db8::1", 40000, "fd00:ec2::250", 1688, BOTH(ACTIVATION)},
	{TCP, "2001:db8::1", 40000, "fd00:ec2::251", 1688, BOTH(ACTIVATION)},
	{TCP, "10.0.1.10", 40000, "169.254.169.250", 1689, BOTH(NONE)},
	{TCP, "10.0.1.10", 40000, "10.0.9.9", 1688, BOTH(NONE)},
	{UDP, "0.0.0.0", 68, "255.255.255.255", 67, BOTH(DHCP)},
	{UDP, "10.0.1.1", 67, "10.0.1.10", 68, BOTH(DHCP)},
	{UDP, "10.0.1.1", 67, "10.0.2.1", 67, BOTH(DHCP)}, /* through a relay */
	{UDP, "10.0.1.10", 4000, "10.0.1.1", 67, BOTH(NONE)},
	{UDP, "10.0.1.10", 68, "10.0.1.1", 68, BOTH(NONE)},
	{TCP, "10.0.1.10", 68, "10.0.1.1", 67, BOTH(NONE)},
	{UDP, "fe80::1", 546, "ff02::1:2", 547, BOTH(DHCP6)},
	{UDP, "fe80::2", 547, "fe80::1", 546, BOTH(DHCP6)},
	{UDP, "fe80::2", 67, "fe80::1", 68, BOTH(NONE)},
	{UDP, "10.0.1.10", 546, "10.0.1.1", 547, BOTH(NONE)},
	/* Router and neighbor discovery, of which AWS says nothing. */
	{ICMP6, "fe80::1", 132, "ff02::1", 0, BOTH(NONE)},
	{ICMP6, "fe80::1", 133, "ff02::2", 0, ALL(NEIGHBOR_DISCOVERY)},
	{ICMP6, "fe80::1", 137, "fe80::2", 0, ALL(NEIGHBOR_DISCOVERY)},
	{ICMP6, "fe80::1", 138, "fe80::2", 0, BOTH(NONE)},
	{ICMP6, "2001:db8::1", 128, "2001:db8::2", 0, BOTH(NONE)},
	/* Amazon DNS is a filter's affair. */
	{UDP, "10.0.1.10", 4000, "169.254.169.253", 53, BOTH(NONE)},
	{ICMP, "10.0.1.10", NO_PORTS, "10.0.1.11", NO_PORTS, BOTH(NONE)},
};

static struct ip_addr address(const char *text)
{
	uint8_t byte[16];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	CU_ASSERT_EQUAL_FATAL(inet_pton(family, text, byte), 1);
	return family == AF_INET6 ? ip_addr_v6(byte) : ip_addr_v4(byte);
}

static struct evaluate_packet packet_of(const struct row *row)
{
	struct evaluate_packet p = {.protocol = row->protocol,
		.ip_version = strchr(row->src, ':') ? 6 : 4,
		.src = address(row->src),
		.dst = address(row->dst)};

	if (row->protocol == ICMP6) {
		p.icmp_type = (uint8_t)row->src_port;
	} else if (row->src_port != NO_PORTS) {
		p.has_ports = true;
		p.src_port = (uint16_t)row->src_port;
		p.dst_port = (uint16_t)row->dst_port;
	}
	return p;
}

static void each_kind_is_told(void)
{
	bool seen[UNMIRRORED_KINDS] = {[UNMIRRORED_NONE] = true};
	struct settings settings;

	settings_init(&settings);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct evaluate_packet p = packet_of(&rows[i]);
		enum unmirrored got, got_all;

		settings.mirroring.ntp = NTP_AMAZON;
		settings.mirroring.neighbor_discovery = NEIGHBOR_DISCOVERY_RULES;
		got = unmirrored(&settings, &p);
		settings.mirroring.ntp = NTP_ALL;
		settings.mirroring.neighbor_discovery = NEIGHBOR_DISCOVERY_NEVER;
		got_all = unmirrored(&settings, &p);
		if (got != rows[i].want || got_all != rows[i].want_all)
			fprintf(stderr, "row %zu: %s:%d > %s:%d: %d, %d\n", i, rows[i].src,
				rows[i].src_port, rows[i].dst, rows[i].dst_port, got, got_all);
		CU_ASSERT_EQUAL(got, rows[i].want);
		CU_ASSERT_EQUAL(got_all, rows[i].want_all);
		seen[got_all] = true;
	}
	CU_ASSERT_EQUAL(unmirrored_ether(0x0806), UNMIRRORED_ARP);
	CU_ASSERT_EQUAL(unmirrored_ether(0x88cc), UNMIRRORED_NONE);
	seen[UNMIRRORED_ARP] = true;
	for (int kind = 0; kind < UNMIRRORED_KINDS; kind++) {
		const char *name = unmirrored_name((enum unmirrored)kind);

		CU_ASSERT_TRUE(seen[kind]);
		CU_ASSERT_EQUAL(name == NULL, kind == UNMIRRORED_NONE);
	}
	settings_fini(&settings);
}

void suite_unmirrored(void);
void suite_unmirrored(void)
{
	CU_pSuite s = CU_add_suite("unmirrored", NULL, NULL);

	CU_ADD_TEST(s, each_kind_is_told);
}
