/* The rules of all mirror filters of a model, compiled for bursts with rte_acl: first match by
 * rule number within filter and direction, no match = reject. Immutable once made, so workers
 * share it. The same answers as config/model/evaluate.h gives one packet at a time; the tests compare
 * the two. Needs EAL when the model has rules. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "decap/packet.h"

struct filter;

enum filter_by {
	FILTER_BY_RULE, /* `rule` decided */
	FILTER_BY_DNS,  /* Amazon DNS: decided by the filter's network services */
	FILTER_BY_NONE, /* no rule matched */
};

/* Verdicts are numbered, from 1: those of the rules, as rules are, then those of each filter and
 * direction where no rule matches. Packets that are alike in filter, direction, protocol,
 * addresses and ports get the same one, so a caller that keeps its number need not ask again, as
 * long as the filter is the same. */
struct filter_verdict {
	uint32_t number : 31, accept : 1; /* the rule's; 0: none matches */
	uint32_t scope;                   /* filter_scope() of the packets that it is for */
};

static inline uint32_t filter_scope(const struct model_filter *filter, enum direction direction)
{
	return filter->index * 2 + (direction == DIRECTION_EGRESS);
}

/* One packet to judge, and the verdict. */
struct filter_job {
	const struct packet *packet;
	const struct model_filter *filter;
	const struct model_vpc *vpc; /* of the source interface, for its resolver; or NULL */
	enum direction direction;    /* not DIRECTION_UNKNOWN */
	bool has_ports;              /* the packet's ports are known */

	enum filter_by by;
	bool accept;
	uint32_t rule;   /* FILTER_BY_RULE: index for filter_rule() */
	uint32_t number; /* its rule number, else 0 */
	/* Its number; 0: it must not be remembered, because packets that are alike may get
	 * another verdict. */
	uint32_t verdict;
};

/* Borrows the model until filter_destroy(). NULL: `error` says why. */
struct filter *filter_create(const struct model *model, struct error *error);
void filter_destroy(struct filter *filter);

/* Judges at most BURST_MAX packets. */
void filter_burst(const struct filter *filter, struct filter_job *jobs, uint32_t n);

/* `*count` verdicts, by number; the one of number 0 is for no scope. */
const struct filter_verdict *filter_verdicts(const struct filter *filter, uint32_t *count);

/* Rules are numbered through: filters in the model's order, ingress before egress, ascending. */
uint32_t filter_rule_count(const struct filter *filter);
const struct model_rule *filter_rule(const struct filter *filter, uint32_t index);
/* The filter and direction that rule `index` belongs to. */
const struct model_filter *filter_rule_owner(
	const struct filter *filter, uint32_t index, enum model_direction *direction);
