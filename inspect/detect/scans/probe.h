/* A probe: an attempt to reach a port of an address that came to nothing. Only these are counted, so that a
 * client is no candidate because it is busy. A probe_set holds those of one source: the PROBES_MAX of the
 * smallest hashes, which are a sample of all that is fair whatever they are (bottom-k; Cohen and Kaplan,
 * "Summarizing data using bottom-k sketches", PODC 2007). Up to PROBES_MAX it holds all and counts are exact;
 * beyond, each probe stands for probe_set_weight() others, and what n of them stand for has a standard error
 * of at most a part 1 / sqrt(n).
 *
 * Sets of parts, put together in any order, are the set of the whole. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/addr.h"

/* How it ended. Of several the last of these. */
enum probe_end {
	PROBE_UNANSWERED, /* a SYN that nothing answered */
	PROBE_HALF_OPEN, /* SYN-ACK, which the client answered by RST: RFC 9293, 3.5.2, or a scanner */
	PROBE_REFUSED,     /* RST (RFC 9293, 3.10.7.1) */
	PROBE_UNREACHABLE, /* ICMP says that the port is (RFC 792; RFC 4443, 3.1) */
	PROBE_ENDS
};

struct probe {
	uint64_t hash;    /* probe_hash() */
	uint64_t time_ns; /* the latest */
	struct ip_addr dst;
	uint16_t port;
	uint8_t protocol;
	uint8_t end; /* enum probe_end */
};

enum { PROBES_MAX = 256 };

struct probe_set {
	uint32_t n;
	uint64_t bound; /* all hashes below it that came are here; UINT64_MAX: all that came */
	struct probe *at; /* by hash */
};

/* `seed`: the same for all sets that meet. Never UINT64_MAX. */
uint64_t probe_hash(const struct probe *probe, uint64_t seed);

/* `set->at` has room for one more probe or for PROBES_MAX. A probe that is there takes the later time. */
void probe_set_add(struct probe_set *set, const struct probe *probe);
/* What a set that joins this one has left out, this one leaves out, too. */
void probe_set_lower(struct probe_set *set, uint64_t bound);
/* Removes those before `time_ns`. Where few are left room is made for more: the set then leaves out of the time
 * before only what it has left out already, so that estimates are too low rather than too high until that is over. */
void probe_set_forget(struct probe_set *set, uint64_t time_ns);

/* The most of `n` probes, which are by time, that lie within a window. */
uint32_t probes_most_within(const struct probe *probe, uint32_t n, uint64_t window_ns);

/* How many that came each probe of the set stands for: 1 or more. */
double probe_set_weight(const struct probe_set *set);
