#include "dataplane/support/mirror_frame.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "decap/cursor.h"
#include "support/frame.h"

enum { OTHER_HEADER = 8, SRC_PORT = 0xff80 };

static struct frame_end end(const char *address, uint8_t mac, uint16_t port)
{
	struct frame_end end = {.mac = mac, .port = port};

	if (!ip_addr_parse(address, &end.addr))
		abort();
	return end;
}

static struct frame_ip inner(const struct mirror_frame *spec)
{
	bool other = spec->protocol != IPPROTO_TCP && spec->protocol != IPPROTO_UDP &&
		     spec->fragment_offset == 0;

	return (struct frame_ip){
		.src = end(spec->src, spec->src_mac, spec->src_port),
		.dst = end(spec->dst, spec->dst_mac, spec->dst_port),
		.protocol = spec->protocol,
		.tcp_flags = TCP_ACK,
		.seq = 1,
		.ack = 1,
		.payload_len = spec->payload + (other ? OTHER_HEADER : 0u),
		.fragment_offset = spec->fragment_offset,
		.fragment_id = spec->fragment_id,
		.more_fragments = spec->more_fragments,
	};
}

uint32_t mirror_frame_ip_len(const struct mirror_frame *spec)
{
	struct frame_ip ip = inner(spec);

	return frame_ip_len(&ip);
}

uint32_t mirror_frame_write(const struct mirror_frame *spec, uint8_t out[MIRROR_FRAME_ROOM])
{
	struct frame_end source = end(spec->outer_src, 0, 0);
	struct frame_ip ip = inner(spec);
	uint32_t len;

	if (spec->payload > MIRROR_PAYLOAD_MAX)
		abort();
	len = frame_build(&ip, out + FRAME_MIRROR);
	frame_mirror(be32(source.addr.byte + 12), spec->vni, SRC_PORT, len, out);
	return FRAME_MIRROR + len;
}

struct packet mirror_frame_packet(const uint8_t *bytes, uint32_t len, uint64_t time_ns)
{
	return (struct packet){.data = bytes,
		.cap = len,
		.wire = len,
		.time_ns = time_ns,
		.number = 1,
		.link = LINK_ETHERNET};
}
