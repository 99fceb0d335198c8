#include "dataplane/retrieval/covering.h"

#include <stdlib.h>

struct span {
	uint64_t flow_id, first_ns, last_ns;
};

struct covering {
	struct flow_answers *places; /* of each flow 1 + its place in `spans` */
	struct span *spans;
	uint32_t n, room;
};

struct covering *covering_create(void)
{
	struct covering *c = calloc(1, sizeof(*c));

	if (c)
		c->places = flow_answers_create();
	if (c && c->places)
		return c;
	free(c);
	return NULL;
}

void covering_destroy(struct covering *c)
{
	if (!c)
		return;
	flow_answers_destroy(c->places);
	free(c->spans);
	free(c);
}

static struct span *add(struct covering *c, uint64_t flow_id)
{
	if (c->n == c->room) {
		uint32_t room = c->room ? 2 * c->room : 16;
		struct span *spans =
			c->n < COVERING_MAX ? realloc(c->spans, room * sizeof(*spans)) : NULL;

		if (!spans)
			return NULL;
		c->spans = spans;
		c->room = room;
	}
	if (!flow_answers_add(c->places, flow_id, c->n + 1))
		return NULL;
	c->spans[c->n] = (struct span){flow_id, UINT64_MAX, 0};
	return &c->spans[c->n++];
}

bool covering_add(struct covering *c, const struct retrieved *packet)
{
	uint64_t id = packet->record->flow_id, time_ns = packet->record->time_ns;
	uint64_t place = flow_answers_get(c->places, id);
	struct span *span;

	if (id == 0)
		return true;
	span = place ? &c->spans[place - 1] : add(c, id);
	if (!span)
		return false;
	if (time_ns < span->first_ns)
		span->first_ns = time_ns;
	if (time_ns > span->last_ns)
		span->last_ns = time_ns;
	return true;
}

static bool covers(const struct span *span, uint64_t from_ns, uint64_t to_ns)
{
	return span->first_ns <= to_ns && span->last_ns >= from_ns;
}

static bool is_there(const struct covering *c, uint64_t from_ns, uint64_t to_ns, uint64_t id)
{
	uint64_t place = flow_answers_get(c->places, id);

	return place && covers(&c->spans[place - 1], from_ns, to_ns);
}

struct flow_answers *covering_flows(
	const struct covering *c, uint64_t from_ns, uint64_t to_ns, uint64_t flow_id)
{
	bool alone = is_there(c, from_ns, to_ns, flow_id);
	struct flow_answers *flows = flow_answers_create();

	for (uint32_t i = 0; flows && i < c->n; i++) {
		const struct span *span = &c->spans[i];

		if (!(alone ? span->flow_id == flow_id : covers(span, from_ns, to_ns)))
			continue;
		if (!flow_answers_add(flows, span->flow_id, 1)) {
			flow_answers_destroy(flows);
			flows = NULL;
		}
	}
	return flows;
}
