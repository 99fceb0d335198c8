/* What is suspect in a model, though AWS and we accept it. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/model/evaluate.h"
#include "config/model/model_check.h"
#include "config/model/shadow.h"
#include "config/settings/settings.h"

struct check {
	const struct model *model;
	const struct settings *settings;
	struct report *report;
};

static void warn(const struct check *c, enum finding_code code,
	const struct finding_place *place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void warn(const struct check *c, enum finding_code code,
	const struct finding_place *place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report_addv(c->report, code, place, format, args);
	va_end(args);
}

static const char *direction_name(enum model_direction direction)
{
	return direction == MODEL_INGRESS ? "ingress" : "egress";
}

/* ---- rules ---- */

/* "rules 100, 110 and 3 more" */
static const char *numbers_print(const struct shadow *shadow, char *text, size_t size)
{
	uint32_t numbers[SHADOW_BY_MAX];
	uint32_t count = shadow_by(shadow, numbers);
	uint32_t shown = count < SHADOW_BY_MAX ? count : SHADOW_BY_MAX;
	size_t used = (size_t)snprintf(text, size, count == 1 ? "rule" : "rules");

	for (uint32_t i = 0; i < shown && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s %u",
			i == 0                             ? ""
			: i + 1 == shown && count == shown ? " and"
							   : ",",
			numbers[i]);
	if (count > shown && used < size)
		snprintf(text + used, size - used, " and %u more", count - shown);
	return text;
}

static const char *matches(const struct shadow *shadow)
{
	uint32_t numbers[SHADOW_BY_MAX];

	return shadow_by(shadow, numbers) == 1 ? "matches" : "match";
}

/* A rule of a filter, in the words of a message. */
struct subject {
	const struct model_filter *filter;
	enum model_direction direction;
	const struct model_rule *rule;
};

#define SUBJECT "%s rule %u of %s "
#define SUBJECT_ARGS(s) direction_name((s)->direction), (s)->rule->number, (s)->filter->id

static bool rule_shadow_check(
	const struct check *c, const struct subject *s, struct shadow *shadow, uint32_t index)
{
	char by[128];

	switch (shadow_rule(shadow, index)) {
	case SHADOW_COVERED:
		warn(c, FINDING_rule_shadowed, &s->rule->place,
			SUBJECT "can never match: %s before it %s all that it would",
			SUBJECT_ARGS(s), numbers_print(shadow, by, sizeof(by)),
			matches(shadow));
		return true;
	case SHADOW_FRAGMENTS_ONLY:
		warn(c, FINDING_rule_fragments_only, &s->rule->place,
			SUBJECT
			"can match nothing but fragments without known ports: %s before it %s "
			"all else",
			SUBJECT_ARGS(s), numbers_print(shadow, by, sizeof(by)),
			matches(shadow));
		return true;
	case SHADOW_UNDECIDED:
		warn(c, FINDING_undecided, &s->rule->place,
			SUBJECT
			"may be covered by those before it: not decided within %u comparisons",
			SUBJECT_ARGS(s), SHADOW_BUDGET_RULE);
		return false;
	case SHADOW_NONE:
		break;
	}
	return false;
}

static void reject_check(
	const struct check *c, const struct subject *s, struct shadow *shadow, uint32_t index)
{
	enum shadow_result result = shadow_reject(shadow, index);

	if (result == SHADOW_COVERED)
		warn(c, FINDING_reject_without_effect, &s->rule->place,
			SUBJECT "changes nothing: what it rejects would be rejected without it",
			SUBJECT_ARGS(s));
	else if (result == SHADOW_UNDECIDED)
		warn(c, FINDING_undecided, &s->rule->place,
			SUBJECT "may change nothing: not decided within %u comparisons",
			SUBJECT_ARGS(s), SHADOW_BUDGET_RULE);
}

static bool is_all(const struct model_rule *rule)
{
	return rule->source.bits == 0 && rule->destination.bits == 0;
}

static bool ports_hold(const struct model_ports *wide, const struct model_ports *ports)
{
	return wide->from <= ports->from && ports->to <= wide->to;
}

/* As wide as the rule, or wider: what `a` accepts of IPv4, `b` accepts of IPv6. */
static bool is_twin(const struct model_rule *a, const struct model_rule *b)
{
	return b->ip_version == 6 && is_all(b) && b->accept &&
	       (b->protocol == MODEL_PROTOCOL_ANY || a->protocol == b->protocol) &&
	       ports_hold(&b->source_ports, &a->source_ports) &&
	       ports_hold(&b->destination_ports, &a->destination_ports);
}

static bool has_ipv6(const struct model_rules *rules)
{
	for (uint32_t i = 0; i < rules->count; i++) {
		if (rules->rule[i].ip_version == 6)
			return true;
	}
	return false;
}

/* A rule for all of IPv4 is meant for all traffic, more often than not (Traffic Mirroring's own
 * example has both rules). Where no rule is IPv6 at all, one warning for the first accept will do. */
static void twins_check(const struct check *c, const struct model_filter *filter,
	enum model_direction direction)
{
	const struct model_rules *rules = &filter->rules[direction];
	bool dual = has_ipv6(rules);

	for (uint32_t i = 0; i < rules->count; i++) {
		const struct subject s = {filter, direction, &rules->rule[i]};
		bool twin = false;

		if (!s.rule->accept || s.rule->ip_version != 4)
			continue;
		if (!dual) {
			warn(c, FINDING_ipv4_only, &s.rule->place,
				SUBJECT
				"is IPv4, and no rule of this direction is IPv6: no IPv6 "
				"packet is accepted",
				SUBJECT_ARGS(&s));
			return;
		}
		for (uint32_t k = 0; k < rules->count && !twin; k++)
			twin = is_twin(s.rule, &rules->rule[k]);
		if (is_all(s.rule) && !twin)
			warn(c, FINDING_ipv4_only, &s.rule->place,
				SUBJECT "is for all of IPv4, and has no twin for ::/0",
				SUBJECT_ARGS(&s));
	}
}

/* Whether the packets of a rule for one resolver's port 53 are Amazon DNS in every VPC where the
 * filter is used: then the rule is never asked. */
static bool is_dns_in(const struct subject *s, const struct model_vpc *vpc)
{
	const struct model_rule *r = s->rule;
	const struct evaluate_packet p = {
		.ip_version = r->ip_version,
		.protocol = (uint8_t)r->protocol,
		.has_ports = true,
		.src_port = r->source_ports.from,
		.dst_port = r->destination_ports.from,
		.src = r->source.addr,
		.dst = r->destination.addr,
	};

	return evaluate_is_dns(vpc, &p);
}

static bool is_one(const struct cidr *cidr, const struct model_ports *ports)
{
	return cidr->bits == (cidr->ip_version == 4 ? 32 : 128) && ports->from == ports->to;
}

static void dns_check(const struct check *c, const struct subject *s)
{
	const struct model_rule *r = s->rule;
	bool dns = s->filter->n_sessions > 0 || is_dns_in(s, NULL);

	if ((r->protocol != IPPROTO_TCP && r->protocol != IPPROTO_UDP) ||
		(!is_one(&r->source, &r->source_ports) &&
			!is_one(&r->destination, &r->destination_ports)))
		return;
	for (uint32_t i = 0; dns && i < s->filter->n_sessions; i++)
		dns = is_dns_in(s, s->filter->sessions[i]->interface->vpc);
	if (dns)
		warn(c, FINDING_dns_rule, &r->place,
			SUBJECT "is never asked: Amazon DNS is decided before the rules, by "
				"network_services",
			SUBJECT_ARGS(s));
}

static void direction_check(const struct check *c, const struct model_filter *filter,
	enum model_direction direction)
{
	const struct model_rules *rules = &filter->rules[direction];
	struct shadow *shadow = shadow_create(rules);

	for (uint32_t i = 0; i < rules->count; i++) {
		const struct subject s = {filter, direction, &rules->rule[i]};

		if (s.rule->protocol == 0)
			warn(c, FINDING_protocol_zero, &s.rule->place,
				SUBJECT "is for protocol 0; leave protocol out to match any",
				SUBJECT_ARGS(&s));
		dns_check(c, &s);
		if (!rule_shadow_check(c, &s, shadow, i) && !s.rule->accept)
			reject_check(c, &s, shadow, i);
	}
	shadow_destroy(shadow);
	twins_check(c, filter, direction);
}

/* ---- filters ---- */

enum { QUOTA_RULES = 10, QUOTA_SESSIONS = 3, NLB_LENGTH_MAX = 8500, LENGTH_MIN = 35 };

static uint32_t accepts(const struct model_rules *rules)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rules->count; i++)
		n += rules->rule[i].accept;
	return n;
}

static void filter_check(const struct check *c, const struct model_filter *filter)
{
	const struct model_rules *in = &filter->rules[MODEL_INGRESS];
	const struct model_rules *out = &filter->rules[MODEL_EGRESS];

	if (filter->n_sessions == 0)
		warn(c, FINDING_filter_unused, &filter->place, "no session uses the filter %s",
			filter->id);
	if (!filter->amazon_dns && accepts(in) == 0 && accepts(out) == 0)
		warn(c, FINDING_filter_empty, &filter->place,
			"the filter %s has no accept rule: it mirrors nothing", filter->id);
	if (in->count + out->count > QUOTA_RULES)
		warn(c, FINDING_quota, &filter->place,
			"the filter %s has %u rules; AWS's quota is %u", filter->id,
			in->count + out->count, QUOTA_RULES);
	direction_check(c, filter, MODEL_INGRESS);
	direction_check(c, filter, MODEL_EGRESS);
}

/* ---- sessions ---- */

static void length_check(const struct check *c, const struct model_session *session)
{
	uint32_t length = session->packet_length;

	if (session->target && session->target->type == MODEL_TARGET_NLB &&
		length > NLB_LENGTH_MAX)
		warn(c, FINDING_packet_length, &session->place,
			"session %s keeps %u bytes; AWS refuses more than %u for a Network "
			"Load "
			"Balancer",
			session->id, length, NLB_LENGTH_MAX);
	else if (length > 0 && length < LENGTH_MIN)
		warn(c, FINDING_packet_length, &session->place,
			"session %s keeps %u bytes, the inner Ethernet header among them: "
			"ports are "
			"cut off, and perhaps addresses",
			session->id, length);
}

static void session_check(const struct check *c, const struct model_session *session)
{
	const struct model_interface *interface = session->interface;

	if (!interface->has_mac)
		warn(c, FINDING_mac_unknown, &session->place,
			"the MAC address of %s, the source of session %s, is not known: "
			"direction "
			"is told by addresses alone",
			interface->id, session->id);
	if (!session->has_source)
		warn(c, FINDING_source_unknown, &session->place,
			"no address of %s, the source of session %s, is known: no packet will "
			"be "
			"found to be of this session",
			interface->id, session->id);
	if (session->filter && !interface->vpc)
		warn(c, FINDING_vpc_unknown, &session->place,
			"the CIDR block of %s%s, in which session %s has its source, is not "
			"known: "
			"amazon-dns is told by the fixed resolver addresses alone",
			*interface->vpc_id ? interface->vpc_id : "the VPC",
			*interface->vpc_id ? "" : " (not named)", session->id);
	if (c->model->n_targets > 0 && !session->target)
		warn(c, FINDING_target_unknown, &session->place,
			"the target of session %s is not among the targets given", session->id);
	length_check(c, session);
}

static void quota_check(const struct check *c, const struct model_interface *interface)
{
	if (interface->n_sessions > QUOTA_SESSIONS)
		warn(c, FINDING_quota, &interface->place,
			"%s is the source of %u sessions; AWS's quota is %u", interface->id,
			interface->n_sessions, QUOTA_SESSIONS);
}

void model_check(
	const struct model *model, const struct settings *settings, struct report *report)
{
	const struct check c = {model, settings, report};

	for (uint32_t i = 0; i < model->n_filters; i++)
		filter_check(&c, &model->filters[i]);
	for (uint32_t i = 0; i < model->n_sessions; i++)
		session_check(&c, &model->sessions[i]);
	for (uint32_t i = 0; i < model->n_interfaces; i++)
		quota_check(&c, &model->interfaces[i]);
	model_check_targets(model, report);
	model_check_tenants(model, settings, report);
}
