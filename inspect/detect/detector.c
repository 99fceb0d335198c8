#include "inspect/detect/detector.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/settings/settings.h"
#include "inspect/detect/beacons/beacon_fact.h"
#include "inspect/detect/listeners/listener_fact.h"
#include "inspect/detect/lists/match.h"
#include "inspect/detect/raised.h"
#include "inspect/detect/suppress.h"
#include "inspect/detect/tunnels/tunnel_fact.h"
#include "inspect/dpi/dpi.h"
#include "inspect/record/alert.h"
#include "inspect/record/flow_alerts.h"
#include "inspect/record/risk_why.h"
#include "inspect/record/tenant.h"

/* nDPI's four, from SEVERE to LOW. */
static uint8_t severity_of(uint16_t score)
{
	return score >= 250 ? 1 : score >= 100 ? 2 : score >= 50 ? 3 : 4;
}

/* Alerts of a flow that begin in one place have one tenant. */
static void say_tenant(const struct detector *d, const struct flow *flow,
	struct alert_telling *telling, char text[TENANT_TEXT])
{
	uint32_t tenant = session_tenant(d->sessions, flow->key.point);

	telling->tenant = tenant;
	alert_say(telling, ALERT_TENANT, tenant_name(tenant, d->settings, text));
}

static bool is_suppressed(const struct detector *d, const struct flow *flow,
	const struct observation_point *point, const struct alert_telling *telling)
{
	const struct suppress_subject subject = {
		.engine = telling->engine,
		.rule = telling->text[ALERT_RULE],
		.title = telling->text[ALERT_TITLE],
		.tenant = telling->text[ALERT_TENANT],
		.session = point->session,
		.flow = flow,
		.time_ns = telling->time_ns,
	};

	return suppress_has(d->suppress, &subject);
}

/* false: it is not wanted, or there was no room for it. */
static bool tell(
	struct detector *d, const struct flow *flow, const struct alert_telling *telling)
{
	const struct observation_point point =
		observation_point_of(d->sessions, flow->key.point);

	if (is_suppressed(d, flow, &point, telling)) {
		d->suppressed++;
		return false;
	}
	if (!alert_tell(&d->facts, d->number, flow, &point, telling)) {
		d->unheard++;
		return false;
	}
	d->told++;
	return true;
}

static bool is_alert(const struct detector *d, unsigned risk)
{
	uint32_t least = d->settings->detect.risk_score;

	return least != 0 && dpi_risk_score(risk) >= least;
}

enum { RISK_ID = 16 };

/* Of a risk all but why. */
static struct alert_telling risk_telling(
	const struct flow *flow, unsigned risk, uint64_t time_ns, char id[RISK_ID])
{
	bool is_own = risk >= NDPI_RISKS;
	struct alert_telling telling = {
		.engine = is_own ? ALERT_PERISCOPE : ALERT_NDPI,
		.severity = severity_of(dpi_risk_score(risk)),
		.source = *flow_ends(flow).src,
		.time_ns = time_ns,
	};

	snprintf(id, RISK_ID, "%u", risk_id(risk));
	alert_say(&telling, ALERT_RULE, is_own ? dpi_risk_name(risk) : id);
	alert_say(&telling, ALERT_CATEGORY, "risk");
	alert_say(&telling, ALERT_TITLE, dpi_risk_name(risk));
	return telling;
}

static void tell_risk(
	struct detector *d, const struct flow *flow, unsigned risk, uint64_t time_ns)
{
	char id[RISK_ID], why[RISK_WHY], tenant[TENANT_TEXT];
	struct text t = text_make(why, sizeof(why));
	struct alert_telling telling = risk_telling(flow, risk, time_ns, id);

	risk_why(&t, flow, risk);
	alert_say_text(&telling, ALERT_WHY, why, &t);
	say_tenant(d, flow, &telling, tenant);
	tell(d, flow, &telling);
}

void detector_risks(struct detector *d, const struct flow *flow, const struct risk_set *fresh,
	uint64_t time_ns)
{
	struct risk_set risks = *fresh;

	while (!risk_set_is_empty(&risks)) {
		unsigned risk = risk_set_take(&risks);

		if (is_alert(d, risk))
			tell_risk(d, flow, risk, time_ns);
	}
}

/* Room for the texts of an indicator's alert. */
struct hit_texts {
	char indicator[INDICATOR_TEXT], why[ALERT_TEXT], tenant[TENANT_TEXT];
};

/* The first one seen is the evidence; the title is the indicator, so that a name has one alert, however many of its
 * subdomains are asked for. */
static struct alert_telling hit_telling(const struct detector *d, const struct flow *flow,
	const struct list_hit *hit, uint64_t time_ns, struct hit_texts *texts)
{
	const struct list_about *list = lists_about(d->lists, hit->indicator->list);
	struct alert_telling telling = {
		.engine = ALERT_LIST,
		.severity = list->severity,
		.by_title = true,
		.source = *flow_ends(flow).src,
		.time_ns = time_ns,
	};

	telling.text[ALERT_TITLE].at = texts->indicator;
	telling.text[ALERT_TITLE].len =
		lists_indicator_text(d->lists, hit->indicator, texts->indicator);
	snprintf(texts->why, sizeof(texts->why), "%s is in list %s, line %" PRIu32 " of %s",
		list_field_name(hit->field), list->name, hit->indicator->line, list->file);
	alert_say(&telling, ALERT_RULE, list->name);
	alert_say(&telling, ALERT_CATEGORY, "indicator");
	alert_say(&telling, ALERT_WHY, texts->why);
	alert_say(&telling, ALERT_FIELD, list_field_name(hit->field));
	telling.text[ALERT_VALUE] = (struct alert_words){hit->value, hit->len};
	say_tenant(d, flow, &telling, texts->tenant);
	return telling;
}

/* When something is found: in a transaction that is still to be told, or in one that is. */
enum found { FOUND_EARLY, FOUND };

/* Each transaction is told of once: at its question, or when it is whole. */
static void tell_hit(struct detector *d, const struct flow *flow, const struct list_hit *hit,
	uint64_t time_ns, enum found found)
{
	struct hit_texts texts;
	const struct alert_telling telling = hit_telling(d, flow, hit, time_ns, &texts);
	const struct flow_alert alert = flow_alert_of(&telling);

	if (found == FOUND_EARLY ? !raised_may_open(d->raised, flow, alert.id)
				 : raised_close(d->raised, flow, alert.id))
		return;
	if (tell(d, flow, &telling))
		raised_add(d->raised, flow, &alert, found == FOUND_EARLY);
}

static void tell_hits(struct detector *d, const struct flow *flow, const struct list_hits *hits,
	uint64_t time_ns, enum found found)
{
	for (uint32_t i = 0; i < hits->count; i++)
		tell_hit(d, flow, &hits->hit[i], time_ns, found);
	if (found == FOUND)
		d->left_out += hits->more;
}

bool detector_has_lists(const struct detector *d)
{
	return d->lists != NULL && lists_types(d->lists) != 0;
}

void detector_flow_began(struct detector *d, const struct flow *flow)
{
	struct list_hits hits;

	if (!detector_has_lists(d))
		return;
	hits.count = hits.more = 0;
	lists_match_ends(d->lists, flow, &hits);
	lists_match_systems(d->lists, d->geo, flow, &hits);
	tell_hits(d, flow, &hits, flow->last_ns, FOUND);
}

bool detector_has_tunnels(const struct settings *settings)
{
	return settings->detect.alerts && settings->detect.dns_tunnel_names > 0;
}

void detector_call(struct detector *d, const struct flow *flow)
{
	const struct beacon_teller teller = {d->facts, d->sessions, d->settings, d->number};

	if (d->facts.take != NULL && d->settings->detect.beacon_calls > 0 &&
		!beacon_tell(&teller, flow))
		d->unheard++;
}

void detector_odd(struct detector *d, const struct flow *flow, const struct packet *p)
{
	const struct listener_watch watch = {d->facts, d->sessions, d->settings, d->listeners};

	enum listener_told told = LISTENER_NOTHING;

	if (d->listeners != NULL)
		told = listener_watch_packet(&watch, d->number, flow, p);
	d->told += told == LISTENER_TOLD;
	d->unheard += told == LISTENER_REFUSED;
}

static void tell_question(struct detector *d, const struct flow *flow, uint64_t time_ns,
	const struct details *details)
{
	const struct tunnel_teller teller = {d->facts, d->sessions, d->settings, d->number};

	if (d->facts.take == NULL || details == NULL || !detector_has_tunnels(d->settings))
		return;
	if (!tunnel_tell(&teller, flow, time_ns, details))
		d->unheard++;
}

void detector_transaction(struct detector *d, const struct flow *flow, enum transaction kind,
	uint64_t time_ns, const struct details *details)
{
	struct list_hits hits;

	if (kind == TRANSACTION_DNS)
		tell_question(d, flow, time_ns, details);
	if (!detector_has_lists(d))
		return;
	hits.count = hits.more = 0;
	lists_match_transaction(d->lists, kind, details, &hits);
	tell_hits(d, flow, &hits, time_ns, FOUND);
}

void detector_seen(struct detector *d, const struct flow *flow, uint64_t rows, uint64_t time_ns,
	const struct details *details)
{
	struct list_hits hits;

	if (!detector_has_lists(d))
		return;
	hits.count = hits.more = 0;
	lists_match_rows(d->lists, details, rows, &hits);
	tell_hits(d, flow, &hits, time_ns, FOUND_EARLY);
}

/* Bit n: the flow had transactions of kind n, which were told one by one. */
static uint32_t told_kinds(const struct details *details)
{
	uint32_t told = 0;

	for (unsigned kind = 0; kind < TRANSACTIONS; kind++)
		if (details_transactions(details, (enum transaction)kind) > 0)
			told |= UINT32_C(1) << kind;
	return told;
}

void detector_flow_ended(struct detector *d, const struct flow *flow)
{
	struct list_hits hits;

	if (!detector_has_lists(d))
		return;
	hits.count = hits.more = 0;
	lists_match_details(d->lists, flow->details, told_kinds(flow->details), &hits);
	tell_hits(d, flow, &hits, flow->last_ns, FOUND);
}

static void add_risks(const struct detector *d, const struct flow *flow, struct risk_set risks,
	struct flow_alerts *alerts)
{
	const struct observation_point point =
		observation_point_of(d->sessions, flow->key.point);
	char id[RISK_ID], tenant[TENANT_TEXT];

	while (!risk_set_is_empty(&risks)) {
		unsigned risk = risk_set_take(&risks);
		struct alert_telling telling = risk_telling(flow, risk, flow->last_ns, id);
		struct flow_alert alert;

		say_tenant(d, flow, &telling, tenant);
		if (!is_alert(d, risk) || is_suppressed(d, flow, &point, &telling))
			continue;
		alert = flow_alert_of(&telling);
		flow_alerts_add(alerts, &alert);
	}
}

void detector_flow_alerts(
	const struct detector *d, const struct flow *flow, struct flow_alerts *alerts)
{
	const struct risk_set risks = details_risks(flow->details);

	alerts->n = 0;
	if (d->facts.take == NULL)
		return;
	if (!risk_set_is_empty(&risks))
		add_risks(d, flow, risks, alerts);
	raised_collect(d->raised, flow, alerts);
}

void detector_flow_released(struct detector *d, const struct flow *flow)
{
	if (d->raised != NULL)
		raised_forget(d->raised, flow);
}

bool detector_has_scans(const struct settings *settings)
{
	return settings->detect.alerts &&
	       (settings->detect.scan_hosts || settings->detect.scan_ports ||
		       settings->detect.slow_scan_hosts || settings->detect.slow_scan_ports ||
		       settings->detect.syn_flood);
}
