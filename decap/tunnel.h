/* What a tunnel header says: the frame that it carries, its VNI and its network. */
#pragma once

#include <stdint.h>

#include "decap/cursor.h"
#include "decap/ledger.h"
#include "decap/packet.h"

/* What directly inside is still part of the way to us, not mirrored traffic. */
enum tunnel_holds {
	TUNNEL_HOLDS_MIRRORED, /* nothing: whatever looks like a tunnel was mirrored */
	TUNNEL_HOLDS_VXLAN,
	TUNNEL_HOLDS_TUNNELS, /* VXLAN, or the GENEVE of the load balancer before this one */
};

struct tunnel {
	struct cursor frame; /* at the first byte of what it carries */
	uint32_t vni;
	uint32_t network; /* as in struct packet */
	enum tunnel_holds holds;
	uint16_t ether; /* ETHER_NONE: read the link header; else what `frame` starts with */
	uint16_t flags; /* PACKET_HAS_VNI once the header was understood, and what it adds */
	enum link link;
};
