/* Alerts of Suricata's, and about it, as facts for the correlator. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/log/now.h"
#include "dataplane/output/suricata_inside.h"
#include "inspect/record/alert.h"
#include "inspect/record/tenant.h"

enum { SEVERITY_LOWEST = 4, WHY = 160, RULE = 48 };

/* The observation point of its two outermost VLAN ids. */
static bool find_point(struct suricata *s, const struct eve_alert *alert, bool is_tagged,
	struct tagged_point *point)
{
	const struct point_tag tag = {alert->vlan[0], alert->vlan[1]};

	return is_tagged && alert->n_vlans >= 2 && point_tags_find(s->tags, tag, point);
}

static struct observation_point observation_point_of_tag(const struct tagged_point *point)
{
	return (struct observation_point){
		.key = point->key,
		.has_vni = true,
		.has_source = true,
		.session = point->session[0] != '\0' ? point->session : NULL,
		.interface_id = point->interface_id[0] != '\0' ? point->interface_id : NULL,
	};
}

static struct flow flow_of(const struct eve_alert *alert, enum direction direction)
{
	struct flow flow = {.flags = 0};
	bool src_is_lo;

	if (alert->is.ip_version == 0)
		return flow;
	flow_key_make(&flow.key, &alert->is, false, &src_is_lo);
	flow.flags = (uint16_t)((src_is_lo ? (unsigned)FLOW_CLIENT_IS_LO : 0u) |
				(unsigned)direction * (FLOW_DIRECTION / 3));
	return flow;
}

/* Where Suricata saw it: "in http, sent to the server". */
static const char *why_of(const struct eve_alert *alert, char text[WHY])
{
	const char *where = alert->to_server   ? "sent to the server"
			    : alert->to_client ? "sent to the client"
					       : "";

	snprintf(text, WHY, "%s%.64s%s%s", alert->app_protocol != NULL ? "in " : "",
		alert->app_protocol != NULL ? alert->app_protocol : "",
		alert->app_protocol != NULL && *where != '\0' ? ", " : "", where);
	return text;
}

/* Of one that was started otherwise nobody knows which packet it calls its first. */
static uint64_t packet_of(const struct suricata *s, const struct eve_alert *alert)
{
	return suricata_is_attached(s) ? 0 : alert->packet;
}

/* Its flow, as far as it is known, and whether it was tagged. */
static struct sent_flow find_flow(struct suricata *s, const struct eve_alert *alert)
{
	struct sent_vlans vlans = {.n = alert->n_vlans};
	struct sent_flow sent = {.is_tagged = true};

	memcpy(vlans.id, alert->vlan, sizeof(vlans.id));
	if (alert->is.ip_version == 0 ||
		!sent_flows_find(s->sent, packet_of(s, alert), &vlans, &alert->is, &sent) ||
		sent.flow_id == 0)
		s->flow_unknown++;
	return sent;
}

/* An alert without a packet comes when Suricata gives up a flow. It tells the time at which a thread of its happened
 * to do so, which is another one in each run: the flow's own time is not. */
static uint64_t time_of(const struct eve_alert *alert, const struct sent_flow *sent)
{
	return alert->packet == 0 && sent->flow_id != 0 ? sent->time_ns : alert->time_ns;
}

/* What its rule says. */
static void say_rule(
	struct alert_telling *telling, const struct eve_alert *alert, char rule[RULE])
{
	snprintf(rule, RULE, "%" PRIu64 ":%" PRIu64, alert->gid, alert->sid);
	telling->revision = alert->revision;
	telling->severity = (uint8_t)(alert->severity < SEVERITY_LOWEST ? alert->severity
									: SEVERITY_LOWEST);
	alert_say(telling, ALERT_RULE, rule);
	alert_say(telling, ALERT_CATEGORY, alert->category);
	alert_say(telling, ALERT_TITLE, alert->signature);
	alert_say(telling, ALERT_FIELD, alert->field);
	alert_say(telling, ALERT_VALUE, alert->value);
}

void suricata_tell(struct suricata *s, const struct eve_alert *alert)
{
	const struct sent_flow sent = find_flow(s, alert);
	struct observation_point point = {.has_vni = false};
	struct alert_telling telling = {
		.engine = ALERT_SURICATA,
		.is_foreign = true,
		.source = alert->is.src,
		.time_ns = time_of(alert, &sent),
		.flow_id = sent.flow_id,
		.tenant = TENANT_PLAIN,
	};
	char rule[RULE], why[WHY], tenant[TENANT_TEXT];
	const struct flow flow = flow_of(alert, sent.direction);
	struct tagged_point tagged;

	if (find_point(s, alert, sent.is_tagged, &tagged)) {
		point = observation_point_of_tag(&tagged);
		telling.tenant = tagged.tenant;
	}
	say_rule(&telling, alert, rule);
	alert_say(&telling, ALERT_WHY, why_of(alert, why));
	alert_say(&telling, ALERT_TENANT,
		tenant_name(telling.tenant, s->params.settings, tenant));
	if (!alert_tell(&s->sink, 0, &flow, &point, &telling))
		s->unheard++;
}

void suricata_tell_of_us(
	struct suricata *s, const char *rule, const char *title, const char *why)
{
	const struct observation_point nowhere = {.has_vni = false};
	const struct flow none = {.flags = 0};
	struct alert_telling telling = {
		.engine = ALERT_PERISCOPE,
		.severity = 2,
		.is_foreign = true,
		.time_ns = s->params.is_live ? now_wall() : atomic_load(&s->last_ns),
	};

	alert_say(&telling, ALERT_RULE, rule);
	alert_say(&telling, ALERT_CATEGORY, "sensor");
	alert_say(&telling, ALERT_TITLE, title);
	alert_say(&telling, ALERT_WHY, why);
	if (!alert_tell(&s->sink, 0, &none, &nowhere, &telling))
		s->unheard++;
}
