/* GENEVE (RFC 8926), version 0. Options are walked by their lengths and skipped; the O and C bits
 * and reserved bits are ignored. Carries Ethernet (0x6558), IPv4 or IPv6. */
#pragma once

#include <stdbool.h>

#include "decap/tunnel.h"

/* `c` holds the UDP payload. REASON_inspected: `out` is what GENEVE carries, of which at least one
 * byte arrived. Else outer_udp_length (no room for header and payload), geneve_version,
 * geneve_protocol, geneve_options or outer_cut. */
enum reason geneve_read(struct cursor *c, struct tunnel *out);

/* What arrived of the UDP payload at `c` says, as far as it goes, that it is such GENEVE. */
bool geneve_claimed(struct cursor *c);
