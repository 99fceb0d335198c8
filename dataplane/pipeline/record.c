#include "dataplane/pipeline/record.h"

#include <string.h>

#include "config/model/model.h"

enum fate {
	NO_FRAME, /* ended before there was an inner frame, or was lost between workers */
	REFUSED,
	TAKEN,
};

static enum fate fate_of(enum reason why)
{
	switch (reason_bucket(why)) {
	case BUCKET_inspected:
	case BUCKET_inner_malformed:
	case BUCKET_inner_cut:
	case BUCKET_inner_not_ip:
	case BUCKET_flow_table_full:
		return TAKEN;
	case BUCKET_session_unknown:
	case BUCKET_rule_rejected:
	case BUCKET_rule_none:
	case BUCKET_duplicate:
		return REFUSED;
	case BUCKET_not_mirror:
	case BUCKET_outer_malformed:
	case BUCKET_outer_cut:
	case BUCKET_outer_fragment:
	case BUCKET_outer_joined:
	case BUCKET_too_deep:
	case BUCKET_inner_excluded: /* nobody wants to hear of it */
	case BUCKET_handoff_full:
	case BUCKET_COUNT:
		break;
	}
	return NO_FRAME;
}

bool record_wants(enum settings_record which, enum reason why)
{
	switch (which) {
	case RECORD_ACCEPTED:
	case RECORD_SELECTED:
		return fate_of(why) == TAKEN;
	case RECORD_ALL:
		return fate_of(why) != NO_FRAME;
	case RECORD_NONE:
		break;
	}
	return false;
}

uint64_t record_wanted(enum settings_record which, const enum reason *why, uint64_t mask)
{
	uint64_t want = 0;

	for (uint64_t rest = mask; rest; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);

		want |= (uint64_t)record_wants(which, why[i]) << i;
	}
	return want;
}

/* A filter has looked at it: its direction is known, and so is its rule. */
static bool is_judged(enum reason why)
{
	enum bucket bucket = reason_bucket(why);

	return bucket == BUCKET_inspected || bucket == BUCKET_flow_table_full ||
	       bucket == BUCKET_rule_rejected || bucket == BUCKET_rule_none;
}

static uint64_t bound_of(uint64_t setting)
{
	return setting != 0 ? setting : UINT64_MAX;
}

struct record_bounds record_bounds_of(const struct settings *settings)
{
	uint32_t snaplen = settings->packets.snaplen;

	return (struct record_bounds){
		.which = settings->packets.record,
		.snaplen = snaplen != 0 ? snaplen : UINT32_MAX,
		.max_flow_packets = bound_of(settings->packets.max_flow_packets),
		.max_flow_bytes = bound_of(settings->packets.max_flow_bytes),
	};
}

/* What the rule says that decided on the packet. */
static enum model_record said(const struct packet *p, enum reason why)
{
	if (!is_judged(why) || p->rule_number == 0)
		return MODEL_RECORD_UNSAID;
	return model_rule_record(p->config->filter,
		p->direction == DIRECTION_EGRESS ? MODEL_EGRESS : MODEL_INGRESS,
		p->rule_number);
}

/* packets.record asks for a packet of which its rule says this. */
static bool is_offered(
	const struct record_bounds *bounds, enum reason why, enum model_record record)
{
	return record_wants(bounds->which, why) &&
	       (bounds->which != RECORD_SELECTED || record == MODEL_RECORD_TRUE ||
		       record == MODEL_RECORD_HEADERS);
}

static uint32_t headers_length(const struct packet *p)
{
	return (uint32_t)(p->ip - p->frame) + p->payload;
}

static uint32_t keep_bytes(
	const struct record_bounds *bounds, const struct packet *p, enum reason why)
{
	enum model_record record = said(p, why);
	uint32_t keep = p->frame_cap;

	if (!is_offered(bounds, why, record))
		return RECORD_NOT_OFFERED;
	if (record == MODEL_RECORD_FALSE)
		return RECORD_NOTHING;
	if (record == MODEL_RECORD_HEADERS && keep > headers_length(p))
		keep = headers_length(p);
	return keep < bounds->snaplen ? keep : bounds->snaplen;
}

uint32_t record_keep(const struct record_bounds *bounds, const struct packet *p,
	struct flow_recorded *so_far, bool sheds)
{
	uint32_t keep = keep_bytes(bounds, p, REASON_inspected);

	if (keep == RECORD_NOT_OFFERED || keep == RECORD_NOTHING)
		return keep;
	if (sheds || so_far->packets >= bounds->max_flow_packets ||
		so_far->bytes >= bounds->max_flow_bytes)
		return RECORD_NOTHING;
	if (so_far->packets++ == 0)
		so_far->first_ns = so_far->last_ns = p->time_ns;
	so_far->bytes += keep;
	if (p->time_ns > so_far->last_ns)
		so_far->last_ns = p->time_ns;
	return keep;
}

uint32_t record_kept(
	const struct record_bounds *bounds, const struct packet *p, enum reason why)
{
	return why == REASON_inspected ? p->recorded : keep_bytes(bounds, p, why);
}

/* A mirror that cuts corrects the outer length, and so the frame's: what the packet was in full, its own IP
 * header says. */
static uint32_t original_length(const struct packet *p, enum reason why)
{
	enum bucket bucket = reason_bucket(why);
	uint32_t claimed;

	if (!(p->flags & PACKET_CUT) || bucket == BUCKET_inner_malformed ||
		bucket == BUCKET_inner_cut || bucket == BUCKET_inner_not_ip)
		return p->frame_wire;
	claimed = (uint32_t)(p->ip - p->frame) + p->ip_len;
	return claimed > p->frame_wire ? claimed : p->frame_wire;
}

struct packet_record record_of(const struct packet *p, enum reason why)
{
	bool judged = is_judged(why);

	return (struct packet_record){
		.frame = p->frame,
		.cap = p->frame_cap,
		.wire = original_length(p, why),
		.time_ns = p->time_ns,
		.link = p->frame_link,
		.has_vni = p->flags & PACKET_HAS_VNI,
		.key = p->key,
		.direction = judged ? p->direction : DIRECTION_UNKNOWN,
		.rule_number = judged ? p->rule_number : 0,
		.flow_id = why == REASON_inspected ? p->flow_id : 0,
		.refused = fate_of(why) == REFUSED ? bucket_name(reason_bucket(why)) : NULL,
	};
}

struct index_flow record_index_flow(const struct packet *p, enum reason why)
{
	struct index_flow flow;
	bool src_is_lo;

	memset(&flow, 0, sizeof(flow));
	if (!is_judged(why))
		return flow;
	flow_key_make(&flow.key, p, false, &src_is_lo);
	flow.key.point = 0;
	flow.key.icmp_id = 0;
	flow.has_point = p->flags & PACKET_HAS_VNI;
	if (flow.has_point)
		flow.point = p->key;
	if (why == REASON_inspected)
		flow.flow_id = p->flow_id;
	return flow;
}
