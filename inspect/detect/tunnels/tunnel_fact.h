/* What a worker tells of a question of DNS whose name a tunnel might have made. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/detect/scans/scan_fact.h"
#include "inspect/record/sink.h"

struct details;
struct session_table;
struct settings;

enum { TUNNEL_SHOWN = 256 }; /* bytes of a name in evidence; longer ones are cut */

/* `about.key`: client and tenant. `about.now_ns`: when it was asked, or answered. */
struct tunnel_fact {
	struct scan_fact about;
	uint64_t hash;                      /* of the whole name */
	uint16_t domain_len, name_len, own; /* bytes; `own`: in front of the domain */
	char text[]; /* domain and name, then the names of the observation point */
};

struct tunnel_teller {
	struct sink facts;
	const struct session_table *sessions;
	const struct settings *settings;
	uint64_t number; /* see struct fact */
};

/* A fact of the transaction's question, if it has such a name. false: the sink has refused it. */
bool tunnel_tell(const struct tunnel_teller *teller, const struct flow *flow, uint64_t time_ns,
	const struct details *details);
