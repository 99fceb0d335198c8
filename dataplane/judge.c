#include "dataplane/judge.h"

enum { TCP = 6, UDP = 17 };

/* Without ports a packet passes by every rule that names some. A later fragment has none of its
 * own, whether its first one's were looked for or not. */
static bool has_ports(const struct packet *p)
{
	if (p->protocol != TCP && p->protocol != UDP)
		return false;
	if (p->flags & PACKET_LATER_FRAGMENT)
		return p->flags & PACKET_PORTS_LEARNED;
	return !(p->flags & (PACKET_PORTS_CUT | PACKET_NO_PORTS));
}

bool judge_begin(const struct snapshot *snapshot, const struct model_session *config,
	struct packet *p, struct filter_job *job, enum reason *why)
{
	p->rule_number = 0;
	p->accepted = true;
	*why = REASON_inspected;
	if (!config || !config->filter)
		return false;
	p->flags |= PACKET_FILTERED;
	if (p->direction == DIRECTION_UNKNOWN) {
		p->accepted = snapshot->accept_unknown;
		if (!p->accepted)
			*why = REASON_direction_unknown;
		return false;
	}
	*job = (struct filter_job){
		.packet = p,
		.filter = config->filter,
		.vpc = config->interface->vpc,
		.direction = p->direction,
		.has_ports = has_ports(p),
	};
	return true;
}

enum reason judge_end(
	const struct snapshot *snapshot, struct packet *p, const struct filter_job *job)
{
	p->accepted = job->accept;
	if (job->by == FILTER_BY_RULE)
		p->rule_number = filter_rule(snapshot->filter, job->rule)->number;
	if (job->accept)
		return REASON_inspected;
	if (job->by == FILTER_BY_DNS)
		return REASON_dns_not_eligible;
	return job->by == FILTER_BY_RULE ? REASON_rule_rejected : REASON_rule_none;
}
