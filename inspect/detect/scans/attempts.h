/* What one worker sees of attempts that come to nothing, and tells at each tick of the clock: the probes of each
 * source (probe.h), and how many SYNs to each port became no connections. Established flows are not looked at: only
 * segments with SYN or RST, and errors of ICMP.
 *
 * TCP: an attempt has failed when RST is all that answers; when the client itself answers SYN-ACK with RST; and when
 * nothing but SYN was sent, and nothing came back, for a second or until the input ends. So a mirror session that
 * shows one direction alone makes no failures: a client that goes on was answered. UDP: when the host that was asked says "port
 * unreachable", quoting a packet that is no server's answer.
 *
 * Bounded; what finds no room is counted. */
#pragma once

#include <stdint.h>

#include "inspect/flow/table.h"
#include "inspect/record/sink.h"

struct attempts;
struct settings;

struct attempts_params {
	const struct flow_table *flows;
	const struct session_table *sessions;
	const struct settings *settings;
	struct sink facts;
	uint64_t seed; /* of the hashes: the same for all workers */
};

/* NULL: no memory. What `params` points to must outlive it. */
struct attempts *attempts_create(const struct attempts_params *params);
/* NULL is legal. */
void attempts_destroy(struct attempts *attempts);

/* A packet of the flow that flow_observer.odd() tells of. */
void attempts_packet(
	struct attempts *attempts, const struct flow *flow, const struct packet *p);
/* A packet that found no room in the flow table. */
void attempts_refused(struct attempts *attempts, const struct packet *p);
/* The flow gives its place to another. */
void attempts_evicted(struct attempts *attempts, const struct flow *flow);

/* The clock says `now_ns`. When a tick is over, what was seen before is told as of `number` (struct fact).
 * Returns how many facts were told. */
uint64_t attempts_tick(struct attempts *attempts, uint64_t now_ns, uint64_t number);
/* The end: nothing more will be answered. Before the flows end. */
void attempts_end(struct attempts *attempts, uint64_t now_ns, uint64_t number);

struct attempts_stats {
	uint64_t told;     /* facts */
	uint64_t overflow; /* attempts that found no room */
	uint64_t unheard;  /* facts that the full outbox refused */
};
struct attempts_stats attempts_stats(const struct attempts *attempts);
