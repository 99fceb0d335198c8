#include "decap/decap.h"

#include "decap/fast_path.h"
#include "decap/ip.h"
#include "decap/l4.h"
#include "decap/link.h"
#include "decap/udp.h"

static const enum reason outer_reasons[IP_STATUS_COUNT] = {
	[IP_CUT] = REASON_outer_cut,
	[IP_SHORT] = REASON_outer_ip_short,
	[IP_VERSION] = REASON_outer_ip_version,
	[IP_HEADER] = REASON_outer_ip_header,
	[IP_LENGTH] = REASON_outer_ip_short,
};

/* No outer header confirms an inner frame's length: a frame that is too short was cut. */
static const enum reason inner_reasons[IP_STATUS_COUNT] = {
	[IP_CUT] = REASON_inner_cut,
	[IP_SHORT] = REASON_inner_cut,
	[IP_VERSION] = REASON_inner_ip_version,
	[IP_HEADER] = REASON_inner_ip_header,
	[IP_LENGTH] = REASON_inner_ip_length,
};

/* The outermost headers are checked strictly: the capture confirms the frame's length. */
static enum reason outer_strip(const struct decap_params *params, const struct packet *p,
	struct ip_header *h, struct tunnel *t)
{
	struct cursor c = cursor_make(p->data, p->cap, p->wire);
	uint16_t ether = link_read(&c, p->link);
	enum ip_status status;

	t->flags = 0;
	if (c.status != CURSOR_OK)
		return c.status == CURSOR_CUT ? REASON_outer_cut : REASON_outer_link;
	if (ether != ETHER_IP4 && ether != ETHER_IP6)
		return ether == ETHER_LIE ? REASON_outer_link : REASON_not_ip;
	status = ip_read(&c, ether, h);
	if (status != IP_OK)
		return outer_reasons[status];
	if (h->len > c.wire && !params->outer_may_be_cut)
		return REASON_outer_ip_length;
	return udp_strip(params, h, t);
}

static enum reason inner_read(const struct packet *p, uint16_t ether, struct ip_header *h)
{
	struct cursor c = cursor_make(p->frame, p->frame_cap, p->frame_wire);

	if (ether == ETHER_NONE)
		ether = link_read(&c, p->frame_link);
	if (c.status != CURSOR_OK)
		return REASON_inner_cut;
	if (ether != ETHER_IP4 && ether != ETHER_IP6)
		return ether == ETHER_LIE ? REASON_inner_link : REASON_inner_not_ip;
	return inner_reasons[ip_read(&c, ether, h)];
}

static void frame_set(struct packet *p, const struct ip_header *h, const struct tunnel *t)
{
	session_key_name(&p->key, t->vni, t->network);
	ip_source(h, &p->outer_src);
	p->flags |= t->flags;
	p->frame = t->frame.at;
	p->frame_cap = t->frame.cap;
	p->frame_wire = t->frame.wire;
	p->frame_link = t->link;
}

static enum reason inner_set(struct packet *p, const struct ip_header *h)
{
	p->ip = h->at;
	p->ip_cap = h->cap;
	p->ip_len = h->len;
	p->l4 = h->l4;
	p->ip_version = h->version;
	p->protocol = h->protocol;
	p->ip_id_low = h->id_low;
	p->flags |= h->flags;
	if (h->cap < h->len)
		p->flags |= PACKET_CUT;
	ip_source(h, &p->src);
	ip_destination(h, &p->dst);
	l4_read(p);
	return REASON_inspected;
}

/* A frame without an IP packet that could be used: its session counts 0 bytes of it. */
static enum reason no_ip(struct packet *p, enum reason reason)
{
	p->ip = NULL;
	p->ip_cap = p->ip_len = 0;
	return reason;
}

/* The packet in the frame, which was mirrored. `ether`: what it begins with; ETHER_NONE: its link
 * header says so. */
static enum reason inner_packet(struct packet *p, uint16_t ether)
{
	struct ip_header h;
	enum reason reason;

	if (fast_path_frame(p))
		return REASON_inspected;
	reason = inner_read(p, ether, &h);
	return reason == REASON_inspected ? inner_set(p, &h) : no_ip(p, reason);
}

/* Nothing names the session of such a packet: what its predecessor in the buffer left must not. */
static enum reason no_frame(struct packet *p, enum reason reason)
{
	p->flags = 0;
	return no_ip(p, reason);
}

/* The outermost encapsulation. `*t` says what may follow. */
static enum reason first_strip(
	const struct decap_params *params, struct packet *p, struct tunnel *t)
{
	struct ip_header h = {0};
	enum reason reason = outer_strip(params, p, &h, t);

	if (reason != REASON_inspected)
		return no_frame(p, reason);
	p->flags = 0;
	frame_set(p, &h, t);
	return REASON_inspected;
}

/* What stands directly in `t`, which was taken off: the way to us, or mirrored traffic. */
static bool is_held(const struct tunnel *t, const struct tunnel *inside)
{
	return !(inside->flags & PACKET_GENEVE) || t->holds == TUNNEL_HOLDS_TUNNELS;
}

/* The packet in GENEVE: of a Gateway Load Balancer it is a mirror packet, whose VXLAN names the
 * session. REASON_inspected: all is set. */
static enum reason geneve_packet(
	const struct decap_params *params, struct packet *p, struct tunnel *t)
{
	for (unsigned depth = 1; t->holds != TUNNEL_HOLDS_MIRRORED; depth++) {
		struct ip_header h;
		struct tunnel inside;
		enum reason reason;

		if (t->ether == ETHER_IP4 && depth < params->max_depth &&
			fast_path_vxlan(params, p, t->frame))
			return inner_packet(p, ETHER_NONE);
		reason = inner_read(p, t->ether, &h);
		if (reason != REASON_inspected)
			return no_ip(p, reason);
		if (h.protocol != IPPROTO_UDP ||
			udp_strip(params, &h, &inside) != REASON_inspected ||
			!is_held(t, &inside))
			return inner_set(p, &h);
		if (depth == params->max_depth)
			return no_frame(p, REASON_too_deep);
		*t = inside;
		frame_set(p, &h, t);
	}
	return inner_packet(p, t->ether);
}

/* Any mirror packet. A function of its own: what the usual one needs fits into registers. */
static enum reason __attribute__((noinline))
any_mirror(const struct decap_params *params, struct packet *p)
{
	struct tunnel t;
	enum reason reason;

	if (fast_path_strip(params, p))
		return inner_packet(p, ETHER_NONE);
	reason = first_strip(params, p, &t);
	return reason == REASON_inspected ? geneve_packet(params, p, &t) : reason;
}

enum reason decap_mirror(const struct decap_params *params, struct packet *p)
{
	return fast_path_mirror(params, p) ? REASON_inspected : any_mirror(params, p);
}

enum reason decap_plain(struct packet *p)
{
	p->flags = 0;
	p->key = (struct session_key){.vni = 0};
	p->frame = p->data;
	p->frame_cap = p->cap;
	p->frame_wire = p->wire;
	p->frame_link = p->link;
	return inner_packet(p, ETHER_NONE);
}

/* `why`: what decap_plain() said of it. */
static bool claims_mirror(
	const struct decap_params *params, const struct packet *p, enum reason why)
{
	const uint16_t portless = PACKET_LATER_FRAGMENT | PACKET_PORTS_CUT;

	return why == REASON_inspected && p->protocol == IPPROTO_UDP &&
	       !(p->flags & portless) && udp_is_tunnel(params, p->dst_port) &&
	       udp_claims_tunnel(params, p);
}

/* Whichever is tried first, the result is the same. */
static enum reason __attribute__((noinline))
any_packet(const struct decap_params *params, struct packet *p, struct decap_met *met)
{
	enum reason why;

	if (!met->last_plain) {
		why = any_mirror(params, p);
		if (why == REASON_inspected || p->flags & PACKET_HAS_VNI)
			return why;
	}
	why = decap_plain(p);
	met->last_plain = !claims_mirror(params, p, why);
	met->plain += met->last_plain;
	return met->last_plain ? why : any_mirror(params, p);
}

enum reason decap_packet(
	const struct decap_params *params, struct packet *p, struct decap_met *met)
{
	if (params->mode == DECAP_PLAIN)
		return decap_plain(p);
	if (!met->last_plain && fast_path_mirror(params, p))
		return REASON_inspected;
	return params->mode == DECAP_MIRROR ? any_mirror(params, p)
					    : any_packet(params, p, met);
}
