/* L4 headers of the inner packet: ports (TCP RFC 9293, UDP, UDP-Lite RFC 3828, SCTP RFC 9260, DCCP
 * RFC 4340), TCP flags and numbers, ICMP and ICMPv6 type, code and query id. A lie here is flagged
 * PACKET_L4_ODD and never refuses the packet; a cut before ports or type PACKET_PORTS_CUT. */
#pragma once

#include "decap/packet.h"

/* Needs ip, ip_cap, ip_len, ip_version, l4, protocol and flags; sets payload, ports, tcp_* and
 * icmp_*, all of them 0 when there is none. l4 <= payload <= max(l4, ip_len) afterwards. */
void l4_read(struct packet *p);
