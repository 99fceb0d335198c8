#include <CUnit/Basic.h>
#include <netinet/in.h>
#include <string.h>

#include "dataplane/pipeline/owner.h"
#include "support/answer.h"

static struct packet packet(uint8_t protocol, const char *src, uint16_t src_port,
	const char *dst, uint16_t dst_port, uint32_t tenant)
{
	struct packet p;

	memset(&p, 0, sizeof(p));
	p.protocol = protocol;
	CU_ASSERT_TRUE(ip_addr_parse(src, &p.src));
	CU_ASSERT_TRUE(ip_addr_parse(dst, &p.dst));
	p.ip_version = ip_addr_is_v4(&p.src) ? 4 : 6;
	p.src_port = src_port;
	p.dst_port = dst_port;
	p.tenant = tenant;
	return p;
}

static void both_directions_have_one_owner(void)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, 132, 33, 136, 47, 50};

	for (uint32_t n = 2; n <= 5; n++)
		for (size_t k = 0; k < sizeof(protocols); k++)
			for (uint16_t port = 1; port < 400; port++) {
				struct packet p = packet(
					protocols[k], "10.0.0.1", port, "10.9.8.7", 443, 3);
				struct packet six = packet(
					protocols[k], "fd00::1", port, "fd00::2", 443, 3);
				struct packet back = answer_to(&p), back_six = answer_to(&six);

				CU_ASSERT_EQUAL(owner_of_flow(&p, n), owner_of_flow(&back, n));
				CU_ASSERT_EQUAL(
					owner_of_flow(&six, n), owner_of_flow(&back_six, n));
				CU_ASSERT_TRUE(owner_of_flow(&p, n) < n);
			}
}

/* One flow log record counts them all: echo and reply of any id, an error, and a packet that was cut
 * before its type. */
static void icmp_of_two_addresses_has_one_owner(void)
{
	for (uint16_t pair = 0; pair < 50; pair++) {
		struct packet p = packet(IPPROTO_ICMP, "10.0.0.1", 0, "10.9.8.7", 0, pair);
		struct packet back = answer_to(&p);
		uint32_t owner;

		p.flags = PACKET_PORTS_CUT;
		owner = owner_of_flow(&p, 4);
		p.flags = 0;
		for (uint16_t id = 0; id < 50; id++) {
			p.icmp_type = 8;
			p.icmp_id = back.icmp_id = id;
			CU_ASSERT_EQUAL(owner_of_flow(&p, 4), owner);
			CU_ASSERT_EQUAL(owner_of_flow(&back, 4), owner);
			p.icmp_type = 3;
			CU_ASSERT_EQUAL(owner_of_flow(&p, 4), owner);
		}
	}
}

/* A later fragment whose ports were learned belongs with the first. */
static void learned_ports_are_ports(void)
{
	for (uint16_t port = 1; port < 200; port++) {
		struct packet p = packet(IPPROTO_UDP, "10.0.0.1", port, "10.9.8.7", 53, 3);
		struct packet later = p;

		p.flags = PACKET_FRAGMENT;
		later.flags = PACKET_FRAGMENT | PACKET_LATER_FRAGMENT | PACKET_PORTS_LEARNED;
		CU_ASSERT_EQUAL(owner_of_flow(&p, 4), owner_of_flow(&later, 4));
	}
}

/* No worker has less than 0.8 of its share of conversations that differ in one thing alone. */
static void shares_out(uint32_t n, void (*vary)(struct packet *p, uint32_t i))
{
	enum { FLOWS = 8192 };
	uint32_t counts[8] = {0};

	for (uint32_t i = 0; i < FLOWS; i++) {
		struct packet p = packet(IPPROTO_TCP, "10.0.0.0", 40000, "10.9.8.7", 443, 3);

		vary(&p, i);
		counts[owner_of_flow(&p, n)]++;
	}
	for (uint32_t i = 0; i < n; i++)
		CU_ASSERT_TRUE(counts[i] * n * 10 >= FLOWS * 8);
}

static void by_port(struct packet *p, uint32_t i)
{
	p->src_port = (uint16_t)(32768 + i);
}

static void by_address(struct packet *p, uint32_t i)
{
	p->src.byte[14] = (uint8_t)(i >> 8);
	p->src.byte[15] = (uint8_t)i;
}

static void by_server(struct packet *p, uint32_t i)
{
	p->dst.byte[14] = (uint8_t)(i >> 8);
	p->dst.byte[15] = (uint8_t)i;
}

static void by_tenant(struct packet *p, uint32_t i)
{
	p->tenant = i;
}

/* Both grow alike: what a sum of the two ends could lose. */
static void by_both_ends(struct packet *p, uint32_t i)
{
	by_address(p, i);
	by_server(p, i);
}

static void by_opposite_ends(struct packet *p, uint32_t i)
{
	by_address(p, i);
	by_server(p, 8191 - i);
}

static void by_address_and_port(struct packet *p, uint32_t i)
{
	by_address(p, i & 63);
	p->src_port = (uint16_t)(32768 + (i >> 6));
}

static void conversations_are_shared_out(void)
{
	static void (*const ways[])(struct packet * p, uint32_t i) = {by_port, by_address,
		by_server, by_tenant, by_both_ends, by_opposite_ends, by_address_and_port};

	for (uint32_t n = 2; n <= 8; n++)
		for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
			shares_out(n, ways[i]);
}

static void fragments_of_a_datagram_have_one_owner(void)
{
	uint32_t counts[4] = {0};

	for (uint32_t id = 0; id < 4096; id++) {
		struct packet first = packet(IPPROTO_UDP, "10.0.0.1", 7, "10.9.8.7", 53, 3);
		struct packet later = packet(IPPROTO_UDP, "10.0.0.1", 0, "10.9.8.7", 0, 3);
		const uint8_t header[20] = {
			0x45, [3] = 20, (uint8_t)(id >> 8), (uint8_t)id, 0x20};

		first.ip = later.ip = header;
		first.ip_cap = first.ip_len = later.ip_cap = later.ip_len = sizeof(header);
		first.flags = PACKET_FRAGMENT;
		later.flags = PACKET_FRAGMENT | PACKET_LATER_FRAGMENT;
		CU_ASSERT_EQUAL(owner_of_fragment(&first, 4), owner_of_fragment(&later, 4));
		counts[owner_of_fragment(&first, 4)]++;
	}
	for (int i = 0; i < 4; i++)
		CU_ASSERT_TRUE(counts[i] > 4096 / 4 * 8 / 10);
}

void suite_owner(void);

void suite_owner(void)
{
	CU_pSuite suite = CU_add_suite("owner", NULL, NULL);

	CU_ADD_TEST(suite, both_directions_have_one_owner);
	CU_ADD_TEST(suite, icmp_of_two_addresses_has_one_owner);
	CU_ADD_TEST(suite, learned_ports_are_ports);
	CU_ADD_TEST(suite, conversations_are_shared_out);
	CU_ADD_TEST(suite, fragments_of_a_datagram_have_one_owner);
}
