#include "inspect/detect/listeners/listener_fact.h"

#include <netinet/in.h>
#include <string.h>

#include "config/settings/settings.h"
#include "decap/packet.h"

/* A port, and the answer of it that was told of. */
struct listening {
	struct recent_row row;
	uint64_t told_ns;
};

struct recent *listener_watch_known(void)
{
	return recent_create(LISTENERS_KNOWN, sizeof(struct listening));
}

/* The interface has answered a client that came to it: who connects from there has answers, too. */
static bool is_answer(const struct flow *flow, const struct packet *p)
{
	return p->protocol == IPPROTO_TCP &&
	       (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK) &&
	       flow_direction(flow) == DIRECTION_INGRESS;
}

/* The row of a port, which is new or was told of at a later time than this; NULL: there is nothing to tell. What comes
 * first by its time is told of, whoever has seen it, and in whatever order. */
static struct listening *untold(
	struct recent *known, const struct recent_key *key, uint64_t time_ns)
{
	struct listening *row = recent_find(known, key);

	if (row != NULL)
		return time_ns <= row->told_ns ? row : NULL;
	row = recent_take(known, key);
	if (row == NULL) {
		recent_drop(known, recent_oldest(known));
		row = recent_take(known, key);
	}
	return row;
}

enum listener_told listener_watch_packet(const struct listener_watch *w, uint64_t number,
	const struct flow *flow, const struct packet *p)
{
	const struct flow_ends ends = flow_ends(flow);
	struct observation_point point;
	struct listener_fact *fact;
	struct listening *row;
	struct recent_key key;

	if (!is_answer(flow, p))
		return LISTENER_NOTHING;
	key = (struct recent_key){
		*ends.dst, session_tenant(w->sessions, flow->key.point), ends.dst_port};
	row = untold(w->known, &key, p->time_ns);
	if (row == NULL)
		return LISTENER_NOTHING;
	point = observation_point_of(w->sessions, flow->key.point);
	fact = (struct listener_fact *)w->facts.take(w->facts.ctx, RECORD_LISTENER_FACT,
		sizeof(*fact) + observation_point_size(&point));
	if (fact == NULL) {
		recent_drop(w->known, row);
		return LISTENER_REFUSED;
	}
	row->told_ns = p->time_ns;
	fact->about.fact.number = number;
	fact->about.now_ns = p->time_ns;
	fact->about.key = key;
	tenant_name(key.tenant, w->settings, fact->about.tenant);
	fact->about.sight.is_inside = true;
	fact->about.sight.flow = *flow;
	fact->about.sight.flow.details = NULL;
	fact->about.sight.flow.dpi = NULL;
	observation_point_copy(&fact->about.sight.observation_point, &point, fact->names);
	return LISTENER_TOLD;
}
