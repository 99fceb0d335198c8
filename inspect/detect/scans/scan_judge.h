/* Which of a source's probes, of one protocol, are a scan: many addresses at one port (horizontal), or many ports at one
 * address (vertical), within a window.
 *
 * A sample of probes of many ports and many addresses has few of each. So of a sample it is asked, besides, of how many
 * probes is the group, of one port or one address, in which a probe is on average: with n probes of weight w of which s
 * ordered pairs are of one group, 1 + s w / n (the second frequency moment by the first one). The largest group is no
 * smaller, so what is found exists. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/detect/scans/probe.h"

enum scan_kind { SCAN_HORIZONTAL, SCAN_VERTICAL, SCAN_KINDS };

struct scan_limits {
	uint32_t least[SCAN_KINDS]; /* addresses, ports; 0: none are a scan */
	uint64_t window_ns;
};

struct scan_found {
	enum scan_kind kind;
	const struct probe
		*probe; /* those of the port or of the address, by address or by port */
	uint32_t n;
	uint32_t within; /* of these, most within a window */
	uint64_t first_ns, last_ns;
	/* Not 0: there are many such groups, this being the largest of the sample, and as many probes
	 * are in one on average; with a standard error of 1 / sqrt(`pairs`). */
	uint32_t average, groups;
	uint32_t pairs;
};

/* Looks for a scan among the probes of a set; the widest, if there are several. Where each stands for `weight` others,
 * it is found when it has the least number but for one in 700 cases (three standard errors). Puts `probe` into another
 * order. */
bool scan_find(enum scan_kind kind, struct probe *probe, uint32_t n, double weight,
	const struct scan_limits *limits, struct scan_found *found);

/* What was found, and of it what is within a window; estimates where `percent`, their standard error, is not 0. */
struct scan_size {
	uint64_t all, within;
	unsigned percent;
};
struct scan_size scan_size(const struct scan_found *found, double weight);
