#include "bench/frame.h"

#include <netinet/in.h>
#include <string.h>

#include "decap/link.h"

enum { IPV4_BYTES = 20, IPV6_BYTES = 40, TCP_BYTES = 20, UDP_BYTES = 8 };
enum { VXLAN_PORT = 4789, VXLAN_I = 0x08, TTL = 64, AWS_TTL = 255 };

static uint8_t *put16(uint8_t *at, uint32_t n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
	return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t n)
{
	return put16(put16(at, n >> 16), n & 0xffff);
}

uint64_t frame_sum(uint64_t sum, const uint8_t *at, uint32_t len)
{
	for (; len > 1; at += 2, len -= 2)
		sum += (uint32_t)at[0] << 8 | at[1];
	return len ? sum + ((uint32_t)at[0] << 8) : sum;
}

uint16_t frame_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t frame_headers(bool v6, bool udp)
{
	int bytes = v6 ? IPV6_BYTES : IPV4_BYTES;

	return (uint32_t)(FRAME_ETHERNET + bytes + (udp ? UDP_BYTES : TCP_BYTES));
}

static uint8_t *put_ethernet(uint8_t *at, uint32_t src, uint32_t dst, uint32_t type)
{
	at = put32(put16(at, 0x0200), dst);
	at = put32(put16(at, 0x0200), src);
	return put16(at, type);
}

static uint8_t *put_ipv4(
	uint8_t *at, uint32_t src, uint32_t dst, uint8_t ttl, uint8_t protocol, uint32_t len)
{
	uint8_t *header = at;

	at = put16(put16(at, 0x4500), IPV4_BYTES + len);
	at = put32(at, 0);
	*at++ = ttl;
	*at++ = protocol;
	at = put32(put32(put16(at, 0), src), dst);
	put16(header + 10, frame_fold(frame_sum(0, header, IPV4_BYTES)));
	return at;
}

static uint8_t *put_address6(uint8_t *at, uint32_t address)
{
	static const uint8_t prefix[12] = {0x20, 0x01, 0x0d, 0xb8, 0, 1};

	memcpy(at, prefix, sizeof(prefix));
	return put32(at + sizeof(prefix), address);
}

static uint8_t *put_ipv6(
	uint8_t *at, uint32_t src, uint32_t dst, uint8_t protocol, uint32_t len)
{
	at = put16(put32(at, 0x60000000), len);
	*at++ = protocol;
	*at++ = TTL;
	return put_address6(put_address6(at, src), dst);
}

static uint8_t *put_tcp(uint8_t *at, const struct frame_ip *ip)
{
	at = put16(put16(at, ip->src.port), ip->dst.port);
	at = put32(put32(at, ip->seq), ip->ack);
	*at++ = TCP_BYTES / 4 << 4;
	*at++ = ip->tcp_flags;
	at = put16(at, 0xfaf0);
	return put32(at, 0);
}

static uint8_t *put_udp(uint8_t *at, const struct frame_ip *ip)
{
	at = put16(put16(at, ip->src.port), ip->dst.port);
	return put32(at, (UDP_BYTES + ip->payload_len) << 16);
}

/* The pseudo header of both versions sums up to this. */
static uint16_t l4_checksum(
	const uint8_t *addresses, uint32_t n, uint8_t protocol, const uint8_t *l4, uint32_t len)
{
	uint64_t sum = frame_sum((uint64_t)protocol + len, addresses, n);

	return frame_fold(frame_sum(sum, l4, len));
}

uint32_t frame_build(const struct frame_ip *ip, uint8_t *out)
{
	uint8_t protocol = ip->udp ? IPPROTO_UDP : IPPROTO_TCP, *at, *l4;
	uint32_t len = (ip->udp ? 8u : 20u) + ip->payload_len;
	uint32_t addresses = ip->v6 ? 32 : 8;
	uint16_t sum;

	at = put_ethernet(
		out, ip->src.address, ip->dst.address, ip->v6 ? ETHER_IP6 : ETHER_IP4);
	if (ip->v6)
		l4 = put_ipv6(at, ip->src.address, ip->dst.address, protocol, len);
	else
		l4 = put_ipv4(at, ip->src.address, ip->dst.address, TTL, protocol, len);
	at = ip->udp ? put_udp(l4, ip) : put_tcp(l4, ip);
	memcpy(at, ip->payload, ip->payload_len);
	sum = l4_checksum(l4 - addresses, addresses, protocol, l4, len);
	put16(l4 + (ip->udp ? 6 : 16), ip->udp && sum == 0 ? 0xffff : sum);
	return (uint32_t)(at - out) + ip->payload_len;
}

void frame_mirror(
	uint32_t outer_src, uint32_t vni, uint16_t src_port, uint32_t len, uint8_t *out)
{
	const uint32_t target = 0x0afffffe;
	uint32_t udp = UDP_BYTES + 8 + len;
	uint8_t *at = put_ethernet(out, outer_src, target, ETHER_IP4);

	at = put_ipv4(at, outer_src, target, AWS_TTL, IPPROTO_UDP, udp);
	at = put16(put16(at, src_port), VXLAN_PORT);
	at = put32(at, udp << 16);
	at = put32(at, (uint32_t)VXLAN_I << 24);
	put32(at, vni << 8);
}
