/* Beacons: a client that calls one port of a server outside at regular intervals, with as many bytes each time. Of each
 * client and server the times and sizes of the latest calls are held, whoever told of them in which order, and what was
 * added is judged together. Bounded: BEACONS_MAX clients and servers; that of which nothing was told for the longest time gives
 * way. One thread uses it. */
#pragma once

#include <stdint.h>

#include "inspect/detect/beacons/beacon_fact.h"
#include "inspect/detect/scans/scan_row.h"

enum { BEACONS_MAX = 16384 };

struct beacons;

/* NULL: no memory. `settings` is needed by the call alone. */
struct beacons *beacons_create(
	const struct settings *settings, bool live, const struct scan_teller *teller);
/* NULL is legal. */
void beacons_destroy(struct beacons *beacons);

void beacons_add(struct beacons *beacons, const struct beacon_fact *fact);
/* Tells facts of alerts. Live now and then: of the latest calls; in replay once, at the end: flows end when their memory
 * is wanted, which is not at the same packet for any number of workers. */
void beacons_judge(struct beacons *beacons);

/* Calls that found no room, or lost it before there were enough of them. */
uint64_t beacons_overflow(const struct beacons *beacons);
