#include "inspect/summary/summary.h"

#include <stdlib.h>

#include "inspect/record/json.h"
#include "inspect/record/text.h"
#include "inspect/record/vantage.h"
#include "inspect/summary/summary_notes.h"
#include "inspect/summary/summary_rows.h"

enum { TALKERS = 20 };

void summary_ledger_json(struct json *j, const struct ledger *ledger)
{
	json_u64(j, "received", ledger->received);
	json_u64(j, "in_flight", ledger->in_flight);
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

static void put_addr(struct json *j, const char *key, const struct ip_addr *addr)
{
	char room[IP_ADDR_TEXT] = "";
	struct text t = text_make(room, sizeof(room) - 1);

	text_addr(&t, addr, ip_addr_is_v4(addr) ? 4 : 6);
	json_string(j, key, room);
}

static void put_time(struct json *j, const char *key, uint64_t ns)
{
	char room[32] = "";
	struct text t = text_make(room, sizeof(room) - 1);

	text_time(&t, ns);
	json_string(j, key, ns == 0 ? NULL : room); /* 0: no packet yet */
}

static void put_session(struct json *j, const struct summary *s, const struct session *session)
{
	const struct vantage vantage = vantage_of_session(session);
	char tenant[TENANT_TEXT];

	json_open(j, NULL, '{');
	json_u64(j, "vni", session->vni);
	if (session->network != NETWORK_NONE)
		json_u64(j, "network", network_id(session->network));
	else
		json_string(j, "network", NULL);
	put_addr(j, "outer_src", &session->outer_src);
	json_string(j, "session", vantage.session);
	json_string(j, "interface_id", vantage.interface_id);
	json_string(j, "tenant", summary_tenant(s, session->tenant, tenant));
	json_bool(j, "configured", session->configured);
	json_u64(j, "packets", session->packets);
	json_u64(j, "bytes", session->bytes);
	json_u64(j, "truncated", session->truncated);
	json_u64(j, "vxlan_reserved", session->vxlan_reserved);
	json_u64(j, "accepted_cut", session->accepted_cut);
	json_u64(j, "acked_unseen", session->acked_unseen);
	put_time(j, "first", session->first_ns);
	put_time(j, "last", session->last_ns);
	json_close(j, '}');
}

/* What stands in no row of the list. */
static void put_sessions_other(struct json *j, const struct summary *s)
{
	struct session other = {.packets = 0};

	if (s->sessions != NULL)
		other = *session_table_other(s->sessions);
	json_open(j, "sessions_other", '{');
	json_u64(j, "packets", other.packets);
	json_u64(j, "bytes", other.bytes);
	json_u64(j, "truncated", other.truncated);
	json_u64(j, "vxlan_reserved", other.vxlan_reserved);
	json_u64(j, "accepted_cut", other.accepted_cut);
	json_u64(j, "acked_unseen", other.acked_unseen);
	put_time(j, "first", other.first_ns);
	put_time(j, "last", other.last_ns);
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
		json_u64(j, "packets", rule->packets);
		json_u64(j, "bytes", rule->bytes);
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
		put_addr(j, "address", &top[i].addr);
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
	for (unsigned risk = 0; risk < DPI_RISK_COUNT; risk++) {
		if (totals_risk(s->totals, risk) == 0)
			continue;
		json_open(j, NULL, '{');
		json_u64(j, "id", risk);
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
	json_u64(j, "offered", ledger->offered);
	json_u64(j, "written", ledger->written);
	json_u64(j, "by_policy", ledger->by_policy);
	json_u64(j, "lost_queue", ledger->lost_queue);
	json_u64(j, "lost_disk", ledger->lost_disk);
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

/* What is bounded, and what went over the bound: the same for any number of workers as long as
 * nothing did. */
static void put_memory(struct json *j, const struct summary *s)
{
	json_open(j, "memory", '{');
	json_u64(j, "flow_bytes", sizeof(struct flow));
	json_u64(j, "flows_evicted", s->flows.evicted);
	json_u64(j, "flows_refused", s->flows.refused);
	json_u64(j, "dpi_refused_flows", s->dpi_stats.refused_flows);
	json_u64(j, "talkers", totals_talkers_count(s->totals));
	json_u64(j, "talkers_overflow", totals_talkers_overflow(s->totals));
	json_u64(j, "talkers_error_bytes", totals_talkers_error(s->totals));
	json_u64(j, "sessions", s->sessions == NULL ? 0 : session_table_count(s->sessions));
	json_u64(j, "sessions_overflow",
		s->sessions == NULL ? 0 : session_table_overflow(s->sessions));
	json_u64(j, "sessions_evicted",
		s->sessions == NULL ? 0 : session_table_evicted(s->sessions));
	json_u64(j, "fragments_overflow", s->overflow.fragments);
	json_u64(j, "outer_fragments_overflow", s->overflow.outer_fragments);
	json_close(j, '}');
}

static void put_inspection(struct json *j, const struct summary *s)
{
	json_u64(j, "flows", totals_flows(s->totals));
	json_open(j, "flow_table", '{');
	json_u64(j, "made", s->flows.made);
	json_u64(j, "ended", s->flows.ended);
	json_u64(j, "evicted", s->flows.evicted);
	json_u64(j, "refused", s->flows.refused);
	json_u64(j, "refused_unknown", s->flows.refused_unknown);
	json_close(j, '}');
	json_open(j, "dpi", '{');
	json_bool(j, "enabled", s->dpi != NULL);
	json_string(j, "version", dpi_version());
	json_u64(j, "packets", s->dpi_stats.packets);
	json_u64(j, "refused_flows", s->dpi_stats.refused_flows);
	json_u64(j, "refused_unknown_flows", s->dpi_stats.refused_unknown);
	json_u64(j, "fragments_given_up", s->dpi_stats.given_up);
	json_u64(j, "shed_flows", s->dpi_stats.shed_flows);
	json_close(j, '}');
	json_open(j, "flow_logs", '{');
	json_u64(j, "late", s->aggregates.late);
	json_u64(j, "early", s->aggregates.early);
	json_close(j, '}');
}

static void put_run(struct json *j, const struct summary *s)
{
	double rate = s->duration_s > 0 ? (double)s->ledger->received / s->duration_s : 0;

	json_open(j, "run", '{');
	json_double(j, "duration_s", s->duration_s);
	json_double(j, "packets_per_second", rate);
	json_u64(j, "memory_peak_bytes", s->memory_peak_bytes);
	json_u64(j, "dpi_memory_bytes", s->dpi_stats.memory);
	json_u64(j, "dpi_memory_peak_bytes", s->dpi_stats.memory_peak);
	json_u64(j, "flows_peak", s->flows.peak);
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
	json_u64(j, "offered", ledger->offered);
	json_u64(j, "offered_bytes", ledger->offered_bytes);
	json_u64(j, "delivered", ledger->delivered);
	json_u64(j, "delivered_bytes", ledger->delivered_bytes);
	json_u64(j, "rate_limited", ledger->rate_limited);
	json_u64(j, "lost_ring", ledger->lost_ring);
	json_u64(j, "lost_tap", ledger->lost_tap);
	json_u64(j, "from_kernel", ledger->from_kernel);
	json_u64(j, "from_kernel_bytes", ledger->from_kernel_bytes);
	json_u64(j, "sent", ledger->sent);
	json_u64(j, "sent_bytes", ledger->sent_bytes);
	json_u64(j, "lost_tx", ledger->lost_tx);
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
		json_u64(j, "packets", s->ports[i].packets);
		json_u64(j, "bytes", s->ports[i].bytes);
		json_u64(j, "missed", s->ports[i].missed);
		json_u64(j, "nombuf", s->ports[i].nombuf);
		json_u64(j, "errors", s->ports[i].errors);
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
	json_u64(&j, "captures", s->n_captures);
	json_u64(&j, "bpf_excluded", s->bpf_excluded);
	json_u64(&j, "link_excluded", s->link_excluded);
	json_u64(&j, "time_backwards", s->time_backwards);
	json_u64(&j, "time_strays", s->time_strays);
	put_notes(&j, s);
	put_ports(&j, s);
	summary_ledger_json(&j, s->ledger);
	put_ether_types(&j, s);
	json_u64(&j, "direction_unknown", s->direction_unknown);
	json_u64(&j, "acked_unseen", s->flows.acked_unseen);
	put_inspection(&j, s);
	put_apps(&j, s);
	put_sessions(&j, s);
	summary_rules_json(&j, s->rules, s->n_rules);
	put_talkers(&j, s);
	put_risks(&j, s);
	put_workers(&j, s);
	put_outputs(&j, s);
	put_memory(&j, s);
	put_run(&j, s);
	json_close(&j, '}');
	fputc('\n', out);
	return fflush(out) == 0 && !ferror(out);
}
