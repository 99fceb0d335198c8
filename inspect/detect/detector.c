#include "inspect/detect/detector.h"

#include <stdio.h>
#include <string.h>

#include "config/settings/settings.h"
#include "inspect/dpi/dpi.h"
#include "inspect/record/alert.h"
#include "inspect/record/risk_why.h"
#include "inspect/record/tenant.h"

/* nDPI's four, from SEVERE to LOW. */
static uint8_t severity_of(uint16_t score)
{
	return score >= 250 ? 1 : score >= 100 ? 2 : score >= 50 ? 3 : 4;
}

static void say(struct alert_telling *telling, enum alert_text which, const char *text)
{
	telling->text[which].at = text;
	telling->text[which].len = text != NULL ? strlen(text) : 0;
}

static void tell(struct detector *d, const struct flow *flow, struct alert_telling *telling)
{
	const struct observation_point point =
		observation_point_of(d->sessions, flow->key.point);
	uint32_t tenant = session_tenant(d->sessions, flow->key.point);
	uint32_t index = tenant - TENANT_NAMED;
	const char *name =
		index < d->settings->n_tenants ? d->settings->tenants[index].name : NULL;
	char text[TENANT_TEXT];

	telling->tenant = tenant;
	say(telling, ALERT_TENANT, tenant_text(tenant, name, text));
	if (!alert_tell(&d->facts, d->number, flow, &point, telling))
		d->unheard++;
}

static void tell_risk(
	struct detector *d, const struct flow *flow, unsigned risk, uint64_t time_ns)
{
	bool is_own = risk >= NDPI_RISKS;
	char id[16], why[RISK_WHY];
	struct text t = text_make(why, sizeof(why));
	struct alert_telling telling = {
		.engine = is_own ? ALERT_PERISCOPE : ALERT_NDPI,
		.severity = severity_of(dpi_risk_score(risk)),
		.source = *flow_ends(flow).src,
		.time_ns = time_ns,
	};

	snprintf(id, sizeof(id), "%u", risk_id(risk));
	risk_why(&t, flow, risk);
	say(&telling, ALERT_RULE, is_own ? dpi_risk_name(risk) : id);
	say(&telling, ALERT_CATEGORY, "risk");
	say(&telling, ALERT_TITLE, dpi_risk_name(risk));
	telling.text[ALERT_WHY].at = why;
	telling.text[ALERT_WHY].len = (size_t)(t.at - why);
	tell(d, flow, &telling);
}

void detector_risks(struct detector *d, const struct flow *flow, const struct risk_set *fresh,
	uint64_t time_ns)
{
	uint32_t least = d->settings->detect.risk_score;
	struct risk_set risks = *fresh;

	while (!risk_set_is_empty(&risks)) {
		unsigned risk = risk_set_take(&risks);

		if (least != 0 && dpi_risk_score(risk) >= least)
			tell_risk(d, flow, risk, time_ns);
	}
}
