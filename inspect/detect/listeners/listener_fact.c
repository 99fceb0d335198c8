#include "inspect/detect/listeners/listener_fact.h"

#include <netinet/in.h>
#include <string.h>

#include "config/settings/settings.h"
#include "decap/packet.h"

struct recent *listener_watch_known(void)
{
	return recent_create(LISTENERS_KNOWN, sizeof(struct recent_row));
}

/* The interface has answered a client that came to it: who connects from there has answers, too. */
static bool is_answer(const struct flow *flow, const struct packet *p)
{
	return p->protocol == IPPROTO_TCP &&
	       (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK) &&
	       flow_direction(flow) == DIRECTION_INGRESS;
}

/* true: it was told of before. */
static bool is_known(struct recent *known, const struct recent_key *key)
{
	if (recent_find(known, key) != NULL)
		return true;
	if (recent_take(known, key) == NULL) {
		recent_drop(known, recent_oldest(known));
		recent_take(known, key);
	}
	return false;
}

bool listener_watch_packet(const struct listener_watch *w, uint64_t number,
	const struct flow *flow, const struct packet *p)
{
	const struct flow_ends ends = flow_ends(flow);
	struct observation_point point;
	struct listener_fact *fact;
	struct recent_key key;

	if (!is_answer(flow, p))
		return true;
	key = (struct recent_key){
		*ends.dst, session_tenant(w->sessions, flow->key.point), ends.dst_port};
	if (is_known(w->known, &key))
		return true;
	point = observation_point_of(w->sessions, flow->key.point);
	fact = (struct listener_fact *)w->facts.take(w->facts.ctx, RECORD_LISTENER_FACT,
		sizeof(*fact) + observation_point_size(&point));
	if (fact == NULL)
		return false;
	fact->about.fact.number = number;
	fact->about.now_ns = p->time_ns;
	fact->about.key = key;
	tenant_name(key.tenant, w->settings, fact->about.tenant);
	fact->about.sight.is_inside = true;
	fact->about.sight.flow = *flow;
	fact->about.sight.flow.details = NULL;
	fact->about.sight.flow.dpi = NULL;
	observation_point_copy(&fact->about.sight.observation_point, &point, fact->names);
	return true;
}
