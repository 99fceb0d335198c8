#include "decap/l4.h"

#include "decap/cursor.h"
#include "decap/ip.h"

enum {
	TCP_SIZE = 20,
	UDP_SIZE = 8,
	SCTP_SIZE = 12,
	DCCP_SIZE = 12,
	ICMP_SIZE = 8,
};

/* What there is to read: `cap` bytes at `at`, `len` claimed. */
struct segment {
	const uint8_t *at;
	uint32_t cap, len;
};

static struct segment segment_of(const struct packet *p)
{
	struct cursor c = cursor_make(p->ip, p->ip_cap, p->ip_len);
	struct segment s = {NULL, 0, p->ip_len - p->l4};

	if (cursor_take(&c, p->l4))
		s = (struct segment){c.at, c.cap, c.wire};
	return s;
}

/* The header's first `need` bytes are not all there: cut, or never claimed. */
static void missing(struct packet *p, const struct segment *s, uint32_t need)
{
	p->flags |= s->len < need ? PACKET_L4_ODD : PACKET_PORTS_CUT;
}

static bool ports_read(struct packet *p, const struct segment *s)
{
	if (s->cap < 4) {
		missing(p, s, 4);
		return false;
	}
	p->src_port = be16(s->at);
	p->dst_port = be16(s->at + 2);
	return true;
}

/* No header: what follows it is unknown. */
static void odd(struct packet *p)
{
	p->flags |= PACKET_L4_ODD;
	p->payload = (uint16_t)(p->ip_len < UINT16_MAX ? p->ip_len : UINT16_MAX);
}

static void header_set(struct packet *p, const struct segment *s, uint32_t size, uint32_t min)
{
	if (size < min || size > s->len)
		odd(p);
	else
		p->payload = (uint16_t)(p->l4 + size);
}

static void tcp_read(struct packet *p, const struct segment *s)
{
	uint32_t size = TCP_SIZE;

	if (!ports_read(p, s))
		return header_set(p, s, size, TCP_SIZE);
	if (s->cap >= 8)
		p->tcp_seq = be32(s->at + 4);
	if (s->cap >= 12)
		p->tcp_ack = be32(s->at + 8);
	if (s->cap >= 14) {
		size = (s->at[12] >> 4) * 4u;
		p->tcp_flags = s->at[13];
	}
	if (s->cap >= 16)
		p->tcp_window = be16(s->at + 14);
	header_set(p, s, size, TCP_SIZE);
}

/* The length of a first fragment is that of the whole datagram. */
static void udp_read(struct packet *p, const struct segment *s)
{
	header_set(p, s, UDP_SIZE, UDP_SIZE);
	if (!ports_read(p, s) || s->cap < 6 || s->len < UDP_SIZE)
		return;
	if (be16(s->at + 4) < UDP_SIZE ||
		(be16(s->at + 4) > s->len && !(p->flags & PACKET_FRAGMENT)))
		p->flags |= PACKET_L4_ODD;
}

static void dccp_read(struct packet *p, const struct segment *s)
{
	uint32_t size = ports_read(p, s) && s->cap >= 5 ? s->at[4] * 4u : DCCP_SIZE;

	header_set(p, s, size, DCCP_SIZE);
}

static void fixed_read(struct packet *p, const struct segment *s, uint32_t size)
{
	ports_read(p, s);
	header_set(p, s, size, size);
}

/* Echo, timestamp, information and address mask (RFC 792, 950), echo (RFC 4443). */
static bool icmp_is_query(uint8_t protocol, uint8_t type)
{
	if (protocol == IPPROTO_ICMPV6)
		return type == 128 || type == 129;
	return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

static void icmp_read(struct packet *p, const struct segment *s)
{
	header_set(p, s, ICMP_SIZE, ICMP_SIZE);
	if (s->cap < 2)
		return missing(p, s, 2);
	p->icmp_type = s->at[0];
	p->icmp_code = s->at[1];
	if (!icmp_is_query(p->protocol, p->icmp_type))
		return;
	if (s->cap < 6)
		return missing(p, s, 6);
	p->icmp_id = be16(s->at + 4);
}

static void header_read(struct packet *p)
{
	struct segment s = segment_of(p);

	switch (p->protocol) {
	case IPPROTO_TCP:
		return tcp_read(p, &s);
	case IPPROTO_UDP:
		return udp_read(p, &s);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return icmp_read(p, &s);
	case IPPROTO_SCTP:
		return fixed_read(p, &s, SCTP_SIZE);
	case IPPROTO_UDPLITE:
		return fixed_read(p, &s, UDP_SIZE);
	case IPPROTO_DCCP:
		return dccp_read(p, &s);
	default:
		/* An extension header is left only where a cut ended the walk. */
		if (p->ip_version == 6 && ip_is_extension(p->protocol))
			p->flags |= PACKET_PORTS_CUT;
	}
}

void l4_read(struct packet *p)
{
	p->payload = p->l4;
	p->tcp_flags = p->icmp_type = p->icmp_code = 0;
	p->icmp_id = p->src_port = p->dst_port = 0;
	p->tcp_seq = p->tcp_ack = 0;
	if (!(p->flags & PACKET_LATER_FRAGMENT))
		header_read(p);
}
