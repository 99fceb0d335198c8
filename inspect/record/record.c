#include "inspect/record/record.h"

#include <string.h>

#include "inspect/proto/details.h"
#include "inspect/record/aggregate.h"
#include "inspect/record/flow_alerts.h"
#include "inspect/record/sink.h"

static size_t aligned(size_t size)
{
	return (size + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

/* What is behind the fixed part of a flow's record: details, which are aligned there and take what the
 * names leave them, and the names of the observation point. */
struct tail {
	const struct details *details; /* NULL: none */
	const struct observation_point *point;
	size_t details_room, names_size;
};

static struct tail tail_of(
	const struct details *details, const struct observation_point *point, size_t fixed)
{
	struct tail tail = {details, point, 0, observation_point_size(point)};
	size_t most = (RECORD_MAX - fixed - tail.names_size) / RECORD_ALIGN * RECORD_ALIGN;

	if (details == NULL)
		return tail;
	tail.details_room = aligned(details_size(details));
	if (tail.details_room > most)
		tail.details_room = most;
	return tail;
}

/* The record's own flow and observation point; `at`: where its fixed part ends. false: something of
 * it was cut. */
static bool copy_flow(struct flow *to, struct observation_point *to_point,
	const struct flow *from, const struct tail *tail, void *at)
{
	bool whole = true;

	*to = *from;
	to->dpi = NULL;
	to->details = NULL;
	if (tail->details != NULL) {
		to->details = at;
		whole = details_copy(to->details, tail->details, tail->details_room);
	}
	return observation_point_copy(to_point, tail->point, (char *)at + tail->details_room) &&
	       whole;
}

/* Those that there are; 0: none. */
static size_t alerts_size(const struct flow_alerts *alerts)
{
	if (alerts == NULL || alerts->n == 0)
		return 0;
	return aligned(
		offsetof(struct flow_alerts, alert) + alerts->n * sizeof(alerts->alert[0]));
}

/* The outcome's own copies of what it points to, which come behind the fixed part. */
static void copy_more(struct flow_outcome *outcome, char *at, size_t alerts)
{
	if (outcome->recorded != NULL)
		outcome->recorded =
			memcpy(at + alerts, outcome->recorded, sizeof(*outcome->recorded));
	outcome->alerts = alerts > 0 ? memcpy(at, outcome->alerts, alerts) : NULL;
}

bool record_flow(const struct sink *sink, const struct flow *flow,
	const struct flow_outcome *outcome, const struct observation_point *observation_point)
{
	size_t alerts = alerts_size(outcome->alerts);
	size_t more = alerts + (outcome->recorded != NULL ? sizeof(*outcome->recorded) : 0);
	size_t fixed = sizeof(struct flow_record) + more;
	struct tail tail = tail_of(flow->details, observation_point, fixed);
	struct flow_record *r = (struct flow_record *)sink->take(
		sink->ctx, RECORD_FLOW, fixed + tail.details_room + tail.names_size);

	if (r == NULL)
		return false;
	r->outcome = *outcome;
	copy_more(&r->outcome, (char *)(r + 1), alerts);
	r->record.cut = !copy_flow(
		&r->flow, &r->observation_point, flow, &tail, (char *)(r + 1) + more);
	return true;
}

bool record_transaction(const struct sink *sink, const struct flow *flow, enum transaction kind,
	uint64_t time_ns, const struct details *details,
	const struct observation_point *observation_point)
{
	struct tail tail =
		tail_of(details, observation_point, sizeof(struct transaction_record));
	struct transaction_record *r = (struct transaction_record *)sink->take(sink->ctx,
		RECORD_TRANSACTION, sizeof(*r) + tail.details_room + tail.names_size);

	if (r == NULL)
		return false;
	r->kind = kind;
	r->time_ns = time_ns;
	r->record.cut = !copy_flow(&r->flow, &r->observation_point, flow, &tail, r + 1);
	return true;
}

bool record_flow_start(const struct sink *sink, const struct flow *flow, uint64_t time_ns,
	const struct observation_point *observation_point)
{
	struct tail tail = tail_of(NULL, observation_point, sizeof(struct flow_start_record));
	struct flow_start_record *r = (struct flow_start_record *)sink->take(
		sink->ctx, RECORD_FLOW_START, sizeof(*r) + tail.names_size);

	if (r == NULL)
		return false;
	r->time_ns = time_ns;
	r->record.cut = !copy_flow(&r->flow, &r->observation_point, flow, &tail, r + 1);
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
