/* New listeners: a port of a mirrored interface that answers for the first time, after a time in which all that listen were
 * learned. Bounded: LISTENERS_MAX ports; of those beyond nobody can say that they are new, and they are counted. One
 * thread uses it. */
#pragma once

#include <stdint.h>

#include "inspect/detect/listeners/listener_fact.h"
#include "inspect/detect/scans/scan_row.h"

enum { LISTENERS_MAX = 65536 };

struct listeners;

/* NULL: no memory. `settings` is needed by the call alone. */
struct listeners *listeners_create(
	const struct settings *settings, const struct scan_teller *teller);
/* NULL is legal. */
void listeners_destroy(struct listeners *listeners);

/* Learning begins with the earliest answer. */
void listeners_add(struct listeners *listeners, const struct listener_fact *fact);
/* Tells facts of alerts: live of each new port at once, in replay once, at the end, of all that first answered after
 * the time of learning. */
void listeners_judge(struct listeners *listeners);

/* Ports that found no room. */
uint64_t listeners_overflow(const struct listeners *listeners);
