/* Packets and flows as `periscope read` prints them: lines of a table, or JSON. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/text.h"
#include "dataplane/retrieval/retrieval.h"

/* Room for any line, its newline included. */
enum { READ_LINE = 1024 };

/* What is known of a flow from its packets alone. */
struct read_flow {
	uint64_t flow_id; /* 0: packets that reached no flow */
	bool has_vni;
	struct session_key key;
	struct packet first; /* as its first packet names the ends; pointers mean nothing */
	struct index_flow flow;
	uint64_t first_ns, last_ns, packets, bytes;
};

void read_packet_line(struct text *t, const struct retrieved *r);
void read_packet_json(struct text *t, const struct retrieved *r);
void read_flow_line(struct text *t, const struct read_flow *flow);
void read_flow_json(struct text *t, const struct read_flow *flow);
