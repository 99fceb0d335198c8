/* decap: bytes -> inner packet. Takes off Ethernet (VLAN, QinQ), IPv4 or IPv6, UDP, and VXLAN
 * (RFC 7348) or GENEVE (RFC 8926); then finds the inner IP and L4 headers.
 *
 * The outermost encapsulation names the session: its VNI, the network id in its options (GENEVE of
 * Google Cloud), and the source of the IP header around it. VXLAN directly inside GENEVE, as a
 * Gateway Load Balancer sends it, counts as one, and the VXLAN names it. What is encapsulated below
 * that was mirrored: it stays, an ordinary inner packet, and so does what only looks like VXLAN (no
 * I flag, cut, lengths that do not fit). A GENEVE header that names a network holds mirrored traffic
 * alone. Only load balancers put GENEVE around GENEVE.
 *
 * Never allocates, logs or writes packet bytes. Reads nothing outside data[0..cap). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/ledger.h"
#include "decap/packet.h"

enum { DECAP_PORTS_MAX = 8 };

/* How packets that arrive are classified. */
enum decap_mode {
	DECAP_MIRROR, /* mirror traffic: what is not is refused */
	/* Each packet by its own bytes: VXLAN with the I flag or GENEVE on a configured port is
	 * mirror traffic; all else is ordinary, other UDP to these ports included. A packet cut
	 * before those bytes is mirror traffic that was cut. */
	DECAP_AUTO,
	DECAP_PLAIN, /* nothing is decapsulated */
};

struct decap_params {
	enum decap_mode mode;
	uint16_t vxlan_ports[DECAP_PORTS_MAX], geneve_ports[DECAP_PORTS_MAX];
	uint8_t n_vxlan_ports, n_geneve_ports;
	uint8_t max_depth; /* encapsulations of the way to us that are taken off at most, 1.. */
	/* An outer IP length beyond the frame says that the packet was cut, not that it lies: AWS
	 * does not document whether it corrects the lengths of a packet that it truncates. */
	bool outer_may_be_cut;
};

/* Mirror mode. REASON_inspected: every field of `p` from `vni` to `dst` is set. Another reason says
 * why not, and leaves `ip` NULL, ip_cap and ip_len 0: for inner_cut, inner_not_ip and the
 * inner_malformed ones the encapsulation, `frame` and `flags` are set (such packets are still
 * recorded, and counted for their session); for all others `flags` is 0, so no PACKET_HAS_VNI. */
enum reason decap_mirror(const struct decap_params *params, struct packet *p);

/* Plain mode: nothing is decapsulated, the frame is `data` itself. Same results, but for
 * PACKET_HAS_VNI. */
enum reason decap_plain(struct packet *p);

/* What decap_packet() met so far in DECAP_AUTO; all zero before the first packet. */
struct decap_met {
	uint64_t plain;  /* packets that were no mirror traffic */
	bool last_plain; /* the last packet: most are like their predecessor, which saves work */
};

/* The packet by params->mode: in DECAP_AUTO as decap_mirror() or decap_plain() have it, whatever
 * came before. */
enum reason decap_packet(
	const struct decap_params *params, struct packet *p, struct decap_met *met);
