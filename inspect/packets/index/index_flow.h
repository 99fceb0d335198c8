/* What an index of a packet file keeps of a packet's flow, and how it names the packet. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/parse/session_key.h"
#include "inspect/flow/flow.h"

/* One row of an index: a flow as one observation point showed it. */
struct index_flow {
	/* Inner addresses, ports (of ICMP the community id's mapping) and protocol. `point`, VLAN ids and
	 * `icmp_id` are not kept: the reader gives 0. ip_version 0: packets that are not known to be IP,
	 * whose other members are 0. */
	struct flow_key key;
	bool has_point; /* else no encapsulation named one, and `point` is all 0 */
	struct session_key point;
	uint64_t flow_id; /* as inspect/flow/flow.h makes it; 0: the packets reached no flow */
};

struct index_packet {
	const struct index_flow *flow; /* borrowed for the call */
	uint64_t time_ns;              /* since the epoch, as the packet file has it */
	/* Where its record (pcap) or block (pcapng) begins in the file, uncompressed; of a packet that came in
	 * outer fragments, that of the last one. */
	uint64_t offset;
};
