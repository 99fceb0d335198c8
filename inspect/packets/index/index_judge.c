/* Judges a row by the whole question. */
#include "inspect/flow/community_id.h"
#include "inspect/packets/index/index_find.h"

/* By the numbers of its addresses; false: they are no row's. */
static bool version_of(const struct index_find *f, struct index_found *r)
{
	uint32_t v4 = f->place->n_v4, all = v4 + f->place->n_v6;
	struct flow_key *key = &r->row.flow.key;

	if (r->lo < v4 && r->hi < v4)
		key->ip_version = 4;
	else if (r->lo >= v4 && r->hi >= v4 && r->lo < all && r->hi < all)
		key->ip_version = 6;
	else
		return r->lo == INDEX_NO_ADDRESS && r->hi == INDEX_NO_ADDRESS;
	return true;
}

/* In ns since the epoch; false: more than the part has. */
static bool tick_read(const struct index_find *f, uint32_t ticks, bool up, uint64_t *out)
{
	unsigned __int128 since = (unsigned __int128)ticks << f->place->tick;
	uint64_t most = f->part->last_ns - f->part->first_ns;

	if (since > most && !up)
		return false;
	*out = f->part->first_ns + (since > most ? most : (uint64_t)since);
	return true;
}

bool index_row_decode(struct index_find *f, const uint8_t *bytes, struct index_found *r)
{
	struct flow_key *key = &r->row.flow.key;

	memset(r, 0, sizeof(*r));
	r->lo = (uint32_t)index_get(bytes + ROW_LO, 3);
	r->hi = (uint32_t)index_get(bytes + ROW_HI, 3);
	r->point = (uint16_t)index_get(bytes + ROW_POINT, 2);
	r->posting = (uint32_t)index_get(bytes + ROW_POSTINGS, 3);
	r->row.flow.flow_id = index_get(bytes + ROW_FLOW_ID, 8);
	key->lo_port = (uint16_t)index_get(bytes + ROW_LO_PORT, 2);
	key->hi_port = (uint16_t)index_get(bytes + ROW_HI_PORT, 2);
	key->protocol = bytes[ROW_PROTOCOL];
	if (!tick_read(f, (uint32_t)index_get(bytes + ROW_FIRST, 3), false, &r->row.first_ns) ||
		!tick_read(
			f, (uint32_t)index_get(bytes + ROW_LAST, 3), true, &r->row.last_ns) ||
		r->row.first_ns > r->row.last_ns || r->point > f->place->n_points ||
		!version_of(f, r))
		return index_damaged(f);
	return true;
}

/* Addresses and point, which lie elsewhere. */
static bool row_complete(struct index_find *f, struct index_found *r)
{
	struct index_flow *flow = &r->row.flow;
	uint8_t point[INDEX_POINT];

	if (flow->key.ip_version != 0 && (!index_address_read(f, r->lo, &flow->key.lo) ||
						 !index_address_read(f, r->hi, &flow->key.hi)))
		return false;
	flow->has_point = r->point > 0;
	if (r->point == 0)
		return true;
	if (!index_in_read(f->in, f->place->points + (uint64_t)(r->point - 1) * INDEX_POINT,
		    point, sizeof(point)))
		return false;
	memcpy(flow->point.outer_src.byte, point, 16);
	session_key_name(&flow->point, index_get32(point + 16), index_get32(point + 20));
	return true;
}

static bool is_one_of_ids(const struct index_query *q, uint64_t id)
{
	for (uint32_t i = 0; i < q->n_flow_ids; i++)
		if (q->flow_ids[i] == id)
			return true;
	return q->n_flow_ids == 0;
}

static bool is_one_of_protocols(const struct index_query *q, uint8_t protocol)
{
	for (uint32_t i = 0; i < q->n_protocols; i++)
		if (q->protocols[i] == protocol)
			return true;
	return q->n_protocols == 0;
}

static bool has_port(const struct index_query *q, const struct flow_key *key)
{
	for (uint32_t i = 0; i < q->n_ports; i++) {
		const struct index_ports *ports = &q->ports[i];

		if ((key->lo_port >= ports->from && key->lo_port <= ports->to) ||
			(key->hi_port >= ports->from && key->hi_port <= ports->to))
			return true;
	}
	return q->n_ports == 0;
}

static bool is_within(const struct ip_addr *address, const struct index_prefix *prefix)
{
	struct ip_addr low, high;

	index_prefix_ends(prefix, &low, &high);
	return memcmp(address, &low, sizeof(low)) >= 0 &&
	       memcmp(address, &high, sizeof(high)) <= 0;
}

static bool has_host(const struct index_query *q, const struct flow_key *key)
{
	for (uint32_t i = 0; i < q->n_hosts; i++)
		if (is_within(&key->lo, &q->hosts[i]) || is_within(&key->hi, &q->hosts[i]))
			return key->ip_version != 0;
	return q->n_hosts == 0;
}

static bool has_community(const struct index_query *q, const struct flow_key *key)
{
	uint8_t digest[COMMUNITY_ID_DIGEST];

	if (q->n_communities == 0 || key->ip_version == 0)
		return q->n_communities == 0;
	community_id_digest(key, 0, digest);
	for (uint32_t i = 0; i < q->n_communities; i++)
		if (memcmp(q->communities[i], digest, sizeof(digest)) == 0)
			return true;
	return false;
}

/* What needs the row alone comes first. `*wanted` is what it says; false: it could not be read. */
bool index_row_judge(struct index_find *f, struct index_found *r, bool *wanted)
{
	const struct index_query *q = f->query;
	const struct index_flow *flow = &r->row.flow;
	bool hosts_found = q->n_flow_ids == 0; /* by mark_prefix() */

	*wanted = is_one_of_ids(q, flow->flow_id) &&
		  is_one_of_protocols(q, flow->key.protocol) && has_port(q, &flow->key) &&
		  index_times_meet(q, r->row.first_ns, r->row.last_ns);
	if (!*wanted ||
		((q->n_hosts == 0 || hosts_found) && q->n_communities == 0 && !q->wants))
		return true;
	if (!row_complete(f, r))
		return false;
	*wanted = (hosts_found || has_host(q, &flow->key)) && has_community(q, &flow->key) &&
		  (!q->wants || q->wants(q->ctx, &r->row));
	return true;
}
