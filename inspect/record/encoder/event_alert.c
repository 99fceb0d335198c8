#include "inspect/record/encoder/event_alert.h"

#include <string.h>

#include "inspect/flow/community_id.h"

static void put_text(
	struct text *t, const char *key, const struct alert_record *r, enum alert_text which)
{
	text_cstr(t, key);
	if (r->alert.len[which] == 0)
		text_cstr(t, "null");
	else
		text_json(t, alert_text(&r->alert, r->text, which), r->alert.len[which]);
}

static void put_time(struct text *t, const char *key, uint64_t ns)
{
	text_cstr(t, key);
	text_char(t, '"');
	text_time(t, ns);
	text_char(t, '"');
}

static void put_rule(struct text *t, const struct alert_record *r)
{
	text_cstr(t, "{\"event\":\"alert\",\"alert_id\":\"");
	text_hex(t, r->id, 16);
	text_cstr(t, "\",\"engine\":\"");
	text_cstr(t, alert_engine_name(r->alert.engine));
	put_text(t, "\",\"rule\":", r, ALERT_RULE);
	text_cstr(t, ",\"revision\":");
	if (r->alert.revision > 0)
		text_u64(t, r->alert.revision);
	else
		text_cstr(t, "null");
	put_text(t, ",\"category\":", r, ALERT_CATEGORY);
	text_cstr(t, ",\"severity\":");
	text_u64(t, r->alert.severity);
	put_text(t, ",\"title\":", r, ALERT_TITLE);
	put_text(t, ",\"why\":", r, ALERT_WHY);
}

static void put_ids(struct text *t, const struct alert *alert)
{
	char id[17], community[COMMUNITY_ID_TEXT];

	text_cstr(t, "\"flow_id\":");
	if (alert->flow_id != 0) {
		flow_id_print(alert->flow_id, id);
		text_json(t, id, sizeof(id) - 1);
	} else {
		text_cstr(t, "null");
	}
	text_cstr(t, ",\"community_id\":");
	if (alert_has_flow(alert)) {
		community_id_print(&alert->flow.key, 0, community);
		text_json(t, community, strlen(community));
	} else {
		text_cstr(t, "null");
	}
}

/* Of what no flow shows the same members. */
static void put_ends(struct text *t, const struct alert *alert)
{
	if (alert_has_flow(alert))
		event_flow_ends(t, &alert->flow);
	else
		text_cstr(t, ",\"src_ip\":null,\"dst_ip\":null,\"src_port\":null,"
			     "\"dst_port\":null,\"protocol\":null");
}

static void put_evidence(struct text *t, const struct alert_record *r)
{
	text_cstr(t, ",\"evidence\":{");
	if (r->alert.len[ALERT_FIELD] > 0) {
		put_text(t, "", r, ALERT_FIELD);
		put_text(t, ":", r, ALERT_VALUE);
	}
	text_cstr(t, "}}\n");
}

void event_alert(struct text *t, const struct record *record, const struct names *names)
{
	const struct alert_record *r = (const struct alert_record *)record;

	(void)names;
	put_rule(t, r);
	put_time(t, ",\"first\":", r->first_ns);
	put_time(t, ",\"last\":", r->last_ns);
	text_cstr(t, ",\"count\":");
	text_u64(t, r->count);
	text_cstr(t, r->ended ? ",\"ended\":true," : ",\"ended\":false,");
	put_ids(t, &r->alert);
	event_flow_point(t, &r->alert.flow, &r->alert.observation_point);
	put_text(t, ",\"tenant\":", r, ALERT_TENANT);
	put_ends(t, &r->alert);
	put_evidence(t, r);
}
