/* A tunnel header: what an encapsulation carries, and whose it says it is. */
#pragma once

#include <stdint.h>

#include "decap/cursor.h"
#include "decap/ledger.h"
#include "decap/packet.h"

struct tunnel {
	struct cursor frame; /* at the first byte of what it carries */
	uint32_t vni;
	uint16_t ether; /* ETHER_NONE: read the link header; else what `frame` starts with */
	uint16_t flags; /* PACKET_HAS_VNI once the header was understood, and what it adds */
	enum link link;
};
