#include "config/model/shadow.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/log.h"

enum { PROTOCOL, SOURCE, DESTINATION, SOURCE_PORT, DESTINATION_PORT, DIMENSIONS };

/* What a dimension's interval holds: GNU's 128 bits are those of an address. */
struct interval {
	unsigned __int128 low, high;
};

struct box {
	struct interval side[DIMENSIONS];
	bool has_ports; /* a condition on a port: packets without ports lie outside */
	uint8_t ip_version;
};

/* A part of the box that is asked for, and the first candidate not cut out of it yet. */
struct part {
	struct box box;
	uint32_t from;
};

/* A rule that touches the box asked for. */
struct candidate {
	uint32_t rule;
	bool used;    /* something was cut by it */
	double share; /* of the box, that lies in the rule */
};

struct shadow {
	const struct model_rules *rules;
	struct box *boxes; /* one a rule */
	struct candidate *candidates;
	uint32_t n_candidates;
	struct part *parts; /* stack */
	uint32_t n_parts, room;
	uint64_t per_rule, total; /* budget left */
};

static void *memory(void *old, size_t count, size_t size)
{
	void *p = realloc(old, count * size + 1);

	if (!p)
		log_abort("no memory to compare the rules");
	return p;
}

static struct interval cidr_interval(const struct cidr *cidr)
{
	unsigned host = cidr->ip_version == 4 ? 32u - cidr->bits : 128u - cidr->bits;
	struct interval i = {0, 0};

	for (int k = 0; k < 16; k++)
		i.low = i.low << 8 | cidr->addr.byte[k];
	i.high = host == 128 ? ~(unsigned __int128)0
			     : i.low | (((unsigned __int128)1 << host) - 1);
	return i;
}

static struct box box_of(const struct model_rule *rule)
{
	bool any = rule->protocol == MODEL_PROTOCOL_ANY;
	unsigned protocol = any ? 0 : (unsigned)rule->protocol;

	return (struct box){
		.side = {[PROTOCOL] = {protocol, any ? 255 : protocol},
			[SOURCE] = cidr_interval(&rule->source),
			[DESTINATION] = cidr_interval(&rule->destination),
			[SOURCE_PORT] = {rule->source_ports.from, rule->source_ports.to},
			[DESTINATION_PORT] = {rule->destination_ports.from,
				rule->destination_ports.to}},
		.has_ports = !rule->any_source_port || !rule->any_destination_port,
		.ip_version = rule->ip_version,
	};
}

static bool box_meets(const struct box *a, const struct box *b)
{
	if (a->ip_version != b->ip_version)
		return false;
	for (int d = 0; d < DIMENSIONS; d++) {
		if (a->side[d].high < b->side[d].low || b->side[d].high < a->side[d].low)
			return false;
	}
	return true;
}

/* What lies in both; they meet. */
static struct box box_common(const struct box *a, const struct box *b)
{
	struct box c = *a;

	for (int d = 0; d < DIMENSIONS; d++) {
		if (b->side[d].low > c.side[d].low)
			c.side[d].low = b->side[d].low;
		if (b->side[d].high < c.side[d].high)
			c.side[d].high = b->side[d].high;
	}
	c.has_ports = a->has_ports || b->has_ports;
	return c;
}

static double interval_share(const struct interval *part, const struct interval *of)
{
	unsigned __int128 low = part->low > of->low ? part->low : of->low;
	unsigned __int128 high = part->high < of->high ? part->high : of->high;

	return ((double)(high - low) + 1) / ((double)(of->high - of->low) + 1);
}

/* The share of `of` that `part` covers; they meet. */
static double box_share(const struct box *part, const struct box *of)
{
	double share = 1;

	for (int d = 0; d < DIMENSIONS; d++)
		share *= interval_share(&part->side[d], &of->side[d]);
	return share;
}

struct shadow *shadow_create(const struct model_rules *rules)
{
	struct shadow *s = memory(NULL, 1, sizeof(*s));

	*s = (struct shadow){.rules = rules};
	s->boxes = memory(NULL, rules->count, sizeof(*s->boxes));
	s->candidates = memory(NULL, rules->count, sizeof(*s->candidates));
	for (uint32_t i = 0; i < rules->count; i++)
		s->boxes[i] = box_of(&rules->rule[i]);
	shadow_budget(s, SHADOW_BUDGET_RULE, SHADOW_BUDGET_TOTAL);
	return s;
}

void shadow_destroy(struct shadow *shadow)
{
	if (!shadow)
		return;
	free(shadow->boxes);
	free(shadow->candidates);
	free(shadow->parts);
	free(shadow);
}

void shadow_budget(struct shadow *shadow, uint64_t per_rule, uint64_t total)
{
	shadow->per_rule = per_rule;
	shadow->total = total;
}

/* False when the budget is spent. */
static bool spend(struct shadow *s, uint64_t *left)
{
	if (*left == 0 || s->total == 0)
		return false;
	(*left)--;
	s->total--;
	return true;
}

static void part_push(struct shadow *s, const struct box *box, uint32_t from)
{
	if (s->n_parts == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->parts = memory(s->parts, s->room, sizeof(*s->parts));
	}
	s->parts[s->n_parts++] = (struct part){*box, from};
}

/* Pushes what is left of `rest` outside of `cut`, slice by slice; they meet. */
static void parts_cut(struct shadow *s, struct box rest, const struct box *cut, uint32_t from)
{
	for (int d = 0; d < DIMENSIONS; d++) {
		struct box slice = rest;

		if (rest.side[d].low < cut->side[d].low) {
			slice.side[d].high = cut->side[d].low - 1;
			part_push(s, &slice, from);
			rest.side[d].low = cut->side[d].low;
		}
		slice = rest;
		if (rest.side[d].high > cut->side[d].high) {
			slice.side[d].low = cut->side[d].high + 1;
			part_push(s, &slice, from);
			rest.side[d].high = cut->side[d].high;
		}
	}
}

/* Rules before `end`, but for `except`, that meet the box. With `portless` the question is about
 * packets without ports, which rules with ports do not match. */
static bool candidates_find(struct shadow *s, const struct box *box, uint32_t end,
	uint32_t except, bool portless, uint64_t *left)
{
	s->n_candidates = 0;
	for (uint32_t i = 0; i < end; i++) {
		if (!spend(s, left))
			return false;
		if (i == except || (portless && s->boxes[i].has_ports) ||
			!box_meets(&s->boxes[i], box))
			continue;
		s->candidates[s->n_candidates++] =
			(struct candidate){.rule = i, .share = box_share(&s->boxes[i], box)};
	}
	return true;
}

/* One rule that covers the box by itself is the answer that helps most. */
static bool covered_by_one(struct shadow *s, const struct box *box)
{
	for (uint32_t i = 0; i < s->n_candidates; i++) {
		const struct box common = box_common(box, &s->boxes[s->candidates[i].rule]);

		if (memcmp(common.side, box->side, sizeof(common.side)) != 0)
			continue;
		s->candidates[0] = s->candidates[i];
		s->n_candidates = 1;
		s->candidates[0].used = true;
		return true;
	}
	return false;
}

/* Together they are smaller than the box: most rules are cleared here, without any cutting. The
 * margin is far above what the doubles can be wrong by. */
static bool too_small_together(const struct shadow *s)
{
	double share = 0;

	for (uint32_t i = 0; i < s->n_candidates; i++)
		share += s->candidates[i].share;
	return share < 0.999;
}

/* Takes the next part off the stack and cuts the next candidate out of it. SHADOW_NONE: no
 * candidate is left, so the part is covered by none. */
static enum shadow_result part_next(struct shadow *s, uint64_t *left)
{
	struct part part = s->parts[--s->n_parts];

	for (uint32_t i = part.from; i < s->n_candidates; i++) {
		const struct box *cut = &s->boxes[s->candidates[i].rule];

		if (!spend(s, left))
			return SHADOW_UNDECIDED;
		if (!box_meets(cut, &part.box))
			continue;
		s->candidates[i].used = true;
		parts_cut(s, part.box, cut, i + 1);
		return SHADOW_COVERED;
	}
	return SHADOW_NONE;
}

/* The widest first: what they cut off need not be cut into smaller parts by others. */
static int by_share(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->share != y->share)
		return x->share > y->share ? -1 : 1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* Whether the rules before `end` but for `except` cover the box. */
static enum shadow_result covered(struct shadow *s, const struct box *box, uint32_t end,
	uint32_t except, bool portless, uint64_t *left)
{
	enum shadow_result result = SHADOW_COVERED;

	if (!candidates_find(s, box, end, except, portless, left))
		return SHADOW_UNDECIDED;
	if (covered_by_one(s, box))
		return SHADOW_COVERED;
	if (too_small_together(s))
		return SHADOW_NONE;
	qsort(s->candidates, s->n_candidates, sizeof(*s->candidates), by_share);
	s->n_parts = 0;
	part_push(s, box, 0);
	while (s->n_parts > 0 && result == SHADOW_COVERED)
		result = part_next(s, left);
	return result;
}

/* Without ports in the rule, packets without ports are the harder half: only rules without ports
 * cover those, and they cover packets with ports as well. */
enum shadow_result shadow_rule(struct shadow *s, uint32_t index)
{
	const struct box *box = &s->boxes[index];
	uint64_t left = s->per_rule;
	enum shadow_result result = covered(s, box, index, index, !box->has_ports, &left);
	int16_t protocol = s->rules->rule[index].protocol;

	if (result != SHADOW_NONE || box->has_ports ||
		(protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
		return result;
	result = covered(s, box, index, index, false, &left);
	return result == SHADOW_COVERED ? SHADOW_FRAGMENTS_ONLY : result;
}

/* Keeps the smallest, ascending. */
static void number_keep(uint32_t numbers[SHADOW_BY_MAX], uint32_t count, uint32_t number)
{
	uint32_t at = count < SHADOW_BY_MAX ? count : SHADOW_BY_MAX;

	for (; at > 0 && numbers[at - 1] > number; at--) {
		if (at < SHADOW_BY_MAX)
			numbers[at] = numbers[at - 1];
	}
	if (at < SHADOW_BY_MAX)
		numbers[at] = number;
}

uint32_t shadow_by(const struct shadow *s, uint32_t numbers[SHADOW_BY_MAX])
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < s->n_candidates; i++) {
		if (s->candidates[i].used)
			number_keep(
				numbers, count++, s->rules->rule[s->candidates[i].rule].number);
	}
	return count;
}

/* A reject matters when some packet of it would reach a later accept without it: one that no other
 * rule before that accept decides. */
enum shadow_result shadow_reject(struct shadow *s, uint32_t index)
{
	uint64_t left = s->per_rule;

	for (uint32_t i = index + 1; i < s->rules->count; i++) {
		enum shadow_result result;
		struct box common;

		if (!spend(s, &left))
			return SHADOW_UNDECIDED;
		if (!s->rules->rule[i].accept || !box_meets(&s->boxes[index], &s->boxes[i]))
			continue;
		common = box_common(&s->boxes[index], &s->boxes[i]);
		result = covered(s, &common, i, index, !common.has_ports, &left);
		if (result != SHADOW_COVERED)
			return result;
	}
	return SHADOW_COVERED;
}
