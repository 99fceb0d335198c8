/* What a worker tells of attempts that came to nothing: at each tick of the clock one fact for each source that
 * made some, and one for each port that got SYNs which became no connections. There are so many of them at
 * most, whatever comes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/now.h"
#include "inspect/detect/scans/probe.h"
#include "inspect/detect/scans/recent.h"
#include "inspect/record/fact.h"
#include "inspect/record/tenant.h"

#define SCAN_TICK_NS (NS_PER_S / 4)

/* The flow that shows it first. */
struct scan_sight {
	bool is_inside; /* whom the alert is about is an address of the mirrored interface */
	struct observation_point observation_point;
	struct flow flow; /* as it was; without `details` and `dpi` */
};

/* The names of the observation point stand behind the fact. */
struct scan_fact {
	struct fact fact;
	uint64_t now_ns; /* of the tick: in replay the same for all workers */
	struct recent_key
		key; /* the source and protocol; or the address and port that got SYNs */
	char tenant[TENANT_TEXT];
	struct scan_sight sight;
};

/* Probes of one source and protocol. */
struct probes_fact {
	struct scan_fact about;
	uint64_t bound; /* see struct probe_set */
	uint32_t n;
	struct probe probe[];
};

/* SYNs to one port that became no connections. */
struct syns_count {
	uint64_t unanswered, half_open;
	uint64_t first_ns, last_ns; /* when they were sent */
	bool many_sources;          /* not all from the one of the sight */
};

void syns_count_add(struct syns_count *to, const struct syns_count *more);

struct syns_fact {
	struct scan_fact about;
	struct syns_count count;
	char names[];
};

/* Whether flow `a` came before `b`; by their identity where that is not to be told. `point_id`: of its
 * observation point. */
bool scan_is_before(
	const struct flow *a, uint64_t a_point_id, const struct flow *b, uint64_t b_point_id);
