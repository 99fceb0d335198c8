/* What a packet does to its flow: client and server, counters, TCP state, windows. Knows no
 * table. */
#pragma once

#include "inspect/flow/table.h"

/* Sets up the zeroed flow of its first packet, which is not counted yet. */
void flow_begin(
	struct flow *flow, const struct flow_key *key, const struct packet *p, bool src_is_lo);

/* Counts the packet; reports a window that it closes and an update that it finds due. */
void flow_count(struct flow *flow, struct packet *p, bool src_is_lo,
	const struct flow_params *params, const struct flow_observer *observer);

/* True for a SYN that opens a connection (RFC 9293, 3.5). */
bool packet_is_pure_syn(const struct packet *p);

/* Reports the open window, when there is one, and clears it. */
void flow_window_close(struct flow *flow, const struct flow_observer *observer);
