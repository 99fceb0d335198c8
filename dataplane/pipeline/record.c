#include "dataplane/pipeline/record.h"

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
