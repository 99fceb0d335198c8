/* Floods of SYNs, judged from what all workers tell (scan_fact.h): of each port that got SYNs which became no
 * connections it is counted how many, in sixths of the window. Exact, of as many ports as detect.scan_sources says; the one that
 * has been quiet for the longest time gives way. One thread uses it. */
#pragma once

#include <stdint.h>

#include "inspect/detect/scans/scan_row.h"

struct floods;
struct settings;

/* NULL: no memory. `settings` is needed by the call alone. */
struct floods *floods_create(const struct settings *settings, const struct scan_teller *teller);
/* NULL is legal. */
void floods_destroy(struct floods *floods);

void floods_add(struct floods *floods, const struct syns_fact *fact);
/* Tells facts of alerts. */
void floods_judge(struct floods *floods);

/* SYNs that found no room, or lost it. */
uint64_t floods_overflow(const struct floods *floods);
