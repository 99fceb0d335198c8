/* What an alert says of a scan or a flood. */
#pragma once

#include "config/log/text.h"
#include "inspect/detect/scans/scan_fact.h"
#include "inspect/detect/scans/scan_judge.h"

/* Static strings. */
const char *scan_rule(const struct scan_found *found);
const char *scan_title(const struct scan_found *found);

/* `weight`: see scan_find(). */
void scan_why(struct text *t, const struct scan_found *found, double weight,
	const struct scan_limits *limits);
/* The evidence: what it is called, and the first of the addresses or ports. */
const char *scan_field(const struct scan_found *found);
void scan_value(struct text *t, const struct scan_found *found);

void flood_why(struct text *t, const struct flow *flow, const struct syns_count *count,
	uint64_t window_ns);
