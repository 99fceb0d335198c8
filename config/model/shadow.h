/* Rules that cannot matter: those that earlier rules cover over all fields, one by itself or
 * several together, and rejects without which every packet would be judged as before.
 *
 * A rule is a box of five intervals (protocol, addresses, ports); what earlier rules leave of it is
 * found by cutting them out, one after the other. The answer is exact, or SHADOW_UNDECIDED when the
 * budget of comparisons between two boxes is spent: then nothing is claimed. */
#pragma once

#include <stdint.h>

#include "config/model/model.h"

enum {
	SHADOW_BUDGET_RULE = 1000000,    /* comparisons for one rule */
	SHADOW_BUDGET_TOTAL = 200000000, /* for one `shadow` */
	SHADOW_BY_MAX = 5,
};

enum shadow_result {
	SHADOW_NONE,           /* some packet is decided by the rule */
	SHADOW_COVERED,        /* the rule decides no packet */
	SHADOW_FRAGMENTS_ONLY, /* it decides only fragments whose ports are not known */
	SHADOW_UNDECIDED,
};

struct shadow;

/* Prepares the rules of one direction of a filter; they are borrowed. */
struct shadow *shadow_create(const struct model_rules *rules);
void shadow_destroy(struct shadow *shadow);
/* For the tests: what one rule may cost. */
void shadow_budget(struct shadow *shadow, uint64_t per_rule, uint64_t total);

/* Whether rule `index` can decide a packet. */
enum shadow_result shadow_rule(struct shadow *shadow, uint32_t index);
/* The numbers of the rules that cover it, after SHADOW_COVERED or SHADOW_FRAGMENTS_ONLY: the
 * smallest SHADOW_BY_MAX of them in `numbers`, ascending. Returns how many there are. */
uint32_t shadow_by(const struct shadow *shadow, uint32_t numbers[SHADOW_BY_MAX]);

/* For a reject: SHADOW_COVERED when all that it rejects would be rejected without it. */
enum shadow_result shadow_reject(struct shadow *shadow, uint32_t index);
