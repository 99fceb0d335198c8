#include "cli/retrieval/read_flows.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/flow/hash.h"

enum { SLOTS_FIRST = 64 };

struct read_flows {
	struct read_flow *flows;
	uint32_t n, room;
	uint32_t *slots;  /* 1 + number of a flow; 0: free */
	uint32_t n_slots; /* a power of two, at least twice `n` */
	uint64_t left_out;
};

struct read_flows *read_flows_create(void)
{
	struct read_flows *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->n_slots = SLOTS_FIRST;
	f->slots = calloc(f->n_slots, sizeof(*f->slots));
	if (f->slots)
		return f;
	free(f);
	return NULL;
}

void read_flows_destroy(struct read_flows *f)
{
	if (!f)
		return;
	free(f->flows);
	free(f->slots);
	free(f);
}

/* By its id alone, or without one by ends and session. */
static uint64_t hash_of(uint64_t flow_id, const struct index_flow *flow)
{
	if (flow_id != 0)
		return hash_fold(flow_id ^ hash_salt[0], hash_salt[1]);
	return hash_bytes(hash_bytes(hash_salt[2], &flow->key, sizeof(flow->key)), &flow->point,
		sizeof(flow->point));
}

static bool is_same(const struct read_flow *f, uint64_t flow_id, const struct index_flow *flow)
{
	return f->flow_id == flow_id &&
	       (flow_id != 0 || memcmp(&f->flow, flow, sizeof(*flow)) == 0);
}

/* Its slot, or the free one where it would stand. */
static uint32_t *slot_of(struct read_flows *f, uint64_t flow_id, const struct index_flow *flow)
{
	uint32_t at = (uint32_t)hash_of(flow_id, flow) & (f->n_slots - 1);

	while (f->slots[at] != 0 && !is_same(&f->flows[f->slots[at] - 1], flow_id, flow))
		at = (at + 1) & (f->n_slots - 1);
	return &f->slots[at];
}

static bool make_room(struct read_flows *f)
{
	uint32_t room = f->room ? 2 * f->room : SLOTS_FIRST / 2;
	struct read_flow *flows = realloc(f->flows, room * sizeof(*flows));
	uint32_t *slots = flows ? calloc(2 * (size_t)room, sizeof(*slots)) : NULL;

	if (flows)
		f->flows = flows;
	if (!slots)
		return false;
	free(f->slots);
	f->room = room;
	f->slots = slots;
	f->n_slots = 2 * room;
	for (uint32_t i = 0; i < f->n; i++)
		*slot_of(f, flows[i].flow_id, &flows[i].flow) = i + 1;
	return true;
}

static void name_ends(struct read_flow *flow, const struct packet *p)
{
	if (!p->ip)
		return;
	flow->first.ip_version = p->ip_version;
	flow->first.protocol = p->protocol;
	flow->first.flags = p->flags;
	flow->first.src = p->src;
	flow->first.dst = p->dst;
	if (p->protocol != IPPROTO_ICMP && p->protocol != IPPROTO_ICMPV6 &&
		!(p->flags & (PACKET_NO_PORTS | PACKET_PORTS_CUT))) {
		flow->first.src_port = p->src_port;
		flow->first.dst_port = p->dst_port;
	}
}

static struct read_flow *add(struct read_flows *f, const struct retrieved *r)
{
	struct read_flow *flow;

	if (f->n == READ_FLOWS_MAX || (f->n == f->room && !make_room(f)))
		return NULL;
	*slot_of(f, r->record->flow_id, r->flow) = f->n + 1;
	flow = &f->flows[f->n++];
	memset(flow, 0, sizeof(*flow));
	flow->flow_id = r->record->flow_id;
	flow->flow = *r->flow;
	flow->has_vni = r->record->has_vni;
	flow->key = r->record->key;
	flow->first_ns = UINT64_MAX;
	name_ends(flow, r->packet);
	return flow;
}

void read_flows_add(struct read_flows *f, const struct retrieved *r)
{
	uint32_t place = *slot_of(f, r->record->flow_id, r->flow);
	struct read_flow *flow = place ? &f->flows[place - 1] : add(f, r);
	uint64_t time_ns = r->record->time_ns;

	if (!flow) {
		f->left_out++;
		return;
	}
	flow->packets++;
	flow->bytes += r->packet->ip ? r->packet->ip_len : r->record->wire;
	if (time_ns < flow->first_ns)
		flow->first_ns = time_ns;
	if (time_ns > flow->last_ns)
		flow->last_ns = time_ns;
}

uint32_t read_flows_count(const struct read_flows *f)
{
	return f->n;
}

const struct read_flow *read_flows_get(const struct read_flows *f, uint32_t i)
{
	return &f->flows[i];
}

uint64_t read_flows_left_out(const struct read_flows *f)
{
	return f->left_out;
}
