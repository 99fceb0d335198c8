/* What VPC Traffic Mirroring never mirrors, whatever its filters say: instance metadata,
 * Amazon's time service, Windows activation, DHCP, ARP (Traffic Mirroring, "Limitations").
 * Amazon DNS is not in this list: a filter's network services decide on it (evaluate.h). For
 * commands that show what AWS does with a packet at its source; a packet that came from a mirror
 * was mirrored. */
#pragma once

#include "config/model/evaluate.h"

struct settings;

enum unmirrored {
	UNMIRRORED_NONE, /* AWS's filters decide on it */
	UNMIRRORED_METADATA,
	UNMIRRORED_TIME,
	UNMIRRORED_ACTIVATION,
	UNMIRRORED_DHCP,
	UNMIRRORED_DHCP6,
	UNMIRRORED_ARP,
	UNMIRRORED_NTP,                /* if the settings say so, as the next */
	UNMIRRORED_NEIGHBOR_DISCOVERY, /* router and neighbor solicitation and the like */
	UNMIRRORED_KINDS
};

/* `settings`: mirroring.ntp and mirroring.neighbor_discovery. A fragment without ports is taken for
 * what its addresses say. */
enum unmirrored unmirrored(
	const struct settings *settings, const struct evaluate_packet *packet);
/* The same for a frame that is not IP, by its EtherType. */
enum unmirrored unmirrored_ether(uint16_t ether_type);

/* "instance metadata"; NULL for UNMIRRORED_NONE. */
const char *unmirrored_name(enum unmirrored kind);
