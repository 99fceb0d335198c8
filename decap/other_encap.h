/* Encapsulations of mirrored packets that are not taken off: VXLAN or GENEVE on a port that the
 * settings do not name, ERSPAN, TZSP, and their like. They are recognised so that the summary
 * can say which setting or program would read them; packets are not treated otherwise for it. */
#pragma once

#include "decap/decap.h"

enum other_encap {
	OTHER_ENCAP_NONE,
	OTHER_ENCAP_VXLAN,  /* RFC 7348, and the generic protocol extension around Ethernet */
	OTHER_ENCAP_GENEVE, /* RFC 8926 around Ethernet */
	OTHER_ENCAP_VXLAN_GPE, /* draft-ietf-nvo3-vxlan-gpe around anything else */
	OTHER_ENCAP_TZSP,      /* TaZmen Sniffer Protocol */
	OTHER_ENCAP_ERSPAN,    /* GRE, types I to III (draft-foschiano-erspan) */
	OTHER_ENCAP_GRE,       /* GRE around Ethernet (RFC 7637, NVGRE, and others) */
	OTHER_ENCAP_COUNT
};

enum { OTHER_ENCAP_PORTS = 4 };

/* What was found; all zero at first. Sums are the same in any order. */
struct other_encap_met {
	uint64_t count[OTHER_ENCAP_COUNT];
	/* The lowest UDP ports that it came to, ascending; 0: no more. */
	uint16_t ports[OTHER_ENCAP_COUNT][OTHER_ENCAP_PORTS];
};

/* What the ordinary packet `p` looks like: one that decap_plain() gave REASON_inspected. */
enum other_encap other_encap_of(const struct packet *p);

/* Counts it, if it looks like anything. */
void other_encap_look(struct other_encap_met *met, const struct packet *p);
void other_encap_add(struct other_encap_met *to, const struct other_encap_met *from);
