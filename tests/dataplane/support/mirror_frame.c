#include "dataplane/support/mirror_frame.h"

#include <stdlib.h>
#include <string.h>

enum { TCP = 6, UDP = 17, TCP_HEADER = 20, OTHER_HEADER = 8 };

struct writer {
	uint8_t *at;
};

static void put8(struct writer *w, unsigned value)
{
	*w->at++ = (uint8_t)value;
}

static void put16(struct writer *w, unsigned value)
{
	put8(w, value >> 8);
	put8(w, value & 255);
}

static void put32(struct writer *w, uint32_t value)
{
	put16(w, value >> 16);
	put16(w, value & 65535);
}

static void put_zeros(struct writer *w, unsigned n)
{
	memset(w->at, 0, n);
	w->at += n;
}

static struct ip_addr address(const char *text)
{
	struct ip_addr addr;

	if (!ip_addr_parse(text, &addr))
		abort();
	return addr;
}

static void put_addr(struct writer *w, const struct ip_addr *addr)
{
	unsigned skip = ip_addr_is_v4(addr) ? 12 : 0;

	memcpy(w->at, addr->byte + skip, 16 - skip);
	w->at += 16 - skip;
}

static void put_ethernet(struct writer *w, unsigned dst, unsigned src, unsigned type)
{
	put16(w, 0x0200);
	put32(w, dst);
	put16(w, 0x0200);
	put32(w, src);
	put16(w, type);
}

static void put_ip4(struct writer *w, const struct mirror_frame *spec, unsigned total)
{
	struct ip_addr src = address(spec->src), dst = address(spec->dst);

	put16(w, 0x4500);
	put16(w, total);
	put16(w, spec->fragment_id);
	put16(w, (spec->more_fragments ? 0x2000u : 0u) | spec->fragment_offset / 8u);
	put8(w, 64);
	put8(w, spec->protocol);
	put16(w, 0);
	put_addr(w, &src);
	put_addr(w, &dst);
}

static void put_ip6(struct writer *w, const struct mirror_frame *spec, unsigned total)
{
	struct ip_addr src = address(spec->src), dst = address(spec->dst);

	put32(w, 0x60000000);
	put16(w, total - 40);
	put8(w, spec->protocol);
	put8(w, 64);
	put_addr(w, &src);
	put_addr(w, &dst);
}

static unsigned header_size(const struct mirror_frame *spec)
{
	if (spec->fragment_offset > 0)
		return 0;
	return spec->protocol == TCP ? TCP_HEADER : OTHER_HEADER;
}

static void put_l4(struct writer *w, const struct mirror_frame *spec)
{
	if (spec->fragment_offset > 0)
		return;
	if (spec->protocol != TCP && spec->protocol != UDP) {
		put_zeros(w, OTHER_HEADER);
		return;
	}
	put16(w, spec->src_port);
	put16(w, spec->dst_port);
	if (spec->protocol == UDP) {
		put16(w, 8u + spec->payload);
		put16(w, 0);
		return;
	}
	put32(w, 1);
	put32(w, 1);
	put16(w, 0x5010); /* 20 bytes, ACK */
	put16(w, 1000);
	put32(w, 0);
}

uint32_t mirror_frame_ip_len(const struct mirror_frame *spec)
{
	return (strchr(spec->src, ':') ? 40u : 20u) + header_size(spec) + spec->payload;
}

uint32_t mirror_frame_write(const struct mirror_frame *spec, uint8_t out[MIRROR_FRAME_ROOM])
{
	struct writer w = {out};
	unsigned total = mirror_frame_ip_len(spec);
	bool v6 = strchr(spec->src, ':') != NULL;
	const struct mirror_frame outer = {
		.src = spec->outer_src, .dst = "10.255.0.1", .protocol = UDP};

	if (spec->payload > MIRROR_PAYLOAD_MAX)
		abort();
	put_ethernet(&w, 0xfe, 0xfd, 0x0800);
	put_ip4(&w, &outer, 20 + 8 + 8 + 14 + total);
	put16(&w, 65408);
	put16(&w, 4789);
	put16(&w, 8 + 8 + 14 + total);
	put16(&w, 0);
	put32(&w, 0x08000000);
	put32(&w, spec->vni << 8);
	put_ethernet(&w, spec->dst_mac, spec->src_mac, v6 ? 0x86dd : 0x0800);
	if (v6)
		put_ip6(&w, spec, total);
	else
		put_ip4(&w, spec, total);
	put_l4(&w, spec);
	put_zeros(&w, spec->payload);
	return (uint32_t)(w.at - out);
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
