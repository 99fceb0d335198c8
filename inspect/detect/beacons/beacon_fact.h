/* What a worker tells of a flow that might be one call of a beacon: a client that calls a server outside, again and again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/detect/scans/scan_fact.h"
#include "inspect/record/sink.h"

struct session_table;
struct settings;

/* `about.key`: client and tenant. `about.now_ns`: when the flow began. */
struct beacon_fact {
	struct scan_fact about;
	uint64_t bytes; /* that the client sent */
	char names[];   /* of the observation point */
};

struct beacon_teller {
	struct sink facts;
	const struct session_table *sessions;
	const struct settings *settings;
	uint64_t number; /* see struct fact */
};

/* Whether an address is one of the internet at large: not private, shared, of the link, of the host, or a group's (RFC
 * 6890). */
bool beacon_is_outside(const struct ip_addr *address, uint8_t ip_version);

/* A fact of a flow that has ended, if it is TCP or UDP, was answered, and its server is outside; but for NTP, which
 * calls like a beacon. false: the sink has refused it. */
bool beacon_tell(const struct beacon_teller *teller, const struct flow *flow);
