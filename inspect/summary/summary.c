#include "inspect/summary/summary.h"
#include "inspect/summary/alert_rows.h"

#include <stdlib.h>

#include "inspect/flow/capture_loss.h"
#include "inspect/flow/history.h"
#include "inspect/record/json.h"
#include "inspect/record/observation_point.h"
#include "inspect/summary/summary_feeds.h"
#include "inspect/summary/summary_notes.h"
#include "inspect/summary/summary_rows.h"
#include "inspect/summary/summary_top.h"

enum { TALKERS = 20 };

void summary_ledger_json(struct json *j, const struct ledger *ledger)
{
	json_counters(j, COUNTERS_ledger_stats, &ledger->ledger_stats, IN_TOP);
	json_bool(j, "ledger_closed", ledger_closes(ledger));
	json_open(j, "ledger", '{');
	for (unsigned b = 0; b < BUCKET_COUNT; b++)
		json_u64(j, bucket_name((enum bucket)b), ledger_bucket(ledger, (enum bucket)b));
	json_close(j, '}');
	json_open(j, "reasons", '{');
	for (unsigned r = 0; r < REASON_COUNT; r++)
		json_u64(j, reason_name((enum reason)r), ledger->reasons[r]);
	json_close(j, '}');
}

void summary_counters_json(struct json *j, const struct counters *counters)
{
	for (unsigned set = 0; set < COUNTER_SETS_N; set++) {
		const void *part = counters_part(counters, (enum counter_set)set);

		if (part)
			json_counters(j, (enum counter_set)set, part, IN_TOP);
	}
}

static void put_ether_types(struct json *j, const struct summary *s)
{
	struct ether_type_row top[ETHER_TYPES_TOP];
	uint64_t others = 0;
	uint32_t n = s->not_ip ? ether_types_top(s->not_ip, top, &others) : 0;

	json_open(j, "inner_not_ip", '{');
	json_open(j, "ether_types", '[');
	for (uint32_t i = 0; i < n; i++) {
		json_open(j, NULL, '{');
		json_u64(j, "ether_type", top[i].type);
		json_string(j, "name", ether_type_name(top[i].type));
		json_u64(j, "packets", top[i].packets);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_u64(j, "others", others);
	json_close(j, '}');
}

static void put_total(struct json *j, const struct total *total)
{
	json_u64(j, "flows", total->flows);
	json_u64(j, "packets", total->packets);
	json_u64(j, "bytes", total->bytes);
}

static void put_apps(struct json *j, const struct summary *s)
{
	uint32_t n;
	struct app_row *rows = summary_apps(s, &n);

	json_open(j, "applications", '{');
	for (uint32_t i = 0; i < n; i++) {
		json_open(j, rows[i].name, '{');
		put_total(j, &rows[i].total);
		json_close(j, '}');
	}
	json_close(j, '}');
	free(rows);
}

static void put_session(struct json *j, const struct summary *s, const struct session *session)
{
	const struct observation_point observation_point =
		observation_point_of_session(session);
	char tenant[TENANT_TEXT];

	json_open(j, NULL, '{');
	json_u64(j, "vni", session->vni);
	if (session->network != NETWORK_NONE)
		json_u64(j, "network", network_id(session->network));
	else
		json_string(j, "network", NULL);
	json_addr(j, "outer_src", &session->outer_src);
	json_string(j, "session", observation_point.session);
	json_string(j, "interface_id", observation_point.interface_id);
	json_string(j, "tenant", summary_tenant(s, session->tenant, tenant));
	json_bool(j, "configured", session->configured);
	json_counters(j, COUNTERS_session_stats, &session->session_stats, IN_SUMMARY);
	json_time(j, "first", session->first_ns);
	json_time(j, "last", session->last_ns);
	json_close(j, '}');
}

/* What stands in no row of the list. */
static void put_sessions_other(struct json *j, const struct summary *s)
{
	struct session other = {.packets = 0};

	if (s->sessions != NULL)
		other = *session_table_other(s->sessions);
	json_open(j, "sessions_other", '{');
	json_counters(j, COUNTERS_session_stats, &other.session_stats, IN_SUMMARY);
	json_time(j, "first", other.first_ns);
	json_time(j, "last", other.last_ns);
	json_close(j, '}');
}

static void put_sessions(struct json *j, const struct summary *s)
{
	uint32_t n;
	struct session_row *rows = summary_sessions(s, &n);

	json_open(j, "sessions", '[');
	for (uint32_t i = 0; i < n; i++)
		put_session(j, s, rows[i].session);
	json_close(j, ']');
	free(rows);
	put_sessions_other(j, s);
}

void summary_rules_json(struct json *j, const struct summary_rule *rules, uint32_t n)
{
	json_open(j, "rules", '[');
	for (uint32_t i = 0; i < n; i++) {
		const struct summary_rule *rule = &rules[i];
		bool named = rule->id != NULL && rule->id[0] != '\0';

		json_open(j, NULL, '{');
		json_string(j, "filter_id", rule->filter);
		json_string(j, "rule_id", named ? rule->id : NULL);
		json_string(j, "direction", summary_direction(rule->direction));
		json_u64(j, "rule_number", rule->number);
		json_string(j, "rule_action", rule->accept ? "accept" : "reject");
		json_counters(j, COUNTERS_rule_hits, &rule->rule_hits, IN_SUMMARY);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_talkers(struct json *j, const struct summary *s)
{
	struct talker top[TALKERS];
	uint32_t n = totals_talkers(s->totals, top, TALKERS);
	char tenant[TENANT_TEXT];

	json_open(j, "talkers", '[');
	for (uint32_t i = 0; i < n && i < TALKERS; i++) {
		json_open(j, NULL, '{');
		json_addr(j, "address", &top[i].addr);
		json_string(j, "tenant", summary_tenant(s, top[i].tenant, tenant));
		json_open(j, "sent", '{');
		put_total(j, &top[i].sent);
		json_close(j, '}');
		json_open(j, "received", '{');
		put_total(j, &top[i].received);
		json_close(j, '}');
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_risks(struct json *j, const struct summary *s)
{
	json_open(j, "risks", '[');
	for (unsigned risk = 0; risk < RISKS; risk++) {
		if (totals_risk(s->totals, risk) == 0)
			continue;
		json_open(j, NULL, '{');
		json_u64(j, "id", risk_id(risk));
		json_string(j, "name", dpi_risk_name(risk));
		json_u64(j, "score", dpi_risk_score(risk));
		json_u64(j, "flows", totals_risk(s->totals, risk));
		json_close(j, '}');
	}
	json_close(j, ']');
}

void summary_output_json(
	struct json *j, const char *name, bool enabled, const struct output_ledger *ledger)
{
	json_open(j, name, '{');
	json_bool(j, "enabled", enabled);
	json_counters(j, COUNTERS_output_ledger, ledger, IN_SUMMARY);
	if (ledger->cut > 0)
		json_u64(j, "cut", ledger->cut);
	json_close(j, '}');
}

static void put_outputs(struct json *j, const struct summary *s)
{
	json_open(j, "outputs", '{');
	for (uint32_t i = 0; i < s->n_outputs; i++)
		summary_output_json(
			j, s->outputs[i].name, s->outputs[i].enabled, &s->outputs[i].ledger);
	json_close(j, '}');
}

static void put_rows(struct json *j, const char *key, const struct heaviest *table)
{
	json_u64(j, key, table ? heaviest_count(table) : 0);
}

/* What is bounded, and what went over the bound: the same for any number of workers as long as
 * nothing did. */
static void put_memory(struct json *j, const struct summary *s)
{
	const struct counters *c = &s->counters;

	json_open(j, "memory", '{');
	json_u64(j, "flow_bytes", sizeof(struct flow));
	json_u64(j, "flow_history_bytes", sizeof(struct history));
	json_u64(j, "flow_disorder_bytes", CAPTURE_LOSS_BLOCK);
	json_counters(j, COUNTERS_flow_table_stats, &c->flow_table_stats, IN_MEMORY);
	json_counters(j, COUNTERS_dpi_stats, &c->dpi_stats, IN_MEMORY);
	json_u64(j, "talkers", totals_talkers_count(s->totals));
	json_counters(j, COUNTERS_talkers_stats, &c->talkers_stats, IN_MEMORY);
	put_rows(j, "conversations", totals_conversations(s->totals));
	put_rows(j, "names", totals_names(s->totals));
	put_rows(j, "failures", totals_failures(s->totals));
	json_counters(j, COUNTERS_tables_stats, &c->tables_stats, IN_MEMORY);
	json_counters(j, COUNTERS_alerts_stats, &c->alerts_stats, IN_MEMORY);
	json_counters(j, COUNTERS_suricata_stats, &c->suricata_stats, IN_MEMORY);
	json_u64(j, "sessions", s->sessions == NULL ? 0 : session_table_count(s->sessions));
	json_counters(j, COUNTERS_session_table_stats, &c->session_table_stats, IN_MEMORY);
	json_counters(j, COUNTERS_fragments_stats, &c->fragments_stats, IN_MEMORY);
	json_close(j, '}');
}

static void put_inspection(struct json *j, const struct summary *s)
{
	const struct counters *c = &s->counters;

	json_u64(j, "flows", totals_flows(s->totals));
	json_open(j, "encryption", '{');
	json_counters(j, COUNTERS_encryption_stats, &c->encryption_stats, IN_SUMMARY);
	json_close(j, '}');
	json_open(j, "alerts", '{');
	json_counters(j, COUNTERS_alerts_stats, &c->alerts_stats, IN_SUMMARY);
	alert_rows_json(
		j, "top", s->alerts ? s->alerts->row : NULL, s->alerts ? s->alerts->n : 0);
	json_close(j, '}');
	json_open(j, "suricata", '{');
	json_counters(j, COUNTERS_suricata_stats, &c->suricata_stats, IN_SUMMARY);
	json_close(j, '}');
	json_open(j, "flow_table", '{');
	json_counters(j, COUNTERS_flow_table_stats, &c->flow_table_stats, IN_SUMMARY);
	json_close(j, '}');
	json_open(j, "dpi", '{');
	json_bool(j, "enabled", s->dpi != NULL);
	json_string(j, "version", dpi_version());
	json_counters(j, COUNTERS_dpi_stats, &c->dpi_stats, IN_SUMMARY);
	json_close(j, '}');
	json_open(j, "flow_logs", '{');
	json_counters(j, COUNTERS_aggregates_stats, &c->aggregates_stats, IN_SUMMARY);
	json_close(j, '}');
}

static void put_run(struct json *j, const struct summary *s)
{
	double rate = s->duration_s > 0 ? (double)s->ledger->received / s->duration_s : 0;

	json_open(j, "run", '{');
	json_double(j, "duration_s", s->duration_s);
	json_double(j, "packets_per_second", rate);
	json_u64(j, "memory_peak_bytes", s->memory_peak_bytes);
	json_counters(j, COUNTERS_dpi_stats, &s->counters.dpi_stats, IN_RUN);
	json_counters(j, COUNTERS_flow_table_stats, &s->counters.flow_table_stats, IN_RUN);
	json_close(j, '}');
}

void summary_exception_json(
	struct json *j, const char *interface, const struct exception_ledger *ledger)
{
	json_string(j, "interface", interface);
	if (!interface) {
		json_string(j, "exception", NULL);
		return;
	}
	json_open(j, "exception", '{');
	json_counters(j, COUNTERS_exception_ledger, ledger, IN_SUMMARY);
	json_close(j, '}');
}

/* Live only: replay has no ports. */
static void put_ports(struct json *j, const struct summary *s)
{
	if (s->n_ports == 0)
		return;
	json_open(j, "ports", '[');
	for (uint32_t i = 0; i < s->n_ports; i++) {
		json_open(j, NULL, '{');
		json_string(j, "name", s->ports[i].name);
		json_counters(
			j, COUNTERS_port_counters, &s->ports[i].port_counters, IN_SUMMARY);
		summary_exception_json(j, s->ports[i].interface, &s->ports[i].exception);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_note(void *ctx, const char *note)
{
	json_string(ctx, NULL, note);
}

static void put_notes(struct json *j, const struct summary *s)
{
	json_open(j, "notes", '[');
	summary_notes(s, put_note, j);
	json_close(j, ']');
}

static void put_workers(struct json *j, const struct summary *s)
{
	json_open(j, "workers", '[');
	for (uint32_t i = 0; i < s->n_workers; i++)
		json_u64(j, NULL, s->worker_packets[i]);
	json_close(j, ']');
}

bool summary_json(const struct summary *s, FILE *out)
{
	struct json j = {.out = out};

	json_open(&j, NULL, '{');
	json_string(&j, "version", s->version);
	json_string(&j, "input", s->input);
	json_bool(&j, "deterministic", summary_deterministic(s));
	json_counters(&j, COUNTERS_input_stats, &s->input_stats, IN_SUMMARY);
	put_notes(&j, s);
	put_ports(&j, s);
	summary_ledger_json(&j, s->ledger);
	put_ether_types(&j, s);
	summary_counters_json(&j, &s->counters);
	put_inspection(&j, s);
	put_apps(&j, s);
	put_sessions(&j, s);
	summary_rules_json(&j, s->rules, s->n_rules);
	put_talkers(&j, s);
	put_risks(&j, s);
	summary_top_json(&j, s);
	put_workers(&j, s);
	put_outputs(&j, s);
	summary_feeds_json(&j, s);
	put_memory(&j, s);
	put_run(&j, s);
	json_close(&j, '}');
	fputc('\n', out);
	return fflush(out) == 0 && !ferror(out);
}
