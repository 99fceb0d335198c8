/* The direction of a mirrored packet, relative to its source interface (EC2 API: ingress arrives
 * at the interface, egress leaves it). Decided by the first of these that names exactly one
 * side: the interface's MAC in the inner Ethernet header, the bit beside the network id in
 * GENEVE's options, the interface's addresses, the outer source address, which AWS makes the
 * interface's primary one. */
#pragma once

#include "config/model/model.h"
#include "decap/cursor.h"
#include "decap/packet.h"

enum direction_by {
	DIRECTION_BY_NOTHING,
	DIRECTION_BY_MAC,
	DIRECTION_BY_GENEVE,
	DIRECTION_BY_ADDRESS,
	DIRECTION_BY_OUTER_SOURCE,
};

static inline enum direction direction_decide(bool is_source, bool is_destination)
{
	_Static_assert(DIRECTION_INGRESS == 1 << 0 && DIRECTION_EGRESS == 1 << 1,
		"one bit for whoever it is");
	return (enum direction)((unsigned)(is_source != is_destination) << is_source);
}

/* By the interface's MAC alone. Inline, and no branch on what it finds: which way a packet goes is a
 * coin toss to the CPU. */
static inline enum direction direction_by_mac(
	const struct packet *p, const struct model_interface *eni)
{
	/* A cursor over nothing where there is no MAC to compare. */
	const bool has_macs = eni->has_mac && p->frame_link == LINK_ETHERNET;
	struct cursor c = cursor_make(p->frame, has_macs ? p->frame_cap : 0, p->frame_cap);
	const uint64_t mac = UINT64_MAX >> 16;
	const uint8_t *macs = cursor_take(&c, 2 * 6);
	uint64_t own;

	if (!macs)
		return DIRECTION_UNKNOWN;
	own = (uint64_t)be16(eni->mac) << 32 | be32(eni->mac + 2);
	return direction_decide((be64(macs + 4) & mac) == own, be64(macs) >> 16 == own);
}

/* `eni`: the source interface, or NULL when it is not known. `by` may be NULL. Needs a packet
 * that decap accepted, with PACKET_HAS_VNI. */
enum direction direction_of(
	const struct packet *p, const struct model_interface *eni, enum direction_by *by);

/* "mac", "geneve", "address", "outer_source", or NULL; static. */
const char *direction_by_name(enum direction_by by);
/* "ingress", "egress", or NULL; static. */
const char *direction_name(enum direction direction);
