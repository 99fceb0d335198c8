/* What a worker tells of a tick. */
#include "inspect/detect/scans/attempts_inside.h"

#include <string.h>

/* A fact of `size` bytes and the names; NULL: there is no room for it. `*names`: where they stand. */
static struct scan_fact *take(struct attempts *a, enum record_type type, size_t size,
	const struct recent_key *key, const struct flow *flow)
{
	const struct sink *sink = &a->params.facts;
	struct observation_point point =
		observation_point_of(a->params.sessions, flow->key.point);
	struct scan_fact *fact = (struct scan_fact *)sink->take(
		sink->ctx, type, size + observation_point_size(&point));

	if (fact == NULL) {
		a->stats.unheard++;
		return NULL;
	}
	a->stats.told++;
	fact->key = *key;
	tenant_name(key->tenant, a->params.settings, fact->tenant);
	fact->sight.flow = *flow;
	observation_point_copy(&fact->sight.observation_point, &point, (char *)fact + size);
	return fact;
}

static void tell_source(
	struct attempts *a, const struct source *source, uint64_t now_ns, uint64_t number)
{
	size_t size = source->set.n * sizeof(struct probe);
	struct probes_fact *fact = (struct probes_fact *)take(
		a, RECORD_PROBES_FACT, sizeof(*fact) + size, &source->row.key, &source->flow);

	if (fact == NULL)
		return;
	fact->about.fact.number = number;
	fact->about.now_ns = now_ns;
	fact->about.sight.is_inside = source->is_inside;
	fact->bound = source->set.bound;
	fact->n = source->set.n;
	memcpy(fact->probe, source->set.at, size);
}

static void tell_port(
	struct attempts *a, const struct port *port, uint64_t now_ns, uint64_t number)
{
	struct syns_fact *fact = (struct syns_fact *)take(
		a, RECORD_SYNS_FACT, sizeof(*fact), &port->row.key, &port->flow);

	if (fact == NULL)
		return;
	fact->about.fact.number = number;
	fact->about.now_ns = now_ns;
	fact->about.sight.is_inside = flow_direction(&port->flow) == DIRECTION_INGRESS;
	fact->count = port->count;
}

void attempts_tell(struct attempts *a, uint64_t now_ns, uint64_t number)
{
	struct source *source;
	struct port *port;

	while ((source = recent_oldest(a->sources)) != NULL) {
		tell_source(a, source, now_ns, number);
		recent_drop(a->sources, source);
	}
	while ((port = recent_oldest(a->ports)) != NULL) {
		tell_port(a, port, now_ns, number);
		recent_drop(a->ports, port);
	}
}
