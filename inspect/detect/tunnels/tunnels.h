/* Tunnels through DNS: one client asks for many different long names below one domain within a window. Of each client and
 * domain a sample of the names' hashes is held (inspect/detect/scans/probe.h), which is all of them up to PROBES_MAX, so
 * what was added is judged together, and nothing depends on which worker told what. Bounded: TUNNELS_MAX clients and
 * domains; that of which nothing was told for the longest time gives way. One thread uses it. */
#pragma once

#include <stdint.h>

#include "inspect/detect/scans/scan_row.h"
#include "inspect/detect/tunnels/tunnel_fact.h"

enum { TUNNELS_MAX = 4096 };

struct tunnels;

/* NULL: no memory. `settings` is needed by the call alone. */
struct tunnels *tunnels_create(
	const struct settings *settings, const struct scan_teller *teller);
/* NULL is legal. */
void tunnels_destroy(struct tunnels *tunnels);

void tunnels_add(struct tunnels *tunnels, const struct tunnel_fact *fact);
/* Tells facts of alerts. Live now and then; in replay once, at the end: questions without answers are told of when their
 * flows end, which is not at the same packet for any number of workers. */
void tunnels_judge(struct tunnels *tunnels);

/* Names that found no room, or lost it. */
uint64_t tunnels_overflow(const struct tunnels *tunnels);
