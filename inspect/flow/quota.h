/* Shares of something bounded (flows, bytes) between observation points: what is kept for one,
 * no other can take. A part of the limit is kept for the configured sessions, the same for each;
 * a part for all other points together, whose number an attacker chooses. The rest is common:
 * whoever comes first has it.
 *
 *     limit = kept for each session * sessions + kept for the others + common
 *
 * Nothing is taken back: what is kept stays free until its owner needs it. Taking and giving
 * back is a few additions. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct session_table;

struct quota_params {
	uint32_t sessions,
		unknown; /* percent of the limit that are kept, 100 together at most */
	uint32_t points; /* only those below this number can be of a configured session */
};

struct quota_point {
	uint64_t used;
	bool configured;
};

struct quota {
	struct quota_params params;
	uint64_t limit;        /* 0: none */
	uint64_t kept;         /* for each configured session */
	uint64_t kept_unknown; /* for all other points together */
	uint64_t common;       /* for all */
	uint64_t common_used;  /* what shares use beyond what is kept for them */
	uint64_t used, unknown_used;
	struct quota_point
		*points; /* by number; what unknown ones use is in `unknown_used`, too */
};

/* No session is configured yet. false: no memory. All zero is legal, too, and has no limit. */
bool quota_init(struct quota *quota, uint64_t limit, const struct quota_params *params);
void quota_fini(struct quota *quota);

/* The configured sessions have changed. A point that has more than its share now keeps it until
 * it gives it back. */
void quota_bind(struct quota *quota, const struct session_table *sessions);

/* Whether `n` more are to be had for the point. */
bool quota_fit(const struct quota *quota, uint32_t point, uint64_t n);
/* Takes them. false, and nothing taken: quota_fit() said so. */
bool quota_take(struct quota *quota, uint32_t point, uint64_t n);
/* What the point took. */
void quota_give(struct quota *quota, uint32_t point, uint64_t n);

bool quota_is_configured(const struct quota *quota, uint32_t point);
/* Whether what is kept for the point has room for `n` more. */
bool quota_is_within(const struct quota *quota, uint32_t point, uint64_t n);
/* Whether `point` may, for `n` more, have what `other` gives up: that draws on what is common, or both on
 * one share that is used up. */
bool quota_may_replace(const struct quota *quota, uint32_t point, uint64_t n, uint32_t other);
