#include "dataplane/pipeline/filter_ask.h"

#include <netinet/in.h>

#include "config/model/evaluate.h"

/* A later fragment has none of its own, whether its first one's were looked for or not. */
bool filter_ask_has_ports(const struct packet *p)
{
	if (p->protocol != IPPROTO_TCP && p->protocol != IPPROTO_UDP)
		return false;
	if (p->flags & PACKET_LATER_FRAGMENT)
		return p->flags & PACKET_PORTS_LEARNED;
	return !(p->flags & (PACKET_PORTS_CUT | PACKET_NO_PORTS));
}

bool __attribute__((cold))
filter_accepted_cut(const struct model_session *config, struct packet *p)
{
	const struct evaluate_packet view = {.ip_version = p->ip_version,
		.protocol = p->protocol,
		.src = p->src,
		.dst = p->dst};
	enum model_direction direction =
		p->direction == DIRECTION_EGRESS ? MODEL_EGRESS : MODEL_INGRESS;

	if (config->packet_length == 0 || p->frame_cap != config->packet_length ||
		!evaluate_could_accept(config->filter, direction, &view))
		return false;
	p->flags |= PACKET_ACCEPTED_CUT;
	return true;
}

void filter_ask_job(
	struct filter_job *job, const struct model_session *config, const struct packet *p)
{
	job->packet = p;
	job->filter = config->filter;
	job->vpc = config->interface->vpc;
	job->direction = p->direction;
	job->has_ports = filter_ask_has_ports(p);
}

bool filter_ask_begin(const struct snapshot *snapshot, const struct model_session *config,
	struct packet *p, struct filter_job *job, enum reason *why)
{
	if (!filter_must_ask(snapshot, config, p, why))
		return false;
	filter_ask_job(job, config, p);
	return true;
}

enum reason filter_ask_end(struct packet *p, const struct filter_job *job)
{
	p->accepted = job->accept;
	p->rule_number = job->number;
	if (job->accept)
		return REASON_inspected;
	if (job->by == FILTER_BY_DNS)
		return REASON_dns_not_eligible;
	return job->by == FILTER_BY_RULE ? REASON_rule_rejected : REASON_rule_none;
}
