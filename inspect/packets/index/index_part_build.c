#include "inspect/packets/index/index_part_build.h"

#include <stdlib.h>

#include "decap/salt.h"

enum { FLOWS_FIRST = 1024, LOG_FIRST = 8192, POINTS_FIRST = 16 };

bool index_build_init(struct index_build *b)
{
	*b = (struct index_build){.first_offset = 0};
	salt_take(&b->salt, 1);
	b->stretches = malloc(INDEX_STRETCHES_MAX * sizeof(*b->stretches));
	return b->stretches != NULL;
}

void index_build_fini(struct index_build *b)
{
	free(b->flows);
	free(b->slots);
	free(b->log);
	free(b->points);
	free(b->point_slots);
	free(b->stretches);
}

void index_build_reset(struct index_build *b)
{
	if (b->slots)
		memset(b->slots, 0, (size_t)2 * b->flows_room * sizeof(*b->slots));
	if (b->point_slots)
		memset(b->point_slots, 0, (size_t)2 * b->points_room * sizeof(*b->point_slots));
	b->n_flows = 0;
	b->n_packets = 0;
	b->n_points = 0;
}

/* ---- points ---- */

static uint32_t point_slot(const struct index_build *b, const struct session_key *key)
{
	const uint64_t salt[4] = {b->salt, ~b->salt, hash_salt[0], hash_salt[1]};

	return (uint32_t)session_key_hash(key, salt) & (2 * b->points_room - 1);
}

static bool points_grow(struct index_build *b)
{
	uint32_t room = b->points_room ? 2 * b->points_room : POINTS_FIRST;
	struct session_key *points = realloc(b->points, room * sizeof(*points));
	uint32_t *slots = calloc((size_t)2 * room, sizeof(*slots));

	b->points = points ? points : b->points;
	if (!points || !slots) {
		free(slots);
		return false;
	}
	free(b->point_slots);
	b->point_slots = slots;
	b->points_room = room;
	for (uint32_t i = 0; i < b->n_points; i++) {
		uint32_t at = point_slot(b, &b->points[i]);

		while (slots[at])
			at = (at + 1) & (2 * room - 1);
		slots[at] = i + 1;
	}
	return true;
}

/* 1 + its place in `points`, and 0 where there is none; `*status` when it could not be added. */
static uint16_t point_of(
	struct index_build *b, const struct index_flow *flow, enum index_build_status *status)
{
	uint32_t at, i;

	if (!flow->has_point)
		return 0;
	if (b->n_points == b->points_room && !points_grow(b)) {
		*status = INDEX_BUILD_NO_MEMORY;
		return 0;
	}
	for (at = point_slot(b, &flow->point); (i = b->point_slots[at]) != 0;
		at = (at + 1) & (2 * b->points_room - 1))
		if (session_key_equal(&b->points[i - 1], &flow->point))
			return (uint16_t)i;
	if (b->n_points == INDEX_PART_POINTS) {
		*status = INDEX_BUILD_FULL;
		return 0;
	}
	b->points[b->n_points++] = flow->point;
	b->point_slots[at] = b->n_points;
	return (uint16_t)b->n_points;
}

static bool is_point(const struct index_build *b, uint16_t point, const struct index_flow *flow)
{
	if (point == 0 || !flow->has_point)
		return point == 0 && !flow->has_point;
	return session_key_equal(&b->points[point - 1], &flow->point);
}

/* ---- flows ---- */

/* An id is a hash already, but one that everybody can compute. Packets without one are found by their ends. */
static uint64_t flow_hash(const struct index_build *b, uint64_t id, const struct ip_addr *lo,
	const struct ip_addr *hi)
{
	uint64_t hash = hash_fold(id ^ b->salt, hash_salt[6]);

	if (id == 0)
		hash = hash_bytes(hash_bytes(hash, lo->byte, sizeof(lo->byte)), hi->byte,
			sizeof(hi->byte));
	return hash;
}

static bool is_flow(const struct index_build *b, const struct index_built_flow *have,
	const struct index_flow *flow)
{
	const struct flow_key *key = &flow->key;

	return have->flow_id == flow->flow_id &&
	       memcmp(&have->lo, &key->lo, sizeof(have->lo)) == 0 &&
	       memcmp(&have->hi, &key->hi, sizeof(have->hi)) == 0 &&
	       have->lo_port == key->lo_port && have->hi_port == key->hi_port &&
	       have->protocol == key->protocol && have->version == key->ip_version &&
	       is_point(b, have->point, flow);
}

static bool flows_grow(struct index_build *b)
{
	uint32_t room = b->flows_room ? 2 * b->flows_room : FLOWS_FIRST;
	struct index_built_flow *flows = realloc(b->flows, room * sizeof(*flows));
	uint32_t *slots = calloc((size_t)2 * room, sizeof(*slots));

	b->flows = flows ? flows : b->flows;
	if (!flows || !slots) {
		free(slots);
		return false;
	}
	free(b->slots);
	b->slots = slots;
	b->flows_room = room;
	for (uint32_t i = 0; i < b->n_flows; i++) {
		const struct index_built_flow *f = &flows[i];
		uint32_t at =
			(uint32_t)flow_hash(b, f->flow_id, &f->lo, &f->hi) & (2 * room - 1);

		while (slots[at])
			at = (at + 1) & (2 * room - 1);
		slots[at] = i + 1;
	}
	return true;
}

static struct index_built_flow *flow_add(struct index_build *b, uint32_t at,
	const struct index_flow *flow, enum index_build_status *status)
{
	struct index_built_flow *f;
	uint16_t point;

	if (b->n_flows == INDEX_PART_FLOWS) {
		*status = INDEX_BUILD_FULL;
		return NULL;
	}
	point = point_of(b, flow, status);
	if (*status != INDEX_BUILD_OK)
		return NULL;
	f = &b->flows[b->n_flows++];
	b->slots[at] = b->n_flows;
	*f = (struct index_built_flow){
		.flow_id = flow->flow_id,
		.first_ns = UINT64_MAX,
		.lo = flow->key.lo,
		.hi = flow->key.hi,
		.lo_port = flow->key.lo_port,
		.hi_port = flow->key.hi_port,
		.point = point,
		.protocol = flow->key.protocol,
		.version = flow->key.ip_version,
	};
	return f;
}

static struct index_built_flow *flow_find(struct index_build *b,
	const struct index_waiting *packet, enum index_build_status *status)
{
	const struct index_flow *flow = &packet->flow;
	uint32_t at, i;

	if (b->n_flows == b->flows_room && b->n_flows < INDEX_PART_FLOWS && !flows_grow(b)) {
		*status = INDEX_BUILD_NO_MEMORY;
		return NULL;
	}
	for (at = (uint32_t)packet->hash & (2 * b->flows_room - 1); (i = b->slots[at]) != 0;
		at = (at + 1) & (2 * b->flows_room - 1))
		if (is_flow(b, &b->flows[i - 1], flow))
			return &b->flows[i - 1];
	return flow_add(b, at, flow, status);
}

/* ---- packets ---- */

static bool log_grow(struct index_build *b)
{
	uint32_t room = b->log_room ? 2 * b->log_room : LOG_FIRST;
	struct index_logged *log = realloc(b->log, room * sizeof(*log));

	if (!log)
		return false;
	b->log = log;
	b->log_room = room;
	return true;
}

static void part_begin(struct index_build *b, const struct index_waiting *packet)
{
	b->first_offset = packet->offset;
	b->first_ns = UINT64_MAX;
	b->last_ns = 0;
	b->stretches[0] = (struct index_stretch){UINT64_MAX, 0};
	b->last_offset = packet->offset;
}

static void stretch_count(struct index_build *b, uint64_t offset, uint64_t time_ns)
{
	uint64_t base = b->first_offset >> INDEX_STRETCH_BITS;
	uint64_t at = (b->last_offset >> INDEX_STRETCH_BITS) - base;
	uint64_t end = (offset >> INDEX_STRETCH_BITS) - base;

	while (at < end)
		b->stretches[++at] = (struct index_stretch){UINT64_MAX, 0};
	if (time_ns < b->stretches[at].first_ns)
		b->stretches[at].first_ns = time_ns;
	if (time_ns > b->stretches[at].last_ns)
		b->stretches[at].last_ns = time_ns;
}

static void flow_count(struct index_build *b, struct index_built_flow *flow, uint64_t time_ns)
{
	flow->packets++;
	if (time_ns < flow->first_ns)
		flow->first_ns = time_ns;
	if (time_ns > flow->last_ns)
		flow->last_ns = time_ns;
	if (time_ns < b->first_ns)
		b->first_ns = time_ns;
	if (time_ns > b->last_ns)
		b->last_ns = time_ns;
}

void index_build_put(struct index_build *b, const struct index_packet *packet)
{
	struct index_waiting *last = &b->waiting[b->came % INDEX_WAITING];
	uint32_t mask = 2 * b->flows_room - 1, i;

	last->flow = *packet->flow;
	last->time_ns = packet->time_ns;
	last->offset = packet->offset;
	last->hash = flow_hash(b, last->flow.flow_id, &last->flow.key.lo, &last->flow.key.hi);
	b->came++;
	if (!b->slots)
		return;
	__builtin_prefetch(&b->slots[last->hash & mask]);
	last = &b->waiting[(b->came + INDEX_WAITING_HALF) % INDEX_WAITING];
	i = b->slots[last->hash & mask];
	if (i > 0) {
		__builtin_prefetch(&b->flows[i - 1]);
		__builtin_prefetch((const char *)&b->flows[i] - 1);
	}
}

enum index_build_status index_build_count(struct index_build *b)
{
	const struct index_waiting *packet = &b->waiting[b->counted % INDEX_WAITING];
	enum index_build_status status = INDEX_BUILD_OK;
	struct index_built_flow *flow;

	if (b->n_packets == 0)
		part_begin(b, packet);
	else if (packet->offset - b->first_offset >= INDEX_PART_BYTES ||
		 b->n_packets == INDEX_PART_PACKETS)
		return INDEX_BUILD_FULL;
	if (b->n_packets == b->log_room && !log_grow(b))
		return INDEX_BUILD_NO_MEMORY;
	flow = flow_find(b, packet, &status);
	if (!flow)
		return status;
	b->log[b->n_packets++] = (struct index_logged){
		(uint32_t)(flow - b->flows), (uint32_t)(packet->offset - b->first_offset)};
	flow_count(b, flow, packet->time_ns);
	stretch_count(b, packet->offset, packet->time_ns);
	b->last_offset = packet->offset;
	b->counted++;
	return INDEX_BUILD_OK;
}

size_t index_build_memory(const struct index_build *b)
{
	return b->writing + b->flows_room * (sizeof(*b->flows) + 2 * sizeof(*b->slots)) +
	       b->log_room * sizeof(*b->log) +
	       b->points_room * (sizeof(*b->points) + 2 * sizeof(*b->point_slots)) +
	       INDEX_STRETCHES_MAX * sizeof(*b->stretches);
}
