#include "support/talk.h"

#include <assert.h>
#include <string.h>

enum { IP_LEN = 20 };

void talk_open(struct talk *talk, uint8_t protocol, uint8_t client, uint16_t client_port,
	uint8_t server, uint16_t server_port)
{
	memset(talk, 0, sizeof(*talk));
	talk->end[0] = frame_end_of(0x0a010000u + client, client_port, false);
	talk->end[1] = frame_end_of(0xc0a80700u + server, server_port, false);
	talk->seq[0] = 1000;
	talk->seq[1] = 5000;
	talk->flow.key.lo = talk->end[0].addr;
	talk->flow.key.hi = talk->end[1].addr;
	talk->flow.key.lo_port = client_port;
	talk->flow.key.hi_port = server_port;
	talk->flow.key.protocol = protocol;
	talk->flow.key.ip_version = 4;
	talk->flow.flags = FLOW_CLIENT_IS_LO;
}

static struct packet *talk_send(
	struct talk *talk, unsigned side, uint8_t flags, const void *payload, size_t len)
{
	const struct frame_ip ip = {
		.src = talk->end[side],
		.dst = talk->end[!side],
		.protocol = talk->flow.key.protocol,
		.tcp_flags = flags,
		.seq = talk->seq[side],
		.ack = flags & TCP_ACK ? talk->seq[!side] : 0,
		.payload = payload,
		.payload_len = (uint32_t)len,
	};
	struct packet *p = &talk->packet;
	uint32_t number = (uint32_t)p->number + 1, ip_len = frame_ip_len(&ip);

	assert(ip_len <= sizeof(talk->bytes));
	frame_ip_write(&ip, talk->bytes);
	*p = (struct packet){
		.number = number,
		.time_ns = 1700000000000000000 + number * 10000000ull,
		.ip = talk->bytes,
		.frame = talk->bytes,
		.data = talk->bytes,
		.cap = ip_len,
		.wire = ip_len,
		.frame_cap = ip_len,
		.frame_wire = ip_len,
		.ip_cap = ip_len,
		.ip_len = ip_len,
		.l4 = IP_LEN,
		.payload = (uint16_t)(ip_len - len),
		.ip_version = 4,
		.protocol = ip.protocol,
		.tcp_flags = flags,
		.src_port = ip.src.port,
		.dst_port = ip.dst.port,
		.tcp_seq = ip.seq,
		.tcp_ack = ip.ack,
		.src = ip.src.addr,
		.dst = ip.dst.addr,
		.flags = side ? 0 : PACKET_FROM_CLIENT,
		.flow = &talk->flow,
	};
	talk->seq[side] += (uint32_t)len + (flags & TCP_SYN ? 1 : 0);
	talk->flow.side[side].packets++;
	talk->flow.side[side].bytes += ip_len;
	return p;
}

struct packet *talk_say(struct talk *talk, unsigned side, const void *payload, size_t len)
{
	return talk_send(talk, side, TCP_PSH | TCP_ACK, payload, len);
}

struct packet *talk_handshake(struct talk *talk, unsigned step)
{
	static const uint8_t flags[] = {TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK};

	return talk_send(talk, step == 1, flags[step], NULL, 0);
}

void talk_cut(struct talk *talk, uint32_t cap)
{
	struct packet *p = &talk->packet;

	assert(cap < p->ip_len);
	p->cap = p->frame_cap = p->ip_cap = cap;
	p->flags |= PACKET_CUT;
}
