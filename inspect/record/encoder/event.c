#include "inspect/record/encoder/event.h"

#include <netinet/in.h>
#include <string.h>

#include "inspect/proto/details.h"
#include "inspect/record/encoder/event_course.h"
#include "inspect/record/flow_alerts.h"

static void put_bool(struct text *t, bool value)
{
	text_cstr(t, value ? "true" : "false");
}

static void put_identity(
	struct text *t, const struct flow *flow, enum flow_end end, uint64_t point_id)
{
	text_cstr(t, end == FLOW_END_ACTIVE ? "{\"event\":\"flow_update\","
					    : "{\"event\":\"flow\",");
	event_flow_ids(t, flow, point_id);
	text_cstr(t, ",\"start\":\"");
	text_time(t, flow->start_ns);
	text_cstr(t, "\",\"end\":\"");
	text_time(t, flow->last_ns);
	text_char(t, '"');
}

/* Outermost first. */
static void put_vlan(struct text *t, const struct flow_key *key)
{
	if (key->vlan_outer == 0 && key->vlan_inner == 0) {
		text_cstr(t, "null");
		return;
	}
	text_char(t, '[');
	text_u64(t, key->vlan_outer);
	if (key->vlan_inner != 0) {
		text_char(t, ',');
		text_u64(t, key->vlan_inner);
	}
	text_char(t, ']');
}

static void put_ends(struct text *t, const struct flow *flow)
{
	event_flow_ends(t, flow);
	text_cstr(t, ",\"client_by\":\"");
	text_cstr(t, flow_client_by_name(flow_client_by(flow)));
	text_cstr(t, "\",\"vlan\":");
	put_vlan(t, &flow->key);
	text_char(t, ',');
}

/* Bits a byte, from thousandths. */
static void put_entropy(struct text *t, const struct flow *flow, unsigned side)
{
	bool is_lo = (side == 0) == ((flow->flags & FLOW_CLIENT_IS_LO) != 0);
	int64_t entropy = details_number(
		flow->details, is_lo ? DETAIL_flow_entropy_lo : DETAIL_flow_entropy_hi);

	if (entropy < 0)
		text_cstr(t, "null");
	else
		text_thousandths(t, (uint64_t)entropy);
}

static void put_side(struct text *t, const struct flow *flow, const struct flow_course *course,
	unsigned side)
{
	text_cstr(t, "{\"packets\":");
	text_u64(t, flow->side[side].packets);
	text_cstr(t, ",\"bytes\":");
	text_u64(t, flow->side[side].bytes);
	text_cstr(t, ",\"tcp_flags\":");
	text_u64(t, flow->tcp_flags[side]);
	event_course_side(t, course, side);
	text_cstr(t, ",\"entropy\":");
	put_entropy(t, flow, side);
	text_char(t, '}');
}

static void put_rule(struct text *t, const struct flow *flow)
{
	bool filtered = flow->flags & FLOW_FILTERED;

	text_cstr(t, ",\"rule_number\":");
	if (filtered && flow->rule_number != 0)
		text_u64(t, flow->rule_number);
	else
		text_cstr(t, "null");
	text_cstr(t, ",\"rule_action\":");
	if (filtered)
		text_cstr(t, flow->flags & FLOW_ACCEPTED ? "\"accept\"" : "\"reject\"");
	else
		text_cstr(t, "null");
}

/* Whether nDPI was asked, and why not. */
static const char *inspection_of(const struct flow *flow, bool on)
{
	if (!on)
		return "off";
	if (flow->flags & FLOW_DPI_DONE && flow->dpi_packets > 0)
		return "done"; /* whatever came of transactions after it */
	if (flow->flags & FLOW_DPI_SHED)
		return "shed";
	if (flow->flags & FLOW_DPI_NONE)
		return "no_memory";
	return flow->dpi_packets > 0 ? "done" : "none";
}

static void put_counts(struct text *t, const struct flow_record *r, const char *inspection)
{
	const struct flow_course *course = &r->outcome.course;
	const struct flow *flow = &r->flow;

	text_cstr(t, ",\"inspection\":\"");
	text_cstr(t, inspection);
	text_cstr(t, "\",\"guessed\":");
	put_bool(t, flow->flags & FLOW_DPI_GUESSED);
	text_cstr(t, ",\"encryption\":");
	event_name(t, encryption_name(r->outcome.encryption), EVENT_ENCRYPTION_NAME);
	text_cstr(t, ",\"client\":");
	put_side(t, flow, course, 0);
	text_cstr(t, ",\"server\":");
	put_side(t, flow, course, 1);
	put_rule(t, flow);
	text_cstr(t, ",\"truncated\":");
	text_u64(t, flow->truncated);
	event_course(t, course);
	text_cstr(t, ",\"one_sided\":");
	put_bool(t, flow->side[0].packets == 0 || flow->side[1].packets == 0);
	text_cstr(t, ",\"ports_cut\":");
	put_bool(t, flow->flags & FLOW_PORTS_CUT);
	text_cstr(t, ",\"reason\":\"");
	text_cstr(t, flow_end_name(r->outcome.end));
	text_char(t, '"');
}

static void put_alert(struct text *t, const struct flow_alert *alert)
{
	text_cstr(t, "{\"alert_id\":\"");
	text_hex(t, alert->id, 16);
	text_cstr(t, "\",\"engine\":\"");
	text_cstr(t, alert_engine_name((enum alert_engine)alert->engine));
	text_cstr(t, "\",\"rule\":");
	text_json(t, alert->rule, alert->rule_len);
	text_cstr(t, ",\"severity\":");
	text_u64(t, alert->severity);
	text_char(t, '}');
}

static void put_alerts(struct text *t, const struct flow_alerts *alerts)
{
	text_cstr(t, ",\"alerts\":[");
	for (uint32_t i = 0; alerts != NULL && i < alerts->n; i++) {
		if (i > 0)
			text_char(t, ',');
		put_alert(t, &alerts->alert[i]);
	}
	text_char(t, ']');
}

/* Cut before its type, or a later fragment without its first: one-way, and ports 0. */
static bool is_icmp_known(const struct flow *flow)
{
	if (flow->key.protocol != IPPROTO_ICMP && flow->key.protocol != IPPROTO_ICMPV6)
		return false;
	return !flow_key_is_one_way(&flow->key) || flow->key.lo_port != 0 ||
	       flow->key.hi_port != 0;
}

static void put_icmp(struct text *t, const struct flow *flow)
{
	text_cstr(t, ",\"icmp\":");
	if (!is_icmp_known(flow)) {
		text_cstr(t, "null}\n");
		return;
	}
	text_cstr(t, "{\"type\":");
	text_u64(t, flow->icmp.type);
	text_cstr(t, ",\"code\":");
	text_u64(t, flow->icmp.code);
	text_cstr(t, ",\"id\":");
	if (flow_key_is_one_way(&flow->key))
		text_cstr(t, "null");
	else
		text_u64(t, flow->key.icmp_id);
	text_cstr(t, "}}\n");
}

void event_flow(struct text *t, const struct record *record, const struct names *names)
{
	const struct flow_record *r = (const struct flow_record *)record;
	const struct flow *flow = &r->flow;
	const char *inspection = inspection_of(flow, names->labels != NULL);

	put_identity(t, flow, r->outcome.end, r->observation_point.point_id);
	event_flow_point(t, flow, &r->observation_point);
	put_ends(t, flow);
	place_json(names->places, flow, t);
	label_json(names->labels, flow, t);
	put_counts(t, r, inspection);
	event_risks(t, flow);
	put_alerts(t, r->outcome.alerts);
	event_recorded(t, r->outcome.recorded);
	text_char(t, ',');
	event_details(t, flow->details);
	event_transaction_counts(t, r, strcmp(inspection, "done") == 0);
	put_icmp(t, flow);
}
