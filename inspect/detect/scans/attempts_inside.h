/* The inside of a worker's attempts: attempts.c fills it, attempts_tell.c tells what is in it. */
#pragma once

#include <stdbool.h>

#include "inspect/detect/scans/attempts.h"
#include "inspect/detect/scans/scan_fact.h"

/* Of one tick. */
enum { SOURCES = 2048, PORTS = 4096 };

struct source {
	struct recent_row row;
	bool is_inside;
	struct flow flow; /* the first */
	struct probe_set set;
};

struct port {
	struct recent_row row;
	struct flow flow; /* the first */
	struct syns_count count;
};

struct attempts {
	struct attempts_params params;
	bool probes, floods; /* are asked for */
	uint64_t tick;       /* the last that was told */
	struct syn_watch *watch;
	struct recent *sources, *ports;
	struct probe *probe; /* PROBES_MAX for each row of `sources` */
	struct attempts_stats stats;
};

/* Tells all, and forgets it. */
void attempts_tell(struct attempts *attempts, uint64_t now_ns, uint64_t number);
