/* What holds for every packet after decap, whatever its bytes were. Shared by the tests and the
 * fuzz target. */
#pragma once

#include "decap/decap.h"
#include "decap/ip.h"

/* Returns what does not hold, or NULL. */
static inline const char *frame_broken(const struct packet *p, bool plain)
{
	if (p->frame < p->data || p->frame > p->data + p->cap)
		return "frame begins outside the data";
	if (p->frame_cap > p->cap - (uint32_t)(p->frame - p->data))
		return "frame ends outside the data";
	if (p->frame_cap > p->frame_wire)
		return "frame: cap > wire";
	if (plain)
		return p->flags & PACKET_HAS_VNI || p->network ? "plain with a VNI" : NULL;
	if (!(p->flags & PACKET_HAS_VNI) || p->vni >= 1 << 24)
		return "no VNI";
	if (p->network ? p->network >> 28 != 1 || !(p->flags & PACKET_GENEVE)
		       : p->flags & PACKET_NETWORK_EGRESS)
		return "network";
	return p->frame_cap == 0 ? "empty frame" : NULL;
}

static inline const char *ip_broken(const struct packet *p)
{
	bool v4 = p->ip_version == 4;
	struct ip_addr src, dst;

	if (p->ip < p->frame || p->ip > p->frame + p->frame_cap)
		return "IP begins outside the frame";
	if (p->ip_cap > p->frame_cap - (uint32_t)(p->ip - p->frame))
		return "IP ends outside the frame";
	if (p->ip_cap > p->ip_len)
		return "IP: cap > len";
	if (p->ip_version != p->ip[0] >> 4 || p->ip_cap < (v4 ? 20 : 40))
		return "no IP header";
	if (((p->flags & PACKET_CUT) != 0) != (p->ip_cap < p->ip_len))
		return "cut flag";
	src = v4 ? ip_addr_v4(p->ip + 12) : ip_addr_v6(p->ip + 8);
	dst = v4 ? ip_addr_v4(p->ip + 16) : ip_addr_v6(p->ip + 24);
	if (!ip_addr_equal(&src, &p->src) || !ip_addr_equal(&dst, &p->dst))
		return "addresses";
	return NULL;
}

static inline const char *l4_broken(const struct packet *p)
{
	if (p->l4 < (p->ip_version == 4 ? 20 : 40) || p->l4 > p->ip_len)
		return "L4 outside the packet";
	if (p->payload < p->l4 || p->payload > p->ip_len)
		return "payload outside the packet";
	if (p->flags & PACKET_LATER_FRAGMENT && !(p->flags & PACKET_FRAGMENT))
		return "later fragment, no fragment";
	if (!(p->flags & PACKET_FRAGMENT) && ip_fragment_id(p))
		return "fragment id of no fragment";
	if (p->flags & (PACKET_LATER_FRAGMENT | PACKET_PORTS_CUT) &&
		(p->src_port || p->dst_port))
		return "ports of a packet without";
	if (p->protocol == IPPROTO_TCP && p->ip_cap < p->l4 + 16u && p->tcp_window)
		return "a TCP window that was cut";
	if (p->protocol != IPPROTO_TCP && (p->tcp_flags || p->tcp_seq || p->tcp_ack))
		return "TCP fields of another protocol";
	if (p->protocol != IPPROTO_ICMP && p->protocol != IPPROTO_ICMPV6 &&
		(p->icmp_type || p->icmp_code || (p->protocol != IPPROTO_TCP && p->icmp_id)))
		return "ICMP fields of another protocol";
	return NULL;
}

static inline bool reason_is_inner(enum reason reason)
{
	enum bucket b = reason_bucket(reason);

	return b == BUCKET_inner_malformed || b == BUCKET_inner_cut ||
	       b == BUCKET_inner_not_ip || b == BUCKET_inspected;
}

static inline bool reason_is_outer(enum reason reason)
{
	enum bucket b = reason_bucket(reason);

	return b == BUCKET_not_mirror || b == BUCKET_outer_malformed || b == BUCKET_outer_cut ||
	       b == BUCKET_outer_fragment || b == BUCKET_too_deep;
}

static inline const char *packet_broken(const struct packet *p, enum reason reason, bool plain)
{
	const char *broken;

	if (reason != REASON_inspected && (p->ip_len || p->ip_cap || p->ip))
		return "IP of a refused packet";
	if (!reason_is_inner(reason) && (plain || !reason_is_outer(reason)))
		return "not a reason of decap";
	if (!reason_is_inner(reason))
		return p->flags ? "flags of a packet without a frame" : NULL;
	broken = frame_broken(p, plain);
	if (broken || reason != REASON_inspected)
		return broken;
	broken = ip_broken(p);
	return broken ? broken : l4_broken(p);
}
