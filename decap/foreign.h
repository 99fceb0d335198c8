/* Encapsulations that copies of packets come in and that nothing here takes off: VXLAN or GENEVE on a
 * port that the settings do not name, ERSPAN, TZSP, and their like. Only told by their look, so that
 * somebody can be told what would read them; no packet is treated otherwise for it. */
#pragma once

#include "decap/decap.h"

enum foreign {
	FOREIGN_NONE,
	FOREIGN_VXLAN,     /* RFC 7348, and the generic protocol extension around Ethernet */
	FOREIGN_GENEVE,    /* RFC 8926 around Ethernet */
	FOREIGN_VXLAN_GPE, /* draft-ietf-nvo3-vxlan-gpe around anything else */
	FOREIGN_TZSP,      /* TaZmen Sniffer Protocol */
	FOREIGN_ERSPAN,    /* GRE, types I to III (draft-foschiano-erspan) */
	FOREIGN_GRE,       /* GRE around Ethernet (RFC 7637, NVGRE, and others) */
	FOREIGN_COUNT
};

enum { FOREIGN_PORTS = 4 };

/* What was met; all zero at first. Adding up in another order gives the same. */
struct foreign_met {
	uint64_t count[FOREIGN_COUNT];
	/* The lowest UDP ports that it came to, ascending; 0: no more. */
	uint16_t ports[FOREIGN_COUNT][FOREIGN_PORTS];
};

/* What the ordinary packet `p` looks like: one that decap_plain() gave REASON_inspected. */
enum foreign foreign_of(const struct packet *p);

/* Counts it, if it looks like anything. */
void foreign_look(struct foreign_met *met, const struct packet *p);
void foreign_add(struct foreign_met *to, const struct foreign_met *from);
