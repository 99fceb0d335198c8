/* A packet as it goes into a feed: an Ethernet frame, perhaps with the VLAN tags of its observation point
 * (point_tags.h) behind the MAC addresses and before its own tags. What was no Ethernet frame gets a header
 * as in packet files (ethernet.h), a raw IP packet one whose MAC addresses are zero. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/packets/ethernet.h"
#include "inspect/packets/packet_file.h"
#include "inspect/packets/pcapng.h"
#include "inspect/packets/point_tags.h"

enum {
	FEED_TAGS = 8,       /* bytes of both */
	TPID_S_TAG = 0x88a8, /* IEEE 802.1Q-2022, table 9-1 */
	TPID_C_TAG = 0x8100,
};

struct feed_frame {
	uint8_t header[ETHERNET_HEADER + FEED_TAGS];
	struct packet_bytes bytes; /* points into `header` and the packet */
};

/* `tag` NULL: without. At most `cut` bytes of the packet, as it was decapsulated (0: all). false: it ends
 * before its MAC addresses do, so that there is no place for tags. */
bool feed_frame_make(struct feed_frame *out, const struct packet_record *record,
	const struct point_tag *tag, uint32_t cut);
