/* What a worker tells of a port that listens: an address of a mirrored interface has answered a SYN there. Once for each
 * port, and again where an answer had an earlier time, or where so many others came since that it was forgotten. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/detect/scans/scan_fact.h"
#include "inspect/record/sink.h"

struct packet;
struct recent;
struct session_table;
struct settings;

/* `about.key`: address, port and tenant. `about.now_ns`: when it answered. */
struct listener_fact {
	struct scan_fact about;
	char names[]; /* of the observation point */
};

struct listener_watch {
	struct sink facts;
	const struct session_table *sessions;
	const struct settings *settings;
	struct recent *known; /* of listener_watch_known() */
};

enum { LISTENERS_KNOWN = 16384 };

/* Room for the ports that one worker has told of. NULL: no memory; recent_destroy() frees it. */
struct recent *listener_watch_known(void);

enum listener_told { LISTENER_NOTHING, LISTENER_TOLD, LISTENER_REFUSED /* by the sink */ };

/* A packet of the flow, of those that struct flow_observer calls odd: SYN-ACKs are. */
enum listener_told listener_watch_packet(const struct listener_watch *watch, uint64_t number,
	const struct flow *flow, const struct packet *p);
