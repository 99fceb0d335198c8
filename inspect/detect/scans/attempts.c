#include "inspect/detect/scans/attempts_inside.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings/settings.h"
#include "inspect/detect/scans/quote.h"
#include "inspect/detect/scans/syn_watch.h"
#include "inspect/flow/count.h"
#include "inspect/flow/hash.h"
#include "inspect/flow/pages.h"

enum { PLAIN_FLAGS = TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK };

enum { PROBES_SIZE = SOURCES * PROBES_MAX * (int)sizeof(struct probe) };

void attempts_destroy(struct attempts *a)
{
	if (a == NULL)
		return;
	syn_watch_destroy(a->watch);
	recent_destroy(a->sources);
	recent_destroy(a->ports);
	pages_free(a->probe, PROBES_SIZE);
	free(a);
}

struct attempts *attempts_create(const struct attempts_params *params)
{
	struct attempts *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->params = *params;
	a->probes = params->settings->detect.scan_hosts ||
		    params->settings->detect.scan_ports ||
		    params->settings->detect.slow_scan_hosts ||
		    params->settings->detect.slow_scan_ports;
	a->floods = params->settings->detect.syn_flood;
	a->watch = syn_watch_create();
	a->sources = recent_create(SOURCES, sizeof(struct source));
	a->ports = recent_create(PORTS, sizeof(struct port));
	a->probe = pages_alloc(PROBES_SIZE);
	if (a->watch && a->sources && a->ports && a->probe)
		return a;
	attempts_destroy(a);
	return NULL;
}

static uint64_t point_id(const struct attempts *a, const struct flow *flow)
{
	return session_id(a->params.sessions, flow->key.point);
}

/* The flow becomes the one that shows it, if it came first. */
static bool see(const struct attempts *a, struct flow *first, const struct flow *flow)
{
	if (first->key.ip_version != 0 &&
		!scan_is_before(flow, point_id(a, flow), first, point_id(a, first)))
		return false;
	*first = *flow;
	first->dpi = NULL;
	first->details = NULL;
	return true;
}

/* --- probes --- */

static struct source *source_of(struct attempts *a, const struct flow *flow,
	const struct ip_addr *addr, uint8_t protocol)
{
	const struct recent_key key = {
		*addr, session_tenant(a->params.sessions, flow->key.point), protocol};
	struct source *source = recent_find(a->sources, &key);

	if (source != NULL)
		return source;
	source = recent_take(a->sources, &key);
	if (source == NULL)
		return NULL;
	source->set.bound = UINT64_MAX;
	source->set.at = a->probe + (size_t)PROBES_MAX * recent_number(a->sources, source);
	return source;
}

/* `direction`: of what the source sends. */
static void add_probe(struct attempts *a, const struct flow *flow, const struct ip_addr *src,
	struct probe *probe, enum direction direction)
{
	struct source *source;

	if (!a->probes)
		return;
	source = source_of(a, flow, src, probe->protocol);
	if (source == NULL) {
		a->stats.overflow++;
		return;
	}
	probe->hash = probe_hash(probe, a->params.seed);
	probe_set_add(&source->set, probe);
	if (see(a, &source->flow, flow))
		source->is_inside = direction == DIRECTION_EGRESS;
}

static void add_tcp(
	struct attempts *a, const struct flow *flow, enum probe_end end, uint64_t time_ns)
{
	struct flow_ends ends = flow_ends(flow);
	struct probe probe = {.time_ns = time_ns,
		.dst = *ends.dst,
		.port = ends.dst_port,
		.protocol = IPPROTO_TCP,
		.end = (uint8_t)end};

	add_probe(a, flow, ends.src, &probe, flow_direction(flow));
}

/* --- SYNs --- */

static void add_syn(struct attempts *a, const struct flow *flow, bool is_answered)
{
	struct flow_ends ends = flow_ends(flow);
	const struct recent_key key = {
		*ends.dst, session_tenant(a->params.sessions, flow->key.point), ends.dst_port};
	struct port *port;

	if (!a->floods)
		return;
	port = recent_find(a->ports, &key);
	if (port == NULL)
		port = recent_take(a->ports, &key);
	if (port == NULL) {
		a->stats.overflow++;
		return;
	}
	syns_count_add(&port->count,
		&(struct syns_count){!is_answered, is_answered, flow->start_ns, flow->start_ns,
			port->flow.key.ip_version != 0 &&
				!ip_addr_equal(flow_ends(&port->flow).src, ends.src)});
	see(a, &port->flow, flow);
}

static unsigned plain_flags(const struct flow *flow, unsigned side)
{
	return flow->tcp_flags[side] & PLAIN_FLAGS;
}

static bool is_unanswered(const struct flow *flow)
{
	return flow->key.protocol == IPPROTO_TCP && plain_flags(flow, 0) == TCP_SYN &&
	       flow->side[1].packets == 0;
}

/* It has waited long enough, or in vain. */
static void give_up(struct attempts *a, const struct flow *flow)
{
	if (is_unanswered(flow)) {
		add_tcp(a, flow, PROBE_UNANSWERED, flow->start_ns);
		add_syn(a, flow, false);
	} else if (plain_flags(flow, 0) == TCP_SYN &&
		   plain_flags(flow, 1) == (TCP_SYN | TCP_ACK)) {
		add_syn(a, flow, true);
	}
}

/* Of its ends and its first packet's time: live, a burst of packets has one time. */
static uint32_t mark_of(const struct flow *flow)
{
	const struct flow_key *key = &flow->key;
	uint64_t first = (uint64_t)flow->first[1] << 16 | flow->first[0];
	uint64_t ports = (uint64_t)key->lo_port << 16 | key->hi_port;
	uint64_t ends = hash_word(key->lo.byte + 8) ^ hash_turn(hash_word(key->hi.byte + 8));

	return (uint32_t)hash_fold(ends ^ hash_salt[0], (first << 32 | ports) ^ hash_salt[1]);
}

static void judge(struct attempts *a, const struct syn_waiting *waiting)
{
	const struct flow *flow = flow_table_flow(a->params.flows, waiting->slot);

	if (flow != NULL && flow->key.protocol == IPPROTO_TCP && mark_of(flow) == waiting->mark)
		give_up(a, flow);
}

static void watch(struct attempts *a, const struct flow *flow)
{
	const struct syn_waiting waiting = {
		flow_table_slot(a->params.flows, flow), mark_of(flow), (uint32_t)a->tick};

	if (!syn_watch_add(a->watch, &waiting))
		a->stats.overflow++;
}

/* The client has sent nothing that an answer would have asked for. */
static bool is_refused(const struct flow *flow)
{
	return flow->side[0].packets > 0 && !(plain_flags(flow, 0) & (TCP_ACK | TCP_RST)) &&
	       !(plain_flags(flow, 1) & (TCP_SYN | TCP_FIN | TCP_PSH));
}

static void see_reset(struct attempts *a, const struct flow *flow, const struct packet *p)
{
	if (!(p->flags & PACKET_FROM_CLIENT)) {
		if (is_refused(flow))
			add_tcp(a, flow, PROBE_REFUSED, p->time_ns);
	} else if (plain_flags(flow, 0) == (TCP_SYN | TCP_RST) &&
		   plain_flags(flow, 1) == (TCP_SYN | TCP_ACK)) {
		add_tcp(a, flow, PROBE_HALF_OPEN, p->time_ns);
	}
}

static enum direction invert(enum direction direction)
{
	return direction == DIRECTION_UNKNOWN   ? DIRECTION_UNKNOWN
	       : direction == DIRECTION_INGRESS ? DIRECTION_EGRESS
						: DIRECTION_INGRESS;
}

/* The flow is the error's: the one whom it is about stands as its client. */
static void see_error(struct attempts *a, const struct flow *flow, const struct packet *p)
{
	struct flow turned = *flow;
	struct probe probe = {
		.time_ns = p->time_ns, .protocol = IPPROTO_UDP, .end = PROBE_UNREACHABLE};

	if (!quote_read(p, &probe.port))
		return;
	probe.dst = p->src;
	if (ip_addr_equal(flow_ends(flow).src, &p->src))
		turned.flags ^= FLOW_CLIENT_IS_LO;
	add_probe(a, &turned, &p->dst, &probe, invert(p->direction));
}

void attempts_packet(struct attempts *a, const struct flow *flow, const struct packet *p)
{
	if (p->protocol != IPPROTO_TCP)
		see_error(a, flow, p);
	else if (p->tcp_flags & TCP_RST)
		see_reset(a, flow, p);
	else if (packet_is_pure_syn(p) && flow->side[0].packets == 1 &&
		 flow->side[1].packets == 0)
		watch(a, flow);
}

void attempts_refused(struct attempts *a, const struct packet *p)
{
	const struct recent_key key = {
		p->dst, session_tenant(a->params.sessions, p->session), p->dst_port};
	struct port *port;

	if (!a->floods || !packet_is_pure_syn(p))
		return;
	port = recent_find(a->ports, &key);
	if (port == NULL) {
		a->stats.overflow++;
		return;
	}
	syns_count_add(
		&port->count, &(struct syns_count){1, 0, p->time_ns, p->time_ns,
				      !ip_addr_equal(flow_ends(&port->flow).src, &p->src)});
}

void attempts_evicted(struct attempts *a, const struct flow *flow)
{
	if (is_unanswered(flow))
		give_up(a, flow);
}

uint64_t attempts_tick(struct attempts *a, uint64_t now_ns, uint64_t number)
{
	uint64_t tick = now_ns / SCAN_TICK_NS, told = a->stats.told;
	struct syn_waiting waiting;

	if (tick == a->tick)
		return 0;
	a->tick = tick;
	while (syn_watch_take(a->watch, (uint32_t)tick, &waiting))
		judge(a, &waiting);
	attempts_tell(a, now_ns, number);
	return a->stats.told - told;
}

void attempts_end(struct attempts *a, uint64_t now_ns, uint64_t number)
{
	struct syn_waiting waiting;

	while (syn_watch_take_any(a->watch, &waiting))
		judge(a, &waiting);
	attempts_tell(a, now_ns, number);
}

struct attempts_stats attempts_stats(const struct attempts *a)
{
	return a->stats;
}
