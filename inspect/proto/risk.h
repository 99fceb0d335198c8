/* Risks of a flow: nDPI's, and our own. Both are told apart by an index, which counts nDPI's ids and behind
 * them ours. Ids are what events print. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	NDPI_RISKS = 64, /* at most; the index of ours is this and more */
	FIRST_OWN_RISK = 1000,
};

enum own_risk {
#define RISK(name, severity, why) OWN_RISK_##name,
#include "inspect/proto/own_risks.def"
	OWN_RISKS
};

enum { RISKS = NDPI_RISKS + OWN_RISKS };

/* Bit n is risk n of its kind. */
struct risk_set {
	uint64_t ndpi;
	uint32_t own;
};

_Static_assert(OWN_RISKS <= 32, "risk_set.own has 32 bits");

static inline bool risk_set_is_empty(const struct risk_set *set)
{
	return !set->ndpi && !set->own;
}

/* Takes the lowest out of a set that is not empty. Returns its index. */
static inline unsigned risk_set_take(struct risk_set *set)
{
	unsigned risk = set->ndpi ? (unsigned)__builtin_ctzll(set->ndpi)
				  : NDPI_RISKS + (unsigned)__builtin_ctz(set->own);

	if (set->ndpi)
		set->ndpi &= set->ndpi - 1;
	else
		set->own &= set->own - 1;
	return risk;
}

static inline bool risk_set_has(const struct risk_set *set, unsigned risk)
{
	return risk < NDPI_RISKS ? set->ndpi >> risk & 1 : set->own >> (risk - NDPI_RISKS) & 1;
}

static inline unsigned risk_id(unsigned risk)
{
	return risk < NDPI_RISKS ? risk : risk - NDPI_RISKS + FIRST_OWN_RISK;
}
