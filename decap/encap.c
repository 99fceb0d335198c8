#include "decap/encap.h"

#include "decap/ip.h"
#include "decap/link.h"

enum {
	ETHERNET_SIZE = 14,
	IP4_SIZE = 20,
	IP6_SIZE = 40,
	UDP_SIZE = 8,
	VXLAN_SIZE = 8,
	GENEVE_OPTIONS = 32,
	GENEVE_SIZE = 8 + GENEVE_OPTIONS,
	GENEVE_PORT = 6081,
	GENEVE_PORT_BASE = 0xc000, /* RFC 8926, section 3.3: from the dynamic range */
	AWS_OPTION_CLASS = 0x0108,
	AWS_PORT_BASE = 0xff80,
	VXLAN_I = 0x08,
};

static uint8_t *put8(uint8_t *at, uint8_t v)
{
	*at = v;
	return at + 1;
}

static uint8_t *put16(uint8_t *at, uint32_t v)
{
	return put8(put8(at, (uint8_t)(v >> 8)), (uint8_t)v);
}

static uint8_t *put32(uint8_t *at, uint32_t v)
{
	return put16(put16(at, v >> 16), v);
}

static uint8_t *put64(uint8_t *at, uint64_t v)
{
	return put32(put32(at, (uint32_t)(v >> 32)), (uint32_t)v);
}

static uint8_t *put_bytes(uint8_t *at, const uint8_t *from, size_t n)
{
	memcpy(at, from, n);
	return at + n;
}

/* RFC 1071, over a header of even length whose checksum field is 0. */
static uint16_t checksum(const uint8_t *at, uint32_t n)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < n; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint8_t *put_ip4(uint8_t *at, const struct ip_addr *src, const struct ip_addr *dst,
	uint8_t ttl, uint32_t payload)
{
	uint8_t *start = at;

	at = put16(at, 0x4500);
	at = put16(at, IP4_SIZE + payload);
	at = put32(at, 0);
	at = put8(at, ttl);
	at = put8(at, IPPROTO_UDP);
	at = put16(at, 0);
	at = put_bytes(at, src->byte + 12, 4);
	at = put_bytes(at, dst->byte + 12, 4);
	put16(start + 10, checksum(start, IP4_SIZE));
	return at;
}

static uint8_t *put_ip6(uint8_t *at, const struct ip_addr *src, const struct ip_addr *dst,
	uint8_t ttl, uint32_t payload)
{
	at = put32(at, 0x60000000);
	at = put16(at, payload);
	at = put8(at, IPPROTO_UDP);
	at = put8(at, ttl);
	at = put_bytes(at, src->byte, 16);
	return put_bytes(at, dst->byte, 16);
}

static uint8_t *put_udp(uint8_t *at, uint16_t src_port, uint16_t dst_port, uint32_t payload)
{
	at = put16(at, src_port);
	at = put16(at, dst_port);
	at = put16(at, UDP_SIZE + payload);
	return put16(at, 0);
}

static uint8_t *put_option(uint8_t *at, uint8_t type, uint8_t words)
{
	return put8(put8(put16(at, AWS_OPTION_CLASS), type), words);
}

static uint8_t *put_geneve(uint8_t *at, const struct encap_gateway *g, uint16_t ether)
{
	at = put8(at, GENEVE_OPTIONS / 4);
	at = put8(at, 0);
	at = put16(at, ether);
	at = put32(at, 0);
	at = put64(put_option(at, 1, 2), g->endpoint);
	at = put64(put_option(at, 2, 2), g->attachment);
	return put32(put_option(at, 3, 1), g->cookie);
}

static bool is_v6(const struct encap_params *params)
{
	return !ip_addr_is_v4(&params->src);
}

/* From the mirror's own IP header on. */
static uint32_t mirror_size(const struct encap_params *params)
{
	return (is_v6(params) ? (uint32_t)IP6_SIZE : IP4_SIZE) + UDP_SIZE + VXLAN_SIZE;
}

uint32_t encap_size(const struct encap_params *params)
{
	uint32_t gateway = params->gateway ? IP4_SIZE + UDP_SIZE + GENEVE_SIZE : 0;

	return ETHERNET_SIZE + gateway + mirror_size(params);
}

static uint8_t *put_gateway(
	uint8_t *at, const struct encap_params *params, uint16_t source_port, uint32_t inner)
{
	const struct encap_gateway *g = params->gateway;
	uint16_t port = (uint16_t)(GENEVE_PORT_BASE | (source_port & 0x3fff));

	at = put_ip4(at, &g->src, &g->dst, params->ttl, UDP_SIZE + GENEVE_SIZE + inner);
	at = put_udp(at, port, GENEVE_PORT, GENEVE_SIZE + inner);
	return put_geneve(at, g, is_v6(params) ? ETHER_IP6 : ETHER_IP4);
}

uint32_t encap_write(const struct encap_params *params, uint16_t source_port,
	uint32_t frame_len, uint8_t out[ENCAP_ROOM])
{
	uint32_t size = encap_size(params), payload = VXLAN_SIZE + frame_len;
	bool v6 = is_v6(params);
	uint8_t *at = out;

	/* 65,535 bounds the length of the outermost IP packet, in every combination. */
	if (frame_len > UINT16_MAX || size - ETHERNET_SIZE + frame_len > UINT16_MAX)
		return 0;
	at = put_bytes(at, params->dst_mac, 6);
	at = put_bytes(at, params->src_mac, 6);
	at = put16(at, v6 && !params->gateway ? ETHER_IP6 : ETHER_IP4);
	if (params->gateway)
		at = put_gateway(at, params, source_port, mirror_size(params) + frame_len);
	at = (v6 ? put_ip6 : put_ip4)(
		at, &params->src, &params->dst, params->ttl, UDP_SIZE + payload);
	at = put_udp(at, source_port, params->port, payload);
	at = put32(at, (uint32_t)VXLAN_I << 24);
	put32(at, params->vni << 8);
	return size;
}

static bool has_five(const struct packet *p)
{
	if (p->flags & PACKET_FRAGMENT)
		return false;
	return p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP ||
	       p->protocol == IPPROTO_ICMP || p->protocol == IPPROTO_ICMPV6;
}

/* FNV-1a (32 bits) of one end of the conversation, and a last round: where both ends hold the
 * same number (a query id), the sum of two plain FNV hashes takes few values. */
static uint32_t end_hash(const struct ip_addr *a, uint16_t port)
{
	uint32_t hash = 2166136261u;

	for (int i = 0; i < 16; i++)
		hash = (hash ^ a->byte[i]) * 16777619u;
	hash = (hash ^ (port >> 8)) * 16777619u;
	hash = (hash ^ (port & 0xffu)) * 16777619u;
	hash = (hash ^ hash >> 16) * 0x85ebca6bu;
	return hash ^ hash >> 13;
}

/* A sum of the two ends does not know which of them sent the packet. The multiplication brings
 * every bit of it into the seven highest. */
uint16_t encap_source_port(const struct packet *p, bool has_ip)
{
	uint16_t src = 0, dst = 0, id = p->protocol == IPPROTO_TCP ? 0 : p->icmp_id;
	uint32_t sum;

	if (!has_ip)
		return AWS_PORT_BASE;
	if (has_five(p)) {
		src = (uint16_t)(p->src_port + id);
		dst = (uint16_t)(p->dst_port + id);
	}
	sum = end_hash(&p->src, src) + end_hash(&p->dst, dst) + p->protocol;
	return (uint16_t)(AWS_PORT_BASE | (sum ^ sum >> 15) * 0x9e3779b1u >> 25);
}
