#include "inspect/flow/table_inside.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/flow/count.h"
#include "inspect/flow/hash.h"
#include "inspect/flow/pages.h"

/* A free slot is all zero but for the number of the next one, in `rule_number` (which the next flow's
 * first packet sets). */
static bool slot_is_live(const struct flow *flow)
{
	return flow->key.ip_version != 0;
}

static size_t flows_size(const struct flow_table *table)
{
	return (size_t)table->params.capacity * sizeof(struct flow);
}

static size_t buckets_size(const struct flow_table *table)
{
	return (size_t)table->index.n_buckets * sizeof(struct index_bucket);
}

static size_t updates_size(const struct flow_table *table)
{
	return (size_t)table->params.capacity * sizeof(*table->updates);
}

static size_t history_size(const struct flow_table *table)
{
	return (size_t)table->params.capacity * sizeof(*table->history);
}

static size_t recorded_size(const struct flow_table *table)
{
	return (size_t)table->params.capacity * sizeof(*table->recorded);
}

static bool take_memory(struct flow_table *table)
{
	uint32_t capacity = table->params.capacity;

	table->flows = pages_alloc(flows_size(table));
	table->index.buckets = pages_alloc(buckets_size(table));
	table->history = pages_alloc(history_size(table));
	if (table->params.active_timeout_ns != 0)
		table->updates = pages_alloc(updates_size(table));
	if (table->params.recorded)
		table->recorded = pages_alloc(recorded_size(table));
	return quota_init(&table->quota, capacity, &table->params.quota) &&
	       capture_loss_init(&table->seen, table->flows, capacity) && table->flows &&
	       table->index.buckets && table->history &&
	       (table->updates || table->params.active_timeout_ns == 0) &&
	       (table->recorded || !table->params.recorded);
}

struct flow_table *flow_table_create(
	const struct flow_params *params, const struct flow_observer *observer)
{
	struct flow_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->params = *params;
	if (table->params.capacity == 0)
		table->params.capacity = 1;
	if (table->params.capacity > INDEX_CAPACITY_MAX)
		table->params.capacity = INDEX_CAPACITY_MAX;
	table->observer = *observer;
	table->index.n_buckets = index_buckets(table->params.capacity);
	key_salt(table->salt, params->seed);
	if (take_memory(table))
		return table;
	flow_table_destroy(table);
	return NULL;
}

void flow_table_destroy(struct flow_table *table)
{
	if (!table)
		return;
	capture_loss_fini(&table->seen, table->params.capacity);
	quota_fini(&table->quota);
	pages_free(table->history, history_size(table));
	pages_free(table->updates, updates_size(table));
	pages_free(table->recorded, recorded_size(table));
	pages_free(table->index.buckets, buckets_size(table));
	pages_free(table->flows, flows_size(table));
	free(table);
}

const struct flow_table_stats *flow_table_stats(const struct flow_table *table)
{
	return &table->stats;
}

void flow_table_bind(struct flow_table *table, const struct session_table *sessions)
{
	quota_bind(&table->quota, sessions);
}

/* The lowest slot never used comes only after all that were: memory follows the peak. */
static struct flow *slot_take(struct flow_table *table)
{
	struct flow *flow;

	if (table->free_slot != 0) {
		flow = &table->flows[table->free_slot - 1];
		table->free_slot = flow->rule_number;
		return flow;
	}
	if (table->used == table->params.capacity)
		return NULL;
	return &table->flows[table->used++];
}

static struct flow *bucket_find(
	struct flow_table *table, uint32_t number, uint16_t tag, const struct flow_key *key)
{
	const struct index_bucket *bucket = &table->index.buckets[number];

	for (uint32_t ways = index_match(bucket, tag); ways != 0; ways &= ways - 1) {
		struct flow *flow = &table->flows[bucket->slots[__builtin_ctz(ways)]];

		if (key_equal(&flow->key, key))
			return flow;
	}
	return NULL;
}

static struct flow *flow_find(struct flow_table *table, const struct flow_row *row)
{
	struct index_place place = index_place(&table->index, row->hash);
	struct flow *flow = bucket_find(table, place.first, place.tag, &row->key);

	return flow ? flow : bucket_find(table, place.second, place.tag, &row->key);
}

static void count_refused(struct flow_table *table, uint32_t point)
{
	table->stats.refused++;
	table->stats.refused_unknown += !quota_is_configured(&table->quota, point);
}

static struct flow *flow_new(
	struct flow_table *table, const struct packet *p, uint64_t horizon_ns)
{
	struct flow_table_stats *stats = &table->stats;
	const struct flow_row *row = p->row;
	uint32_t point = row->key.point;
	struct flow *flow;

	if (!eviction_has_room(table, point, row->hash) &&
		!eviction_make_room(table, point, row->hash, p->time_ns, horizon_ns)) {
		count_refused(table, point);
		return NULL;
	}
	quota_take(&table->quota, point, 1);
	flow = slot_take(table);
	assert(flow);
	flow_begin(flow, &row->key, p, row->src_is_lo);
	if (p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP)
		history_begin(&table->history[slot_of(table, flow)], row->src_is_lo);
	if (table->updates)
		table->updates[slot_of(table, flow)] = p->time_ns;
	if (table->recorded)
		table->recorded[slot_of(table, flow)] = (struct flow_recorded){0};
	index_add(&table->index, row->hash, slot_of(table, flow));
	stats->made++;
	stats->live++;
	if (stats->live > stats->peak)
		stats->peak = stats->live;
	if (table->observer.began)
		table->observer.began(table->observer.ctx, flow, p);
	return flow;
}

/* True when the packet belongs to a later flow than this one of the same key. */
static bool flow_is_over(const struct flow_table *table, const struct flow *flow,
	const struct packet *p, uint64_t horizon_ns, enum flow_end *end)
{
	uint64_t now = p->time_ns > horizon_ns ? p->time_ns : horizon_ns;

	if (flow_timed_out(&table->params, flow, now, end))
		return true;
	if (!(flow->flags & FLOW_CLOSED) || table->params.tcp_close_timeout_ns == 0)
		return false;
	*end = FLOW_END_TCP_CLOSE;
	return packet_is_pure_syn(p);
}

static inline void packet_seen(
	struct flow_table *table, struct flow *flow, uint32_t slot, const struct packet *p)
{
	if (p->protocol == IPPROTO_TCP &&
		!capture_loss_calm(&table->seen, slot, p, p->row->src_is_lo))
		look_tcp(table, flow, p);
}

static bool is_odd(const struct packet *p)
{
	if (p->protocol == IPPROTO_TCP)
		return p->tcp_flags & (TCP_SYN | TCP_RST);
	return flow_key_is_one_way(&p->row->key);
}

/* A new flow, or one at which more than counting may be due. */
static struct flow *__attribute__((noinline))
packet_take(struct flow_table *table, struct packet *p, uint64_t horizon_ns)
{
	struct flow *flow = flow_find(table, p->row);
	enum flow_end end;

	if (flow && flow_is_over(table, flow, p, horizon_ns, &end)) {
		flow_finish(table, flow, end);
		flow = NULL;
	}
	if (!flow)
		flow = flow_new(table, p, horizon_ns);
	p->flow = flow;
	if (!flow)
		return NULL;
	flow_count(flow, p, p->row->src_is_lo, &table->params, &table->observer,
		table->updates ? &table->updates[slot_of(table, flow)] : NULL);
	if (p->row->verdict)
		flow->side[flow_sender(flow, p->row->src_is_lo)].verdict = p->row->verdict;
	packet_seen(table, flow, slot_of(table, flow), p);
	if (p->protocol == IPPROTO_UDP)
		history_udp(&table->history[slot_of(table, flow)], flow, p, p->row->src_is_lo);
	if (table->observer.odd && is_odd(p))
		table->observer.odd(table->observer.ctx, flow, p);
	return flow;
}

struct flow_recorded *flow_table_recorded(
	const struct flow_table *table, const struct flow *flow)
{
	return table->recorded ? &table->recorded[slot_of(table, flow)] : NULL;
}

uint32_t flow_table_slot(const struct flow_table *table, const struct flow *flow)
{
	return slot_of(table, flow);
}

const struct flow *flow_table_flow(const struct flow_table *table, uint32_t slot)
{
	const struct flow *flow = &table->flows[slot];

	return slot_is_live(flow) ? flow : NULL;
}

struct flow *flow_table_packet(struct flow_table *table, struct packet *p, uint64_t horizon_ns)
{
	const struct flow_row *row = p->row;
	struct flow *flow = &table->flows[row->slot];
	bool known = (row->known && table->rows_hold) || key_equal(&flow->key, &row->key);

	if (!known || !flow_count_calm(flow, p, row->src_is_lo, horizon_ns))
		return packet_take(table, p, horizon_ns);
	packet_seen(table, flow, row->slot, p);
	return flow;
}

void flow_table_remember(struct flow_table *table, struct packet *p, uint32_t verdict)
{
	struct flow_row *row = p->row;
	struct flow *flow = &table->flows[row->slot];

	row->verdict = verdict;
	if (row->known)
		flow->side[flow_sender(flow, row->src_is_lo)].verdict = verdict;
}

void flow_table_forget(struct flow_table *table)
{
	for (uint32_t slot = 0; slot < table->used; slot++)
		for (int side = 0; side < 2; side++)
			table->flows[slot].side[side].verdict = 0;
}

void flow_table_lost_here(struct flow_table *table)
{
	capture_loss_lost_here(&table->seen);
}

void flow_table_expire(struct flow_table *table, uint64_t horizon_ns, uint32_t slots)
{
	if (slots > table->used)
		slots = table->used;
	for (; slots > 0; slots--) {
		struct flow *flow = &table->flows[table->hand];
		enum flow_end end;

		if (slot_is_live(flow) &&
			flow_timed_out(&table->params, flow, horizon_ns, &end))
			flow_finish(table, flow, end);
		table->hand = table->hand + 1 < table->used ? table->hand + 1 : 0;
	}
}

void flow_table_close_windows(struct flow_table *table, uint64_t now_ns, uint32_t slots)
{
	uint32_t window_s = table->params.window_s;
	uint64_t over_s;

	if (window_s == 0)
		return;
	over_s = now_ns / NS_PER_S / window_s * window_s;
	if (slots > table->used)
		slots = table->used;
	for (; slots > 0; slots--) {
		struct flow *flow = &table->flows[table->window_hand];

		if (flow_window_start(flow, window_s) < over_s)
			flow_window_close(flow, window_s, &table->observer);
		table->window_hand =
			table->window_hand + 1 < table->used ? table->window_hand + 1 : 0;
	}
}

bool flow_table_look(const struct flow_table *table, uint32_t *at, uint32_t slots,
	void (*look)(void *ctx, const struct flow *flow), void *ctx)
{
	for (; slots > 0 && *at < table->used; slots--, (*at)++)
		if (slot_is_live(&table->flows[*at]))
			look(ctx, &table->flows[*at]);
	if (*at < table->used)
		return false;
	*at = 0;
	return true;
}

void flow_table_expire_all(struct flow_table *table, uint64_t horizon_ns)
{
	flow_table_expire(table, horizon_ns, table->used);
}

void flow_table_end_all(struct flow_table *table, uint64_t horizon_ns, enum flow_end end)
{
	for (uint32_t slot = 0; slot < table->used; slot++) {
		struct flow *flow = &table->flows[slot];
		enum flow_end why;

		if (!slot_is_live(flow))
			continue;
		if (!flow_timed_out(&table->params, flow, horizon_ns, &why))
			why = end;
		flow_finish(table, flow, why);
	}
}
