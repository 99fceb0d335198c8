#include "support/talk.h"

#include <assert.h>
#include <string.h>

enum { IP_LEN = 20, TCP_LEN = 20, UDP_LEN = 8 };

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

void talk_open(struct talk *talk, uint8_t protocol, uint8_t client, uint16_t client_port,
	uint8_t server, uint16_t server_port)
{
	const uint8_t addresses[2][4] = {{10, 1, 0, client}, {192, 168, 7, server}};

	memset(talk, 0, sizeof(*talk));
	memcpy(talk->address, addresses, sizeof(addresses));
	talk->port[0] = client_port;
	talk->port[1] = server_port;
	talk->seq[0] = 1000;
	talk->seq[1] = 5000;
	talk->flow.key.lo = ip_addr_v4(addresses[0]);
	talk->flow.key.hi = ip_addr_v4(addresses[1]);
	talk->flow.key.lo_port = client_port;
	talk->flow.key.hi_port = server_port;
	talk->flow.key.protocol = protocol;
	talk->flow.key.ip_version = 4;
	talk->flow.flags = FLOW_CLIENT_IS_LO;
}

static void write_l4(struct talk *talk, unsigned side, uint8_t flags, size_t len)
{
	uint8_t *l4 = talk->bytes + IP_LEN;

	put16(l4, talk->port[side]);
	put16(l4 + 2, talk->port[!side]);
	if (talk->flow.key.protocol == 17) {
		put16(l4 + 4, (uint32_t)(UDP_LEN + len));
		return;
	}
	put32(l4 + 4, talk->seq[side]);
	put32(l4 + 8, flags & TALK_ACK ? talk->seq[!side] : 0);
	l4[12] = 5 << 4;
	l4[13] = flags;
	put16(l4 + 14, 64240);
}

static void fill_packet(struct talk *talk, unsigned side, uint8_t flags, uint16_t payload)
{
	struct packet *p = &talk->packet;
	uint32_t number = (uint32_t)p->number + 1;

	memset(p, 0, sizeof(*p));
	p->number = number;
	p->time_ns = 1700000000000000000 + number * 10000000ull;
	p->ip = p->frame = p->data = talk->bytes;
	p->l4 = IP_LEN;
	p->payload = payload;
	p->ip_version = 4;
	p->protocol = talk->flow.key.protocol;
	p->tcp_flags = flags;
	p->src_port = talk->port[side];
	p->dst_port = talk->port[!side];
	p->tcp_seq = talk->seq[side];
	p->tcp_ack = flags & TALK_ACK ? talk->seq[!side] : 0;
	p->src = ip_addr_v4(talk->address[side]);
	p->dst = ip_addr_v4(talk->address[!side]);
	p->flags = side ? 0 : PACKET_FROM_CLIENT;
	p->flow = &talk->flow;
}

static struct packet *talk_send(
	struct talk *talk, unsigned side, uint8_t flags, const void *payload, size_t len)
{
	struct packet *p = &talk->packet;
	uint8_t *ip = talk->bytes;
	uint32_t header = IP_LEN + (talk->flow.key.protocol == 6 ? TCP_LEN : UDP_LEN);

	assert(header + len <= sizeof(talk->bytes));
	memset(ip, 0, header);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)(header + len));
	ip[8] = 64;
	ip[9] = talk->flow.key.protocol;
	memcpy(ip + 12, talk->address[side], 4);
	memcpy(ip + 16, talk->address[!side], 4);
	write_l4(talk, side, flags, len);
	if (len)
		memcpy(ip + header, payload, len);
	fill_packet(talk, side, flags, (uint16_t)header);
	p->cap = p->wire = p->frame_cap = p->frame_wire = p->ip_cap = p->ip_len =
		(uint32_t)(header + len);
	talk->seq[side] += (uint32_t)len + (flags & TALK_SYN ? 1 : 0);
	talk->flow.side[side].packets++;
	talk->flow.side[side].bytes += p->ip_len;
	return p;
}

struct packet *talk_say(struct talk *talk, unsigned side, const void *payload, size_t len)
{
	return talk_send(talk, side, TALK_PSH | TALK_ACK, payload, len);
}

struct packet *talk_handshake(struct talk *talk, unsigned step)
{
	static const uint8_t flags[] = {TALK_SYN, TALK_SYN | TALK_ACK, TALK_ACK};

	return talk_send(talk, step == 1, flags[step], NULL, 0);
}

void talk_cut(struct talk *talk, uint32_t cap)
{
	struct packet *p = &talk->packet;

	assert(cap < p->ip_len);
	p->cap = p->frame_cap = p->ip_cap = cap;
	p->flags |= PACKET_CUT;
}
