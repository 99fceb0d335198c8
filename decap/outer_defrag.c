#include "decap/outer_defrag.h"

#include <stdlib.h>
#include <string.h>

#include "decap/ip.h"
#include "decap/link.h"
#include "decap/udp.h"

enum {
	UNIT = 8, /* fragments begin at multiples of it */
	DATA_MAX = UINT16_MAX,
	HEAD_MAX = 512, /* link and IP headers: what is longer is not put together */
	IP4_FRAGMENT = 6,
	IP4_MORE = 0x2000,
	IP4_OFFSET = 0x1fff,
	IP6_HEADER = 40,
	IP6_NEXT = 6,
	IP6_MORE = 1,
	IP6_OFFSET = 0xfff8,
	EXTENSION_MIN = 8,
	FRAGMENT_SIZE = 8,
	UDP_SIZE = 8,
};

/* One outer fragment, read. */
struct fragment {
	struct ip_header ip;
	uint32_t link_size; /* bytes before the IP header */
	uint32_t
		named_at; /* IPv6: where in the IP packet the number of the fragment header stands */
	const uint8_t *data;
	uint32_t offset, len;
	bool more;
};

struct datagram {
	bool used, refused; /* refused: it overlapped; its fragments are only counted */
	struct ip_addr src, dst;
	uint32_t id;
	uint8_t version, protocol;
	uint64_t began_ns;
	uint32_t fragments;   /* that wait */
	uint32_t have, total; /* bytes of data; total 0: the last was not seen */
	/* Of the first fragment: bytes before the data (0: not seen), of them before the IP header; and
	 * as in struct fragment. */
	uint32_t head, link_size, named_at;
	uint8_t units[DATA_MAX / UNIT / 8 + 1];
	uint8_t *bytes; /* HEAD_MAX, then DATA_MAX; the head ends where the data begin */
};

struct defrag {
	struct decap_params params;
	struct defrag_counts counts;
	uint8_t *
		whole; /* of the datagram that became whole last: given away, freed at the next call */
	struct datagram datagrams[DEFRAG_DATAGRAMS];
};

struct defrag *defrag_create(const struct decap_params *params)
{
	struct defrag *defrag = calloc(1, sizeof(*defrag));

	if (defrag)
		defrag->params = *params;
	return defrag;
}

static void datagram_free(struct datagram *d)
{
	free(d->bytes);
	*d = (struct datagram){.used = false};
}

void defrag_destroy(struct defrag *defrag)
{
	if (!defrag)
		return;
	for (int i = 0; i < DEFRAG_DATAGRAMS; i++)
		datagram_free(&defrag->datagrams[i]);
	free(defrag->whole);
	free(defrag);
}

/* The place of an IPv6 fragment; `c` is at its data afterwards. */
static bool place_read6(const struct ip_header *h, struct cursor *c, struct fragment *f)
{
	const uint8_t *b = cursor_take(c, IP6_HEADER), *named = h->at + IP6_NEXT;

	for (int i = 0; b && i < IP_EXTENSIONS_MAX; i++) {
		uint8_t kind = *named;

		b = cursor_take(c, EXTENSION_MIN);
		if (!b || !ip_is_extension(kind))
			return false;
		if (kind == IPPROTO_FRAGMENT) {
			f->named_at = (uint32_t)(named - h->at);
			f->offset = be16(b + 2) & IP6_OFFSET;
			f->more = b[3] & IP6_MORE;
			f->ip.protocol = b[0];
			return true;
		}
		named = b;
		b = cursor_take(c, ip_extension_size(kind, b) - EXTENSION_MIN);
	}
	return false;
}

static bool place_read4(const struct ip_header *h, struct cursor *c, struct fragment *f)
{
	const uint8_t *b = cursor_take(c, h->l4);
	uint16_t field = b ? be16(b + IP4_FRAGMENT) : 0;

	f->offset = (uint32_t)(field & IP4_OFFSET) * UNIT;
	f->more = field & IP4_MORE;
	return b;
}

/* false: no whole fragment of IP. */
static bool fragment_read(const struct packet *p, struct fragment *f)
{
	struct cursor c = cursor_make(p->data, p->cap, p->wire);
	uint16_t ether = link_read(&c, p->link);

	if (c.status != CURSOR_OK || (ether != ETHER_IP4 && ether != ETHER_IP6) ||
		ip_read(&c, ether, &f->ip) != IP_OK || !(f->ip.flags & PACKET_FRAGMENT) ||
		f->ip.cut || f->ip.cap < f->ip.len || f->ip.len > c.wire)
		return false;
	f->link_size = (uint32_t)(f->ip.at - p->data);
	c = cursor_make(f->ip.at, f->ip.cap, f->ip.len);
	if (!(f->ip.version == 4 ? place_read4(&f->ip, &c, f) : place_read6(&f->ip, &c, f)))
		return false;
	f->data = c.at;
	f->len = c.cap;
	return f->len && f->offset + f->len + (uint32_t)(f->data - f->ip.at) <= DATA_MAX &&
	       !(f->more && f->len % UNIT);
}

/* The first fragment names the port. */
static bool is_tunnel(const struct defrag *defrag, const struct fragment *f)
{
	struct cursor c = cursor_make(f->data, f->len, f->len);
	const uint8_t *udp = cursor_take(&c, UDP_SIZE);

	return udp && udp_is_tunnel(&defrag->params, be16(udp + 2));
}

static bool is_of(const struct datagram *d, const struct fragment *f)
{
	struct ip_addr src, dst;

	if (!d->used || d->id != f->ip.fragment_id || d->version != f->ip.version ||
		d->protocol != f->ip.protocol)
		return false;
	ip_source(&f->ip, &src);
	ip_destination(&f->ip, &dst);
	return ip_addr_equal(&d->src, &src) && ip_addr_equal(&d->dst, &dst);
}

/* What waits of it never becomes whole. */
static void leave(struct defrag *defrag, struct datagram *d)
{
	defrag->counts.left += d->fragments;
	datagram_free(d);
}

static struct datagram *datagram_of(
	struct defrag *defrag, const struct fragment *f, uint64_t now)
{
	for (int i = 0; i < DEFRAG_DATAGRAMS; i++) {
		struct datagram *d = &defrag->datagrams[i];

		if (d->used && now > d->began_ns && now - d->began_ns > DEFRAG_TIMEOUT_NS)
			leave(defrag, d);
		if (is_of(d, f))
			return d;
	}
	return NULL;
}

/* The oldest gives way. NULL: no memory. */
static struct datagram *datagram_begin(
	struct defrag *defrag, const struct fragment *f, uint64_t now)
{
	struct datagram *d = &defrag->datagrams[0];

	for (int i = 1; i < DEFRAG_DATAGRAMS && d->used; i++) {
		struct datagram *other = &defrag->datagrams[i];

		if (!other->used || other->began_ns < d->began_ns)
			d = other;
	}
	defrag->counts.overflow += d->used;
	leave(defrag, d);
	d->bytes = malloc(HEAD_MAX + DATA_MAX);
	if (!d->bytes)
		return NULL;
	d->used = true;
	d->began_ns = now;
	d->id = f->ip.fragment_id;
	d->version = f->ip.version;
	d->protocol = f->ip.protocol;
	ip_source(&f->ip, &d->src);
	ip_destination(&f->ip, &d->dst);
	return d;
}

/* false: some of it is there already, or beyond the end. */
static bool put(struct datagram *d, const struct fragment *f)
{
	uint32_t end = f->offset + f->len, last = (end + UNIT - 1) / UNIT;

	if ((!f->more && d->total) || (d->total && end > d->total))
		return false;
	for (uint32_t unit = f->offset / UNIT; unit < last; unit++) {
		if (d->units[unit / 8] >> unit % 8 & 1)
			return false;
		d->units[unit / 8] = (uint8_t)(d->units[unit / 8] | 1u << unit % 8);
	}
	if (!f->more)
		d->total = end;
	memcpy(d->bytes + HEAD_MAX + f->offset, f->data, f->len);
	d->have += f->len;
	d->fragments++;
	return !d->total || d->have <= d->total;
}

/* The link and IP headers of the first fragment, before the data; of IPv6 without the fragment
 * header, which is the last of them. */
static bool put_head(struct datagram *d, const struct packet *p, const struct fragment *f)
{
	uint32_t size = (uint32_t)(f->data - p->data);

	if (f->ip.version == 6)
		size -= FRAGMENT_SIZE;
	if (size > HEAD_MAX)
		return false;
	d->head = size;
	d->link_size = f->link_size;
	d->named_at = f->named_at;
	memcpy(d->bytes + HEAD_MAX - size, p->data, size);
	return true;
}

static void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

/* The headers of the whole packet, and it in `p`. Its bytes are the defrag's. */
static enum defrag_status make_whole(
	struct defrag *defrag, struct datagram *d, struct packet *p)
{
	uint8_t *frame = d->bytes + HEAD_MAX - d->head, *ip = frame + d->link_size;
	uint32_t header = d->head - d->link_size;

	if (header + d->total > DATA_MAX) {
		leave(defrag, d);
		return DEFRAG_TAKEN;
	}

	if (d->version == 4) {
		put16(ip + 2, header + d->total);
		put16(ip + IP4_FRAGMENT, 0);
	} else {
		put16(ip + 4, header + d->total - IP6_HEADER);
		ip[d->named_at] = d->protocol;
	}
	p->data = frame;
	p->cap = p->wire = d->head + d->total;
	defrag->counts.joined += d->fragments - 1;
	defrag->whole = d->bytes;
	d->bytes = NULL;
	datagram_free(d);
	return DEFRAG_WHOLE;
}

/* Overlapping fragments are an attack on whoever puts them together. */
static enum defrag_status refuse(struct defrag *defrag, struct datagram *d)
{
	defrag->counts.overlapping += d->fragments + 1;
	d->fragments = 0;
	d->refused = true;
	return DEFRAG_TAKEN;
}

static enum defrag_status add(
	struct defrag *defrag, struct datagram *d, const struct fragment *f, struct packet *p)
{
	uint32_t waiting = d->fragments;

	if (d->refused)
		return refuse(defrag, d);
	if (!put(d, f)) {
		d->fragments = waiting;
		return refuse(defrag, d);
	}
	if (f->offset == 0 && !put_head(d, p, f)) {
		leave(defrag, d);
		return DEFRAG_TAKEN;
	}
	return d->head && d->have == d->total ? make_whole(defrag, d, p) : DEFRAG_TAKEN;
}

enum defrag_status defrag_add(struct defrag *defrag, struct packet *p, bool all)
{
	struct fragment f = {.named_at = 0};
	struct datagram *d;

	free(defrag->whole);
	defrag->whole = NULL;
	if (!fragment_read(p, &f))
		return DEFRAG_NONE;
	d = datagram_of(defrag, &f, p->time_ns);
	if (!d && !all && (f.offset != 0 || !is_tunnel(defrag, &f)))
		return DEFRAG_NONE;
	if (!d)
		d = datagram_begin(defrag, &f, p->time_ns);
	return d ? add(defrag, d, &f, p) : DEFRAG_NONE;
}

void defrag_end(struct defrag *defrag)
{
	for (int i = 0; i < DEFRAG_DATAGRAMS; i++)
		leave(defrag, &defrag->datagrams[i]);
}

struct defrag_counts defrag_counts(const struct defrag *defrag)
{
	return defrag->counts;
}
