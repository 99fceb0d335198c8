/* VXLAN (RFC 7348). The I flag is required; every other flag and reserved bit is tolerated and
 * flagged PACKET_VXLAN_RESERVED (group policy and other dialects use them). */
#pragma once

#include <stdbool.h>

#include "decap/tunnel.h"

/* `c` holds the UDP payload. REASON_inspected: `out` is the Ethernet frame, of which at least one
 * byte arrived. Else vxlan_short, vxlan_no_vni or outer_cut. */
enum reason vxlan_read(struct cursor *c, struct tunnel *out);

/* What arrived of the UDP payload at `c` says, as far as it goes, that it is VXLAN with a VNI. */
bool vxlan_claimed(struct cursor *c);
