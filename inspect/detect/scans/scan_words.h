/* What an alert says of a scan or a flood. */
#pragma once

#include "config/log/text.h"
#include "inspect/detect/scans/scan_fact.h"
#include "inspect/detect/scans/scan_judge.h"

/* What is told: a scan of the protocol `is_udp` says, found within a window among probes of `weight` (scan_find()). */
struct scan_words {
	const struct scan_found *found;
	double weight;
	uint64_t window_ns;
	bool is_udp, is_slow;
	uint8_t ip_version;
};

/* Static strings. */
const char *scan_rule(const struct scan_words *words);
const char *scan_title(const struct scan_words *words);

void scan_why(struct text *t, const struct scan_words *words);
/* The evidence: what it is called, and the first of the addresses or ports. */
const char *scan_field(const struct scan_words *words);
void scan_value(struct text *t, const struct scan_words *words);

void flood_why(struct text *t, const struct flow *flow, const struct syns_count *count,
	uint64_t window_ns);
