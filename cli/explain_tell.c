/* How explain tells what it found: as JSON and as lines. */
#include "cli/explain.h"

#include "cli/words.h"
#include "decap/direction.h"
#include "inspect/export/json.h"

#include <stdio.h>
#include <string.h>

struct evaluate_packet explained_view(const struct explained *e)
{
	const struct packet *p = &e->packet;

	return (struct evaluate_packet){.ip_version = p->ip_version,
		.protocol = p->protocol,
		.has_ports = e->job.has_ports,
		.src_port = p->src_port,
		.dst_port = p->dst_port,
		.src = p->src,
		.dst = p->dst};
}

enum model_direction explained_direction(const struct explained *e)
{
	return e->packet.direction == DIRECTION_EGRESS ? MODEL_EGRESS : MODEL_INGRESS;
}

/* The rules that were looked at: up to the one that decided. NULL: no more. */
static const struct model_rule *rule_looked_at(const struct explained *e, uint32_t i)
{
	const struct model_rules *rules;

	if (!e->judged || e->job.by == FILTER_BY_DNS)
		return NULL;
	rules = &e->job.filter->rules[explained_direction(e)];
	if (i >= rules->count)
		return NULL;
	if (e->job.by == FILTER_BY_RULE && rules->rule[i].number > e->packet.rule_number)
		return NULL;
	return &rules->rule[i];
}

static bool reached_session(const struct explained *e)
{
	return e->packet.flags & PACKET_HAS_VNI;
}

static const char *decision(const struct explained *e)
{
	return e->reason == REASON_inspected ? "accept" : "reject";
}

static void print_rules_json(struct json *j, const struct explained *e)
{
	struct evaluate_packet view = explained_view(e);
	const struct model_rule *rule;

	json_open(j, "rules", '[');
	for (uint32_t i = 0; (rule = rule_looked_at(e, i)); i++) {
		enum evaluate_field field = evaluate_rule(rule, &view);

		json_open(j, NULL, '{');
		json_u64(j, "rule_number", rule->number);
		json_bool(j, "matched", field == EVALUATE_MATCHED);
		json_string(j, "first_mismatch", evaluate_field_name(field));
		json_close(j, '}');
	}
	json_close(j, ']');
}

void explained_json(const struct explained *e)
{
	struct json j = {.out = stdout};

	json_open(&j, NULL, '{');
	json_string(&j, "session", e->session ? e->session->id : NULL);
	json_string(&j, "interface_id", e->session ? e->session->interface->id : NULL);
	json_string(&j, "direction", direction_name(e->packet.direction));
	json_string(&j, "direction_by", e->direction_by);
	json_string(&j, "decision", decision(e));
	if (e->packet.rule_number)
		json_u64(&j, "rule_number", e->packet.rule_number);
	else
		json_string(&j, "rule_number", NULL);
	json_string(&j, "reason", reason_name(e->reason));
	print_rules_json(&j, e);
	json_close(&j, '}');
	putchar('\n');
}

static void print_session(const struct explained *e)
{
	char source[IP_ADDR_TEXT];

	if (!reached_session(e))
		return;
	ip_addr_print(&e->packet.outer_src, source);
	printf("session    %s (outer source %s, VNI %u",
		e->session ? e->session->id : "unknown", source, e->packet.vni);
	if (e->packet.network != NETWORK_NONE)
		printf(", network %u", network_id(e->packet.network));
	printf(")");
	if (e->session && e->session->filter)
		printf(" with filter %s", e->session->filter->id);
	else if (e->session)
		printf(" without a filter");
	printf("\n");
	if (e->session)
		printf("interface  %s\n", e->session->interface->id);
	printf("direction  %s", e->packet.direction == DIRECTION_UNKNOWN
					? "unknown"
					: direction_name(e->packet.direction));
	if (e->direction_by)
		printf(", %s %s", strcmp(e->direction_by, "given") == 0 ? "as" : "by",
			e->direction_by);
	printf("\n");
}

static void print_rules(const struct explained *e)
{
	struct evaluate_packet view = explained_view(e);
	const struct model_rule *rule;

	for (uint32_t i = 0; (rule = rule_looked_at(e, i)); i++) {
		enum evaluate_field field = evaluate_rule(rule, &view);

		if (field == EVALUATE_MATCHED)
			printf("rule %-5u matches: %s\n", rule->number,
				rule->accept ? "accept" : "reject");
		else
			printf("rule %-5u does not match: %s\n", rule->number,
				evaluate_field_name(field));
	}
	if (e->judged && e->job.by == FILTER_BY_DNS)
		printf("service    amazon-dns, decided before the rules: %s\n",
			e->job.accept ? "the filter has it" : "the filter does not have it");
}

static void print_decision(const struct explained *e)
{
	printf("decision   %s", decision(e));
	if (e->packet.rule_number)
		printf(" by rule %u\n", e->packet.rule_number);
	else if (e->reason != REASON_inspected)
		printf(": %s\n", reason_sentence(e->reason));
	else if (!e->session)
		printf(": unknown sessions are inspected\n");
	else if (!e->session->filter)
		printf(": a session without a filter accepts all\n");
	else if (!e->judged)
		printf(": the direction is not known, and the settings accept that\n");
	else
		printf("\n");
}

void explained_text(const struct explained *e)
{
	char words[128];

	if (e->packet.ip_version)
		printf("packet     %s\n", words_print(&e->packet, words, sizeof(words)));
	print_session(e);
	print_rules(e);
	print_decision(e);
}
