/* A snapshot: one configuration of the mirror model as the workers see it, with its generation.
 * Immutable once published, but for the hit counters, of which each lane writes its own row.
 * Lanes pick up a new snapshot at the start of a burst and say so; the old one is destroyed when
 * every lane has. No packet is judged by half a configuration. */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "config/settings/settings.h"
#include "dataplane/pipeline/filter.h"
#include "decap/counters/counters.h"

struct geo;
struct lists;
struct suppress;

/* One lane writes a row, others may look at it meanwhile: each number is whole. */
static inline void rule_hits_add(struct rule_hits *hits, uint64_t bytes)
{
	__atomic_store_n(&hits->packets, hits->packets + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&hits->bytes, hits->bytes + bytes, __ATOMIC_RELAXED);
}

struct snapshot {
	uint64_t generation;
	const struct model *model;
	struct filter *filter;
	const struct lists *lists; /* NULL: none */
	const struct geo *geo;     /* NULL: none; set before it is published */
	struct suppress *suppress;
	bool learn;          /* sessions.unknown: inspect */
	bool accept_unknown; /* sessions.unknown_direction: accept */
	uint32_t n_lanes;
	struct rule_hits *hits; /* n_lanes rows of filter_rule_count() */
};

/* What a configuration says of packets: the mirror model, indicator lists, and where addresses are; any may be
 * NULL. All are owned. */
struct policy {
	struct model *model;
	struct lists *lists;
	struct geo *geo;
};
void policy_destroy(struct policy *policy);

/* Compiles; borrows the model and the lists (NULL: none) until snapshot_destroy(). NULL: `error` says why. */
struct snapshot *snapshot_create(const struct model *model, const struct lists *lists,
	const struct settings *settings, uint64_t generation, uint32_t n_lanes,
	struct error *error);
void snapshot_destroy(struct snapshot *snapshot);

/* The row of lane `lane`. */
struct rule_hits *snapshot_hits(const struct snapshot *snapshot, uint32_t lane);
/* The sum over lanes for one rule, by any thread; exact when the lanes are at rest. */
struct rule_hits snapshot_rule_hits(const struct snapshot *snapshot, uint32_t rule);

/* The current snapshot: written by the control thread alone, read by all lanes. */
struct snapshot_slot {
	_Atomic(struct snapshot *) current;
};

/* The generation that a lane works with: written by the lane alone, read by any thread. */
struct snapshot_reader {
	_Atomic uint64_t generation;
};

/* Publishes `next` and returns the one before, which lanes may still use until
 * snapshot_is_past(). */
struct snapshot *snapshot_publish(struct snapshot_slot *slot, struct snapshot *next);
/* True when the reader has taken up generation `generation` or a later one. */
bool snapshot_is_past(const struct snapshot_reader *reader, uint64_t generation);
