#include "inspect/record/record.h"

#include "inspect/proto/details.h"
#include "inspect/record/aggregate.h"
#include "inspect/record/sink.h"

static size_t aligned(size_t size)
{
	return (size + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

/* Details stand in the middle, where they are aligned, and take what the names leave them. */
bool record_flow(const struct sink *sink, const struct flow *flow, enum flow_end end,
	int64_t unseen, const struct observation_point *observation_point)
{
	size_t names = observation_point_size(observation_point), room = 0;
	struct flow_record *r;
	char *at;

	if (flow->details != NULL) {
		size_t most = (RECORD_MAX - sizeof(*r) - names) / RECORD_ALIGN * RECORD_ALIGN;

		room = aligned(details_size(flow->details));
		room = room < most ? room : most;
	}
	r = (struct flow_record *)sink->take(sink->ctx, RECORD_FLOW, sizeof(*r) + room + names);
	if (r == NULL)
		return false;
	r->end = end;
	r->unseen = unseen;
	r->flow = *flow;
	r->flow.dpi = NULL;
	at = (char *)(r + 1);
	if (flow->details != NULL) {
		r->flow.details = (struct details *)at;
		r->record.cut = !details_copy(r->flow.details, flow->details, room);
	}
	r->record.cut |=
		!observation_point_copy(&r->observation_point, observation_point, at + room);
	return true;
}

bool record_window(const struct sink *sink, const struct aggregate *aggregate, unsigned side,
	uint32_t window_s, const struct observation_point *observation_point)
{
	const struct aggregate_side *sent = &aggregate->side[side];
	const struct aggregate_key *key = &aggregate->key;
	uint64_t begin_s = (uint64_t)key->window * window_s;
	bool lo = side == 0;
	struct window_record *r = (struct window_record *)sink->take(sink->ctx, RECORD_WINDOW,
		sizeof(*r) + observation_point_size(observation_point));

	if (r == NULL)
		return false;
	r->src = lo ? key->lo : key->hi;
	r->dst = lo ? key->hi : key->lo;
	r->src_port = lo ? key->lo_port : key->hi_port;
	r->dst_port = lo ? key->hi_port : key->lo_port;
	r->packets = sent->packets;
	r->bytes = sent->bytes;
	r->first_s = begin_s + sent->first;
	r->last_s = begin_s + sent->last;
	r->protocol = key->protocol;
	r->ip_version = key->ip_version;
	r->tcp_flags = sent->tcp_flags;
	r->direction = aggregate_direction(key, side);
	r->record.cut = !observation_point_copy(
		&r->observation_point, observation_point, (char *)(r + 1));
	return true;
}
