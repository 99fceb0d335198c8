#include "inspect/stream/reassembly.h"

#include <string.h>

#include "decap/cursor.h"
#include "decap/ip.h"
#include "inspect/flow/flow.h"

enum {
	UNIT = 8, /* fragments begin at multiples of it */
	DATA_MAX = UINT16_MAX,
	IP4_FRAGMENT = 6, /* offset of the field in the IPv4 header */
	IP4_MORE = 0x2000,
	IP4_OFFSET = 0x1fff,
	IP4_HEADER = 20, /* without options */
	LINK_LEAST = 68, /* bytes of a packet that every link carries whole (RFC 791) */
	IP6_HEADER = 40,
	IP6_FRAGMENT_LEN = 8,
	IP6_MORE = 1,
	IP6_OFFSET = 0xfff8,
};

struct reassembly {
	struct reassemblies *all;
	struct reassembly *older, *newer;
	struct flow *flow;
	struct memory_list *list;
	struct piece piece; /* of the first fragment */
	bool has_first;
	uint32_t id;
	uint8_t version;
	/* Bytes before the data, of the first fragment that came until the first one is there: in IPv6
	 * the fragment header is the last of them. */
	uint16_t header;
	uint32_t have, total; /* bytes of data; total 0: the last fragment was not seen */
	uint32_t reach;       /* where the data that are there end */
	uint32_t room;
	uint8_t *bytes; /* header, data */
	uint8_t units[DATA_MAX / UNIT / 8 + 1];
};

struct fragment {
	const uint8_t *data;
	uint32_t offset, len; /* `len` as the header claims it */
	bool more, whole;     /* all of `data` arrived */
};

/* Where the data of fragment `p` belongs, of which some may not have arrived. false: cut before it, or in IPv6
 * headers follow the fragment header, so that it is not the last before l4. */
static bool fragment_head(const struct packet *p, struct fragment *f)
{
	struct cursor c = cursor_make(p->ip, p->ip_cap, p->ip_len);
	const uint8_t *h = cursor_take(&c, p->l4);
	uint16_t field;

	if (!h || (p->ip_version == 6 && p->l4 < IP6_HEADER + UNIT))
		return false;
	if (p->ip_version == 4) {
		field = be16(h + IP4_FRAGMENT);
		f->offset = (uint32_t)(field & IP4_OFFSET) * UNIT;
		f->more = field & IP4_MORE;
	} else {
		h += p->l4 - IP6_FRAGMENT_LEN;
		if (be32(h + 4) != ip_fragment_id(p))
			return false;
		field = be16(h + 2);
		f->offset = field & IP6_OFFSET;
		f->more = field & IP6_MORE;
	}
	f->data = c.at;
	f->len = c.wire;
	f->whole = c.cap == c.wire;
	return true;
}

/* false: not all there, or not as fragments are. */
static bool fragment_read(const struct packet *p, struct fragment *f)
{
	return fragment_head(p, f) && f->whole && f->len &&
	       f->offset + f->len + p->l4 <= DATA_MAX && !(f->more && f->len % UNIT);
}

bool fragment_is_tiny(const struct packet *p, uint32_t *bytes)
{
	uint32_t header = p->ip_version == 4 ? p->l4 : IP4_HEADER, least;
	struct fragment f;

	if (!fragment_head(p, &f))
		return false;
	least = (LINK_LEAST - (header < LINK_LEAST ? header : LINK_LEAST)) / UNIT * UNIT;
	if (f.more && f.len < least) {
		*bytes = f.len;
		return true;
	}
	*bytes = f.offset;
	return f.offset && f.offset < least;
}

uint32_t fragment_offset(const struct packet *p)
{
	struct fragment f;

	return fragment_head(p, &f) ? f.offset : 0;
}

size_t reassembly_room(const struct packet *p)
{
	struct fragment f;
	size_t data = fragment_read(p, &f) ? p->l4 + f.offset + f.len : 0;

	return sizeof(struct reassembly) + 2 * data;
}

static void *room_take(struct reassemblies *all, const struct flow *flow,
	struct memory_list *list, size_t size)
{
	void *room;

	if (!quota_take(&all->quota, flow->key.point, size))
		return NULL;
	room = memory_alloc(all->memory, list, size);
	if (!room)
		quota_give(&all->quota, flow->key.point, size);
	return room;
}

static void room_give(struct reassembly *d, void *room, size_t size)
{
	quota_give(&d->all->quota, d->flow->key.point, size);
	memory_free(room);
}

static bool reassembly_grow(struct reassembly *d, uint32_t size)
{
	uint8_t *bytes;

	if (size <= d->room)
		return true;
	bytes = room_take(d->all, d->flow, d->list, 2 * (size_t)size);
	if (!bytes)
		return false;
	if (d->bytes)
		memcpy(bytes, d->bytes, d->room);
	room_give(d, d->bytes, d->room);
	d->bytes = bytes;
	d->room = 2 * size;
	return true;
}

static uint32_t units_end(const struct fragment *f)
{
	return (f->offset + f->len + UNIT - 1) / UNIT;
}

/* Units of the fragment that are there already. */
static uint32_t units_there(const struct reassembly *d, const struct fragment *f)
{
	uint32_t there = 0;

	for (uint32_t unit = f->offset / UNIT; unit < units_end(f); unit++)
		there += d->units[unit / 8] >> unit % 8 & 1;
	return there;
}

static void units_mark(struct reassembly *d, const struct fragment *f)
{
	for (uint32_t unit = f->offset / UNIT; unit < units_end(f); unit++)
		d->units[unit / 8] = (uint8_t)(d->units[unit / 8] | 1u << unit % 8);
}

/* All of it is there already, the same. */
static bool is_again(const struct reassembly *d, const struct fragment *f, uint32_t there)
{
	uint32_t end = f->offset + f->len;

	return there == units_end(f) - f->offset / UNIT && end <= d->reach &&
	       (f->more || end == d->total) &&
	       !memcmp(d->bytes + d->header + f->offset, f->data, f->len);
}

static enum reassembly_status reassembly_put(struct reassembly *d, const struct fragment *f)
{
	uint32_t end = f->offset + f->len, there = units_there(d, f);

	if (there)
		return is_again(d, f, there) ? REASSEMBLY_OPEN : REASSEMBLY_OVERLAPS;
	if (!f->more && d->total)
		return REASSEMBLY_BROKEN;
	if (!f->more)
		d->total = end;
	if (d->header + end > DATA_MAX || (d->total && end > d->total) ||
		!reassembly_grow(d, d->header + end))
		return REASSEMBLY_BROKEN;
	units_mark(d, f);
	memcpy(d->bytes + d->header + f->offset, f->data, f->len);
	d->have += f->len;
	if (d->reach < end)
		d->reach = end;
	if (d->have > (d->total ? d->total : DATA_MAX))
		return REASSEMBLY_BROKEN;
	return d->have == d->total ? REASSEMBLY_WHOLE : REASSEMBLY_OPEN;
}

/* The header is the first fragment's, whose length may differ: IPv4 copies not all options. */
static bool reassembly_head(
	struct reassembly *d, const struct packet *first, const struct piece *piece)
{
	if (first->l4 + d->reach > DATA_MAX || !reassembly_grow(d, first->l4 + d->reach))
		return false;
	if (d->header != first->l4)
		memmove(d->bytes + first->l4, d->bytes + d->header, d->reach);
	d->header = first->l4;
	memcpy(d->bytes, first->ip, d->header);
	d->piece = *piece;
	return true;
}

static enum reassembly_status reassembly_take(
	struct reassembly *d, const struct packet *p, const struct piece *piece)
{
	enum reassembly_status status;
	struct fragment f;

	if (!fragment_read(p, &f) || (piece != NULL) != (f.offset == 0) || (piece && !f.more))
		return REASSEMBLY_BROKEN;
	if (piece && !d->has_first && !reassembly_head(d, p, piece))
		return REASSEMBLY_BROKEN;
	status = reassembly_put(d, &f);
	d->has_first |= piece != NULL && status < REASSEMBLY_BROKEN;
	return status;
}

static void join(struct reassemblies *all, struct reassembly *d)
{
	d->all = all;
	d->older = all->newest;
	if (d->older)
		d->older->newer = d;
	else
		all->oldest = d;
	all->newest = d;
}

static void leave(struct reassembly *d)
{
	if (d->older)
		d->older->newer = d->newer;
	else
		d->all->oldest = d->newer;
	if (d->newer)
		d->newer->older = d->older;
	else
		d->all->newest = d->older;
}

struct reassembly *reassembly_open(struct reassemblies *all, struct flow *flow,
	struct memory_list *list, const struct packet *p, const struct piece *piece)
{
	struct reassembly *d = room_take(all, flow, list, sizeof(*d));

	if (!d)
		return NULL;
	memset(d, 0, sizeof(*d));
	join(all, d);
	d->flow = flow;
	d->list = list;
	d->id = ip_fragment_id(p);
	d->version = p->ip_version;
	d->header = p->l4;
	if (reassembly_take(d, p, piece) == REASSEMBLY_OPEN)
		return d;
	reassembly_close(d);
	return NULL;
}

void reassembly_close(struct reassembly *datagram)
{
	leave(datagram);
	room_give(datagram, datagram->bytes, datagram->room);
	room_give(datagram, datagram, sizeof(*datagram));
}

struct flow *reassembly_flow(const struct reassembly *datagram)
{
	return datagram->flow;
}

struct reassembly *reassembly_newer(const struct reassembly *datagram)
{
	return datagram->newer;
}

bool reassembly_has(const struct reassembly *datagram, const struct packet *p)
{
	return ip_fragment_id(p) == datagram->id && p->ip_version == datagram->version;
}

bool reassembly_awaits(const struct reassembly *datagram, const struct packet *p)
{
	return !datagram->has_first && reassembly_has(datagram, p);
}

enum reassembly_status reassembly_add(
	struct reassembly *datagram, const struct packet *p, const struct piece *piece)
{
	return reassembly_has(datagram, p) ? reassembly_take(datagram, p, piece)
					   : REASSEMBLY_OPEN;
}

bool reassembly_is_whole(const struct reassembly *datagram)
{
	return datagram->has_first && datagram->have == datagram->total;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

const struct piece *reassembly_piece(struct reassembly *datagram)
{
	struct reassembly *d = datagram;
	uint32_t len = d->header + d->total;

	if (!d->has_first)
		return NULL;
	d->piece.ip = d->bytes;
	if (!reassembly_is_whole(d))
		return &d->piece; /* its headers and lengths are the first fragment's */
	d->piece.cap = d->piece.wire = len;
	if (d->version == 4) {
		put16(d->bytes + 2, len);
		put16(d->bytes + IP4_FRAGMENT, 0);
	} else {
		put16(d->bytes + 4, len - IP6_HEADER);
		put16(d->bytes + d->header - IP6_FRAGMENT_LEN + 2, 0);
	}
	return &d->piece;
}
