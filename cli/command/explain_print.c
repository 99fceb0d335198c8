/* Prints what explain found: as JSON and as lines. */
#include "cli/command/explain.h"

#include "cli/command/packet_text.h"
#include "decap/session/direction.h"
#include "inspect/record/json.h"

#include <stdio.h>
#include <string.h>

enum model_direction explained_direction(const struct explained *e)
{
	return e->packet.direction == DIRECTION_EGRESS ? MODEL_EGRESS : MODEL_INGRESS;
}

/* The rules that were looked at: up to the one that decided. NULL: no more. */
static const struct model_rule *rule_looked_at(
	const struct explained *e, const struct mirroring_answer *answer, uint32_t i)
{
	const struct model_rules *rules;

	if (!answer->judged || answer->job.by == FILTER_BY_DNS)
		return NULL;
	rules = &answer->job.filter->rules[explained_direction(e)];
	if (i >= rules->count)
		return NULL;
	if (answer->job.by == FILTER_BY_RULE && rules->rule[i].number > answer->rule_number)
		return NULL;
	return &rules->rule[i];
}

static bool is_accepted(const struct explained *e)
{
	return e->reason == REASON_inspected && !explained_is_refused(e);
}

static const char *decision(bool accepted)
{
	return accepted ? "accept" : "reject";
}

/* ---- JSON ---- */

static void put_number(struct json *j, const char *key, uint32_t number)
{
	if (number > 0)
		json_u64(j, key, number);
	else
		json_string(j, key, NULL);
}

static void put_rules(
	struct json *j, const struct explained *e, const struct mirroring_answer *answer)
{
	const struct model_rule *rule;

	json_open(j, "rules", '[');
	for (uint32_t i = 0; answer && (rule = rule_looked_at(e, answer, i)); i++) {
		struct evaluate_packet view = mirroring_view(&e->packet, answer->job.has_ports);
		enum evaluate_field field = evaluate_rule(rule, &view);

		json_open(j, NULL, '{');
		json_u64(j, "rule_number", rule->number);
		json_bool(j, "matched", field == EVALUATE_MATCHED);
		json_string(j, "first_mismatch", evaluate_field_name(field));
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* All that were asked, in their order. */
static void put_sessions(struct json *j, const struct explained *e)
{
	json_open(j, "sessions", '[');
	for (uint32_t i = 0; !explained_is_refused(e) && i < e->n_answers; i++) {
		const struct mirroring_answer *answer = &e->answers[i];

		if (!answer->session)
			continue;
		json_open(j, NULL, '{');
		json_string(j, "session", answer->session->id);
		json_u64(j, "session_number", answer->session->number);
		json_string(j, "decision", decision(answer->reason == REASON_inspected));
		put_number(j, "rule_number", answer->rule_number);
		json_string(j, "reason", reason_name(answer->reason));
		json_close(j, '}');
	}
	json_close(j, ']');
}

void explained_json(const struct explained *e)
{
	const struct mirroring_answer *last =
		e->n_answers > 0 ? &e->answers[e->n_answers - 1] : NULL;
	struct json j = {.out = stdout};

	json_open(&j, NULL, '{');
	json_string(&j, "session", last && last->session ? last->session->id : NULL);
	json_string(&j, "interface_id", e->interface ? e->interface->id : NULL);
	json_string(&j, "direction", direction_name(e->packet.direction));
	json_string(&j, "direction_by", e->direction_by);
	json_string(&j, "decision", decision(is_accepted(e)));
	put_number(&j, "rule_number", last ? last->rule_number : 0);
	json_string(&j, "reason",
		explained_is_refused(e) ? "never_mirrored" : reason_name(e->reason));
	put_rules(&j, e, last);
	put_sessions(&j, e);
	json_string(&j, "session_before", e->before.session ? e->before.session->id : NULL);
	json_string(&j, "never_mirrored", unmirrored_name(e->never));
	json_close(&j, '}');
	putchar('\n');
}

/* ---- lines ---- */

static void print_session(const struct explained *e, const struct mirroring_answer *answer)
{
	const struct model_session *session = answer->session;
	const struct session_key *key = session ? &session->key : &e->packet.key;
	char source[IP_ADDR_TEXT];

	ip_addr_print(&key->outer_src, source);
	printf("session    %s (", session ? session->id : "unknown");
	if (session && session->interface->n_sessions > 1)
		printf("number %u, ", session->number);
	printf("outer source %s, VNI %u", source, key->vni);
	if (key->network != NETWORK_NONE)
		printf(", network %u", network_id(key->network));
	printf(")");
	if (session && session->filter)
		printf(" with filter %s", session->filter->id);
	else if (session)
		printf(" without a filter");
	printf("\n");
}

static void print_place(const struct explained *e)
{
	if (e->interface)
		printf("interface  %s\n", e->interface->id);
	printf("direction  %s", e->packet.direction == DIRECTION_UNKNOWN
					? "unknown"
					: direction_name(e->packet.direction));
	if (e->direction_by)
		printf(", %s %s", strcmp(e->direction_by, "given") == 0 ? "as" : "by",
			e->direction_by);
	printf("\n");
}

static void print_rules(const struct explained *e, const struct mirroring_answer *answer)
{
	struct evaluate_packet view = mirroring_view(&e->packet, answer->job.has_ports);
	const struct model_rule *rule;

	for (uint32_t i = 0; (rule = rule_looked_at(e, answer, i)); i++) {
		enum evaluate_field field = evaluate_rule(rule, &view);

		if (field == EVALUATE_MATCHED)
			printf("rule %-5u matches: %s\n", rule->number,
				rule->accept ? "accept" : "reject");
		else
			printf("rule %-5u does not match: %s\n", rule->number,
				evaluate_field_name(field));
	}
	if (answer->judged && answer->job.by == FILTER_BY_DNS)
		printf("service    amazon-dns, decided before the rules: %s\n",
			answer->job.accept ? "the filter has it"
					   : "the filter does not have it");
}

/* What is to be known of a packet beside the decision of the session that has it. */
static void print_notes(const struct explained *e)
{
	const struct mirroring_answer *before = &e->before;

	if (before->session)
		printf("order      AWS asks %s (number %u) first, which %ss the packet: it is "
		       "not mirrored by this session\n",
			before->session->id, before->session->number,
			decision(before->reason == REASON_inspected));
	if (e->never != UNMIRRORED_NONE && e->is_mirrored)
		printf("note       never mirrored by AWS: %s\n", unmirrored_name(e->never));
}

static void print_decision(const struct explained *e, const struct mirroring_answer *last)
{
	printf("decision   %s", decision(is_accepted(e)));
	if (explained_is_refused(e))
		printf(": never mirrored by AWS: %s\n", unmirrored_name(e->never));
	else if (last && last->rule_number)
		printf(" by rule %u\n", last->rule_number);
	else if (e->reason != REASON_inspected)
		printf(": %s\n", reason_sentence(e->reason));
	else if (last && !last->session)
		printf(": unknown sessions are inspected\n");
	else if (e->packet.flags & PACKET_ACCEPTED_CUT)
		printf(": it ends where the session's packet_length cuts, before its ports: "
		       "accepted at its source\n");
	else if (last && !last->session->filter)
		printf(": a session without a filter accepts all\n");
	else if (last && !last->judged)
		printf(": the direction is not known, and the settings accept that\n");
	else
		printf("\n");
}

static void print_answers(const struct explained *e)
{
	for (uint32_t i = 0; i < e->n_answers; i++) {
		const struct mirroring_answer *answer = &e->answers[i];

		print_session(e, answer);
		if (i == 0)
			print_place(e);
		print_rules(e, answer);
		if (i + 1 < e->n_answers)
			printf("           the next session is asked: %s\n",
				reason_sentence(answer->reason));
	}
}

void explained_text(const struct explained *e)
{
	char words[128];

	if (e->packet.ip_version)
		printf("packet     %s\n", packet_text_print(&e->packet, words, sizeof(words)));
	if (e->n_answers > 0)
		print_answers(e);
	else if (e->interface)
		print_place(e);
	print_notes(e);
	print_decision(e, e->n_answers > 0 ? &e->answers[e->n_answers - 1] : NULL);
}
