/* Scans, judged from the probes that all workers tell of (scan_fact.h). One thread uses it.
 *
 * Of each source and protocol the probes of each of both windows are held as a set of at most PROBES_MAX (probe.h),
 * from which follow how many addresses failed at one port, and how many ports at one address. What is wide hides what is
 * narrow beside it, within the window. Bounded: of as many sources, and 16 times as many probes, as detect.scan_sources
 * says; the source that has been quiet for the longest time gives way.
 *
 * What was added is judged together: so nothing depends on which worker told what. */
#pragma once

#include <stdint.h>

#include "inspect/detect/scans/scan_row.h"

struct scans;
struct settings;

/* NULL: no memory. `settings` is needed by the call alone. */
struct scans *scans_create(const struct settings *settings, const struct scan_teller *teller);
/* NULL is legal. */
void scans_destroy(struct scans *scans);

void scans_add(struct scans *scans, const struct probes_fact *fact);
/* Tells facts of alerts. */
void scans_judge(struct scans *scans);

/* Probes that found no room, or lost it. */
uint64_t scans_overflow(const struct scans *scans);
