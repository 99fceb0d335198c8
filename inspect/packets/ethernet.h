/* Frames of other link types as Ethernet frames, so that a packet file has one link type: a
 * header of our own (MAC addresses as far as the link header knows them, else zero) and the bytes
 * that follow the link header. What has no EtherType is kept whole behind a local one. */
#pragma once

#include <stdint.h>

#include "decap/packet.h"

enum {
	ETHERNET_HEADER = 14,
	/* PPP control protocols, from their protocol field on (IANA "PPP"). */
	ETHERTYPE_PPP = 0x880b,
	/* Anything else, from its own link header on (IEEE 802 local experimental). */
	ETHERTYPE_LOCAL = 0x88b5,
};

struct ethernet {
	uint8_t header[ETHERNET_HEADER];
	uint32_t header_len;    /* 0: the frame is Ethernet already */
	const uint8_t *payload; /* borrowed from the frame */
	uint32_t cap, wire;     /* of the payload */
};

void ethernet_make(struct ethernet *out, enum link link, const uint8_t *frame, uint32_t cap,
	uint32_t wire);
