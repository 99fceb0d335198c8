#include "dataplane/live/appliance_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"

/* Rules are the same when they stand at the same place of the same filter and do the same. */
static bool same_rule(const struct filter *a, uint32_t i, const struct filter *b, uint32_t k)
{
	enum model_direction one, other;
	const struct model_filter *x = filter_rule_owner(a, i, &one);
	const struct model_filter *y = filter_rule_owner(b, k, &other);
	const struct model_rule *rule = filter_rule(a, i), *was = filter_rule(b, k);

	return one == other && rule->number == was->number && rule->accept == was->accept &&
	       strcmp(x->id, y->id) == 0;
}

static void find_earlier(struct configuration *c, const struct configuration *before)
{
	const struct filter *now = c->snapshot->filter, *then = before->snapshot->filter;
	uint32_t n = filter_rule_count(now), m = filter_rule_count(then), from = 0;

	/* Both lists have one order, so what follows a match mostly is one. */
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t tries = 0; tries < m; tries++) {
			uint32_t k = from + tries < m ? from + tries : from + tries - m;

			if (!same_rule(now, i, then, k))
				continue;
			c->was[i] = k + 1;
			from = k + 1 < m ? k + 1 : 0;
			break;
		}
}

struct configuration *configuration_create(struct appliance *appliance,
	const struct settings *settings, struct policy policy, uint64_t generation,
	struct error *error)
{
	struct configuration *c = calloc(1, sizeof(*c));
	uint32_t n;

	error_set(error, "not enough memory for a configuration");
	if (!c) {
		policy_destroy(&policy);
		return NULL;
	}
	c->policy = policy;
	if (!flow_log_owners_number(appliance->owners, policy.model))
		goto err;
	c->snapshot = snapshot_create(
		policy.model, policy.lists, settings, generation, appliance->n_workers, error);
	if (!c->snapshot)
		goto err;
	c->snapshot->geo = policy.geo;
	n = filter_rule_count(c->snapshot->filter) + 1;
	c->past = calloc(n, sizeof(*c->past));
	c->was = calloc(n, sizeof(*c->was));
	if (!c->past || !c->was) {
		error_set(error, "not enough memory for a configuration");
		goto err;
	}
	if (appliance->current)
		find_earlier(c, appliance->current);
	return c;

err:
	configuration_destroy(c);
	return NULL;
}

void configuration_destroy(struct configuration *c)
{
	while (c) {
		struct configuration *before = c->before;

		snapshot_destroy(c->snapshot);
		policy_destroy(&c->policy);
		free(c->past);
		free(c->was);
		free(c);
		c = before;
	}
}

struct news {
	struct flow_log_owners *owners;
	const struct geo *geo;
};

static void tell(void *ctx, struct output *output)
{
	const struct news *news = ctx;

	flow_log_owners_add(news->owners, output);
	output_locate(output, news->geo);
}

bool appliance_tell_writer(
	struct appliance *appliance, const struct configuration *c, uint64_t wait_ns)
{
	struct news news = {appliance->owners, c->policy.geo};

	return writer_do(appliance->writer, tell, &news, wait_ns);
}

struct rule_hits configuration_hits(const struct configuration *c, uint32_t rule)
{
	struct rule_hits sum = {0, 0};

	for (;;) {
		struct rule_hits one = snapshot_rule_hits(c->snapshot, rule);

		sum.packets += one.packets + c->past[rule].packets;
		sum.bytes += one.bytes + c->past[rule].bytes;
		if (!c->before || c->was[rule] == 0)
			return sum;
		rule = c->was[rule] - 1;
		c = c->before;
	}
}
