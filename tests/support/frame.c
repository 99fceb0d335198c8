#include "support/frame.h"

#include <netinet/in.h>
#include <string.h>

#include "decap/link.h"

enum { IPV4_BYTES = 20, IPV6_BYTES = 40, TCP_BYTES = 20, UDP_BYTES = 8, VXLAN_BYTES = 8 };
enum { VXLAN_PORT = 4789, VXLAN_I = 0x08, TTL = 64, AWS_TTL = 255, MORE_FRAGMENTS = 0x2000 };

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

/* The Internet checksum (RFC 1071) of `len` bytes, added to a sum so far; fold() ends it. */
static uint64_t sum(uint64_t so_far, const uint8_t *at, uint32_t len)
{
	for (; len > 1; at += 2, len -= 2)
		so_far += (uint32_t)at[0] << 8 | at[1];
	return len ? so_far + ((uint32_t)at[0] << 8) : so_far;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

struct frame_end frame_end_of(uint32_t address, uint16_t port, bool v6)
{
	static const uint8_t v4_prefix[12] = {[10] = 0xff, 0xff};
	static const uint8_t v6_prefix[12] = {0x20, 0x01, 0x0d, 0xb8, 0, 1};
	struct frame_end end = {.mac = address, .port = port};

	memcpy(end.addr.byte, v6 ? v6_prefix : v4_prefix, 12);
	put32(end.addr.byte + 12, address);
	return end;
}

static bool is_v6(const struct frame_ip *ip)
{
	return !ip_addr_is_v4(&ip->src.addr);
}

static bool is_fragment(const struct frame_ip *ip)
{
	return ip->fragment_offset > 0 || ip->more_fragments;
}

static uint32_t l4_len(const struct frame_ip *ip)
{
	uint32_t header = ip->protocol == IPPROTO_TCP   ? TCP_BYTES
			  : ip->protocol == IPPROTO_UDP ? UDP_BYTES
							: 0;

	return (ip->fragment_offset > 0 ? 0 : header) + ip->payload_len;
}

uint32_t frame_ip_len(const struct frame_ip *ip)
{
	return (is_v6(ip) ? IPV6_BYTES : IPV4_BYTES) + l4_len(ip);
}

static uint8_t *put_ethernet(uint8_t *at, const struct frame_ip *ip)
{
	at = put32(put16(at, 0x0200), ip->dst.mac);
	at = put32(put16(at, 0x0200), ip->src.mac);
	return put16(at, is_v6(ip) ? ETHER_IP6 : ETHER_IP4);
}

static uint8_t *put_ipv4(uint8_t *at, const struct frame_ip *ip)
{
	uint8_t *header = at;

	at = put16(put16(at, 0x4500), IPV4_BYTES + l4_len(ip));
	at = put16(at, ip->fragment_id);
	at = put16(at, (ip->more_fragments ? MORE_FRAGMENTS : 0) | ip->fragment_offset / 8u);
	*at++ = ip->ttl ? ip->ttl : TTL;
	*at++ = ip->protocol;
	at = put16(at, 0);
	memcpy(at, ip->src.addr.byte + 12, 4);
	memcpy(at + 4, ip->dst.addr.byte + 12, 4);
	put16(header + 10, fold(sum(0, header, IPV4_BYTES)));
	return header + IPV4_BYTES;
}

static uint8_t *put_ipv6(uint8_t *at, const struct frame_ip *ip)
{
	at = put16(put32(at, 0x60000000), l4_len(ip));
	*at++ = ip->protocol;
	*at++ = ip->ttl ? ip->ttl : TTL;
	memcpy(at, ip->src.addr.byte, 16);
	memcpy(at + 16, ip->dst.addr.byte, 16);
	return at + 32;
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
static void put_checksum(uint8_t *l4, const struct frame_ip *ip)
{
	uint32_t addresses = is_v6(ip) ? 32 : 8, len = l4_len(ip);
	uint64_t pseudo = sum((uint64_t)ip->protocol + len, l4 - addresses, addresses);
	uint16_t checksum = fold(sum(pseudo, l4, len));

	if (ip->protocol == IPPROTO_UDP)
		put16(l4 + 6, checksum ? checksum : 0xffff);
	else if (ip->protocol == IPPROTO_TCP)
		put16(l4 + 16, checksum);
}

uint32_t frame_ip_write(const struct frame_ip *ip, uint8_t *out)
{
	uint8_t *l4 = is_v6(ip) ? put_ipv6(out, ip) : put_ipv4(out, ip), *at = l4;

	if (ip->fragment_offset == 0 && ip->protocol == IPPROTO_TCP)
		at = put_tcp(l4, ip);
	else if (ip->fragment_offset == 0 && ip->protocol == IPPROTO_UDP)
		at = put_udp(l4, ip);
	if (ip->payload)
		memcpy(at, ip->payload, ip->payload_len);
	else
		memset(at, 0, ip->payload_len);
	if (!is_fragment(ip))
		put_checksum(l4, ip);
	return frame_ip_len(ip);
}

uint32_t frame_build(const struct frame_ip *ip, uint8_t *out)
{
	return FRAME_ETHERNET + frame_ip_write(ip, put_ethernet(out, ip));
}

void frame_mirror(
	uint32_t outer_src, uint32_t vni, uint16_t src_port, uint32_t len, uint8_t *out)
{
	const struct frame_ip outer = {
		.src = frame_end_of(outer_src, src_port, false),
		.dst = frame_end_of(0x0afffffe, VXLAN_PORT, false),
		.protocol = IPPROTO_UDP,
		.ttl = AWS_TTL,
		.payload_len = VXLAN_BYTES + len,
	};
	uint8_t *at = put_udp(put_ipv4(put_ethernet(out, &outer), &outer), &outer);

	put32(put32(at, (uint32_t)VXLAN_I << 24), vni << 8);
}
