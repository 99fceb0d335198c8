#include "inspect/record/flow_alerts.h"

#include <string.h>

struct flow_alert flow_alert_of(const struct alert_telling *telling)
{
	const struct alert_identity identity = alert_telling_identity(telling);
	struct flow_alert alert = {.id = alert_id(&identity),
		.engine = (uint8_t)telling->engine,
		.severity = telling->severity,
		.rule_len = (uint8_t)(identity.rule.len < FLOW_ALERT_RULE ? identity.rule.len
									  : FLOW_ALERT_RULE)};

	if (alert.rule_len > 0)
		memcpy(alert.rule, identity.rule.at, alert.rule_len);
	return alert;
}

bool flow_alerts_add(struct flow_alerts *alerts, const struct flow_alert *alert)
{
	for (uint32_t i = 0; i < alerts->n; i++)
		if (alerts->alert[i].id == alert->id)
			return true;
	if (alerts->n == FLOW_ALERTS_MAX)
		return false;
	alerts->alert[alerts->n++] = *alert;
	return true;
}
