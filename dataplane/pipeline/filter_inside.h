/* The inside of a filter: filter.c makes it, filter_acl.c compiles its rules, filter_burst.c asks
 * them. */
#pragma once

#include "dataplane/pipeline/filter.h"

struct rte_acl_ctx;

/* What rte_acl looks at. `scope` keeps filters and directions apart and says whether the packet
 * has ports: rules that name ports match on that bit too, so a fragment without ports passes
 * them by. Numbers are big-endian, as rte_acl reads them. */
struct key4 {
	uint8_t protocol;
	uint8_t pad[3];
	uint32_t scope, src, dst;
	uint16_t src_port, dst_port;
};

struct key6 {
	uint8_t protocol;
	uint8_t pad[3];
	uint32_t scope;
	uint8_t src[16], dst[16];
	uint16_t src_port, dst_port;
};

enum { SCOPE_PORTS = 1, SCOPE_SHIFT = 1 };

struct owned_rule {
	const struct model_rule *rule;
	const struct model_filter *filter;
	enum model_direction direction;
};

struct filter {
	struct rte_acl_ctx *acl4, *acl6; /* NULL: no rule of that family */
	struct owned_rule *rules;
	/* Verdict table, 8 bytes a rule. */
	struct filter_verdict *verdicts;
	uint32_t n_rules, n_verdicts;
};

static inline uint32_t acl_scope(uint32_t scope, bool has_ports)
{
	return scope << SCOPE_SHIFT | (has_ports ? SCOPE_PORTS : 0);
}

static inline uint32_t scope_of_rule(const struct owned_rule *owned)
{
	return filter_scope(owned->filter,
		owned->direction == MODEL_EGRESS ? DIRECTION_EGRESS : DIRECTION_INGRESS);
}

/* Compiles the rules of one family into `*out`; NULL there when it has none. 0, or a negative errno. */
int filter_compile(const struct filter *filter, uint8_t ip_version, struct rte_acl_ctx **out);
