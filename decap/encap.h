/* The way back: the headers that VPC Traffic Mirroring puts before a mirrored frame. Outer
 * Ethernet, IPv4 or IPv6 (identification 0, no DF), UDP to 4789 with checksum 0 (RFC 7348, RFC
 * 6935) and VXLAN; with `gateway` GENEVE around it as a Gateway Load Balancer sends it: Ethernet,
 * IPv4, UDP to 6081, GENEVE with AWS's three options, then the mirror packet without its Ethernet
 * header (VPC user guide, "Traffic mirroring packet format"; RFC 8926). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/packet.h"

/* Room for the longest headers: Ethernet, IPv4, UDP, GENEVE with options, IPv6, UDP, VXLAN. */
enum { ENCAP_ROOM = 14 + 20 + 8 + 40 + 40 + 8 + 8 };

struct encap_gateway {
	struct ip_addr src, dst; /* both IPv4: the load balancer and its target */
	uint64_t endpoint;       /* ENI id of the endpoint, printed as eni- and 17 hex digits */
	uint64_t attachment;
	uint32_t cookie; /* names the flow */
};

enum { VXLAN_PORT = 4789 }; /* IANA's, RFC 7348 */

struct encap_params {
	uint8_t src_mac[6], dst_mac[6];
	struct ip_addr src, dst; /* of one family: the source interface, the mirror target */
	uint32_t vni;            /* 24 bits */
	uint16_t port;           /* of VXLAN */
	uint8_t ttl;             /* AWS sends 255 */
	const struct encap_gateway *gateway; /* borrowed; NULL: no GENEVE */
};

/* How many bytes encap_write writes: what mirroring adds to a frame. */
uint32_t encap_size(const struct encap_params *params);

/* Writes the headers for a frame of `frame_len` bytes, to be sent directly after them; the lengths
 * in them claim all of `frame_len`. Returns encap_size(), or 0 when the frame does not fit into
 * the 16 bits of the outermost length. */
uint32_t encap_write(const struct encap_params *params, uint16_t source_port,
	uint32_t frame_len, uint8_t out[ENCAP_ROOM]);

/* The outer source port of a packet that decap_plain judged: 0xFF80 plus a 7 bit hash of the
 * 5-tuple (TCP, UDP; ICMP with its query id) or the 3-tuple (the rest, and every fragment), the
 * same for both directions. `has_ip`: decap_plain gave REASON_inspected; else the hash is 0. */
uint16_t encap_source_port(const struct packet *p, bool has_ip);
