#include <stdlib.h>
#include <string.h>

#include "config/parse/plural.h"
#include "inspect/record/observation_point.h"
#include "inspect/summary/alert_rows.h"
#include "inspect/summary/columns.h"
#include "inspect/summary/summary.h"
#include "inspect/summary/summary_feeds.h"
#include "inspect/summary/summary_notes.h"
#include "inspect/summary/summary_rows.h"
#include "inspect/summary/summary_top.h"

enum { TOP = 10 };

static void put_headline(const struct summary *s, FILE *out)
{
	char packets[COUNT_TEXT], flows[COUNT_TEXT], rate[COUNT_TEXT], out_of[COUNT_TEXT];
	double per_second = s->duration_s > 0 ? (double)s->ledger->received / s->duration_s : 0;

	fprintf(out, "periscope %s: %s%s%s packet%s, %s flow%s", s->version,
		s->input ? s->input : "", s->input ? " input, " : "",
		count_print(s->ledger->received, packets), plural(s->ledger->received),
		count_print(totals_flows(s->totals), flows), plural(totals_flows(s->totals)));
	if (s->duration_s > 0)
		fprintf(out, " in %.2f s (%s packets/s)", s->duration_s,
			count_print((uint64_t)per_second, rate));
	fputc('\n', out);
	if (s->bpf_excluded > 0)
		fprintf(out, "left out by the BPF expression, before received: %s packet%s\n",
			count_print(s->bpf_excluded, out_of), plural(s->bpf_excluded));
}

static void put_reasons(struct columns *c, const struct ledger *ledger, enum bucket bucket)
{
	for (unsigned r = 0; r < REASON_COUNT; r++) {
		enum reason reason = (enum reason)r;

		if (reason_bucket(reason) != bucket || ledger->reasons[r] == 0)
			continue;
		columns_cell(c, "    %s", reason_name(reason));
		columns_count(c, ledger->reasons[r]);
		columns_cell(c, "%s", "");
		columns_cell(c, "  %s", reason_sentence(reason));
	}
}

/* A bucket of one reason has said all with its own line. */
static bool has_reasons(enum bucket bucket)
{
	unsigned n = 0;

	for (unsigned r = 0; r < REASON_COUNT; r++)
		n += reason_bucket((enum reason)r) == bucket;
	return n > 1;
}

static void put_bucket(struct columns *c, const struct ledger *ledger, enum bucket bucket)
{
	uint64_t n = ledger_bucket(ledger, bucket);

	if (n == 0 && bucket != BUCKET_inspected)
		return;
	columns_cell(c, "  %s", bucket_name(bucket));
	columns_count(c, n);
	columns_share(c, n, ledger->received);
	columns_cell(c, "%s", bucket_meaning(bucket));
	if (has_reasons(bucket))
		put_reasons(c, ledger, bucket);
}

void summary_ledger_table(const struct ledger *ledger, FILE *out)
{
	struct columns c;

	fputs("\nPackets\n", out);
	columns_init(&c, "lrrl");
	columns_cell(&c, "received");
	columns_count(&c, ledger->received);
	columns_cell(&c, "%s", "");
	columns_cell(&c, "%s", "");
	put_bucket(&c, ledger, BUCKET_inspected);
	for (unsigned b = 0; b < BUCKET_COUNT; b++)
		if (b != BUCKET_inspected)
			put_bucket(&c, ledger, (enum bucket)b);
	columns_print(&c, out);
}

static void put_head(struct columns *c, const char *const *heads)
{
	for (unsigned i = 0; i < c->n_columns; i++)
		columns_cell(c, "%s", heads[i]);
}

static void put_title(FILE *out, const char *title, uint32_t n)
{
	char text[COUNT_TEXT];

	if (n > TOP)
		fprintf(out, "\n%s (first %d of %s)\n", title, TOP, count_print(n, text));
	else
		fprintf(out, "\n%s\n", title);
}

/* Which session of the settings it is. */
static const char *session_note(const struct session *session)
{
	const struct observation_point observation_point =
		observation_point_of_session(session);

	if (observation_point.session != NULL)
		return observation_point.session;
	return session->configured ? "" : "not in the settings";
}

static void put_sessions(const struct summary *s, FILE *out)
{
	char tenant[TENANT_TEXT];
	struct columns c;
	uint32_t n;
	struct session_row *rows = summary_sessions(s, &n);

	if (n > 0)
		put_title(out, "Mirror sessions", n);
	columns_init(&c, "");
	columns_head(&c, 'l', "outer source");
	columns_head(&c, 'r', "vni");
	columns_head(&c, 'l', "tenant");
	columns_counter_heads(&c, COUNTERS_session_stats);
	columns_head(&c, 'l', "");
	for (uint32_t i = 0; i < n && i < TOP; i++) {
		const struct session *row = rows[i].session;

		columns_addr(&c, &row->outer_src);
		columns_session(&c, &row->key);
		columns_cell(&c, "%s", summary_tenant(s, row->tenant, tenant));
		columns_counters(&c, COUNTERS_session_stats, &row->session_stats);
		columns_cell(&c, "%s", session_note(row));
	}
	columns_print(&c, out);
	free(rows);
}

void summary_rule_heads(struct columns *c)
{
	columns_init(c, "");
	columns_head(c, 'l', "filter");
	columns_head(c, 'l', "direction");
	columns_head(c, 'r', "rule");
	columns_head(c, 'l', "action");
	columns_counter_heads(c, COUNTERS_rule_hits);
}

void summary_rule_cells(struct columns *c, const struct summary_rule *rule)
{
	columns_cell(c, "%s", rule->filter);
	columns_cell(c, "%s", summary_direction(rule->direction));
	columns_cell(c, "%u", rule->number);
	columns_cell(c, "%s", rule->accept ? "accept" : "reject");
	columns_counters(c, COUNTERS_rule_hits, &rule->rule_hits);
}

static void put_rules(const struct summary *s, FILE *out)
{
	struct columns c;

	if (s->n_rules > 0)
		put_title(out, "Filter rules", s->n_rules);
	summary_rule_heads(&c);
	for (uint32_t i = 0; i < s->n_rules && i < TOP; i++)
		summary_rule_cells(&c, &s->rules[i]);
	columns_print(&c, out);
}

static void put_apps(const struct summary *s, FILE *out)
{
	static const char *const heads[] = {
		"application", "flows", "packets", "bytes", "of all bytes"};
	struct columns c;
	uint64_t bytes = 0;
	uint32_t n;
	struct app_row *rows = summary_apps(s, &n);

	if (n > 0)
		put_title(out, "Applications", n);
	columns_init(&c, "lrrrr");
	if (n > 0)
		put_head(&c, heads);
	for (uint32_t i = 0; i < n; i++)
		bytes += rows[i].total.bytes;
	for (uint32_t i = 0; i < n && i < TOP; i++) {
		columns_cell(&c, "%s", rows[i].name);
		columns_count(&c, rows[i].total.flows);
		columns_count(&c, rows[i].total.packets);
		columns_bytes(&c, rows[i].total.bytes);
		columns_share(&c, rows[i].total.bytes, bytes);
	}
	columns_print(&c, out);
	free(rows);
}

static void put_talkers(const struct summary *s, FILE *out)
{
	static const char *const heads[] = {
		"address", "tenant", "flows begun", "flows served", "sent", "received"};
	char tenant[TENANT_TEXT];
	struct talker top[TOP];
	uint32_t n = totals_talkers(s->totals, top, TOP);
	struct columns c;

	if (n == 0)
		return;
	put_title(out, "Talkers", n);
	columns_init(&c, "llrrrr");
	put_head(&c, heads);
	for (uint32_t i = 0; i < n && i < TOP; i++) {
		columns_addr(&c, &top[i].addr);
		columns_cell(&c, "%s", summary_tenant(s, top[i].tenant, tenant));
		columns_count(&c, top[i].sent.flows);
		columns_count(&c, top[i].received.flows);
		columns_bytes(&c, top[i].sent.bytes);
		columns_bytes(&c, top[i].received.bytes);
	}
	columns_print(&c, out);
}

static void put_risk(struct columns *c, const struct summary *s, unsigned risk)
{
	const char *name = dpi_risk_name(risk);

	columns_cell(c, "%s", name == NULL ? "?" : name);
	columns_cell(c, "%u", risk_id(risk));
	columns_cell(c, "%u", dpi_risk_score(risk));
	columns_count(c, totals_risk(s->totals, risk));
}

static void put_risks(const struct summary *s, FILE *out)
{
	static const char *const heads[] = {"risk", "id", "score", "flows"};
	struct columns c;

	columns_init(&c, "lrrr");
	for (unsigned risk = 0; risk < RISKS; risk++) {
		if (totals_risk(s->totals, risk) == 0)
			continue;
		if (c.n_rows == 0) {
			fputs("\nRisks\n", out);
			put_head(&c, heads);
		}
		put_risk(&c, s, risk);
	}
	columns_print(&c, out);
}

static void put_alerts(const struct summary *s, FILE *out)
{
	uint64_t begun = s->counters.alerts_stats.begun;
	uint32_t n = s->alerts == NULL ? 0 : s->alerts->n;
	char text[COUNT_TEXT];

	if (n == 0)
		return;
	fputs("\nAlerts", out);
	if (begun > TOP)
		fprintf(out, ", the gravest of %s", count_print(begun, text));
	fputc('\n', out);
	alert_rows_print(s->alerts->row, n < TOP ? n : TOP, out);
}

static void put_note(void *ctx, const char *note)
{
	fprintf(ctx, "note: %s\n", note);
}

/* Live, the hour decides what is shed and refused, with any number of workers. */
static void put_limits(const struct summary *s, FILE *out)
{
	uint64_t shed = s->counters.dpi_stats.shed_flows;
	char text[COUNT_TEXT];

	if (summary_deterministic(s))
		return;
	if (s->replay)
		fputs("a capacity limit was hit: another number of workers may give other "
		      "results (memory{}, flow_table{}, dpi{} and flow_logs{} of summary.json "
		      "count it)\n",
			out);
	else if (shed > 0)
		fprintf(out, "overload: %s flow%s %s not inspected (dpi.shed_flows)\n",
			count_print(shed, text), plural(shed), plural_were(shed));
	else
		fputs("a capacity limit was hit (memory{}, flow_table{}, dpi{} and flow_logs{} "
		      "of "
		      "summary.json)\n",
			out);
}

static void put_left_out(const char *name, const struct output_ledger *ledger, FILE *out)
{
	char text[COUNT_TEXT], written[COUNT_TEXT];

	count_print(ledger->by_policy, text);
	count_print(ledger->written, written);
	if (strcmp(name, "events") == 0)
		fprintf(out,
			"left out: %s event%s beyond the first %s (events.max_total_size)\n",
			text, plural(ledger->by_policy), written);
	else if (strcmp(name, "transactions") == 0)
		fprintf(out,
			"left out: %s transaction%s, %s written "
			"(events.transactions_per_flow, events.max_total_size)\n",
			text, plural(ledger->by_policy), written);
}

static void put_losses(const struct summary *s, FILE *out)
{
	char text[COUNT_TEXT];

	for (uint32_t i = 0; i < s->n_outputs; i++) {
		const struct output_ledger *ledger = &s->outputs[i].ledger;
		uint64_t lost = ledger->lost_queue + ledger->lost_disk;

		if (s->replay && ledger->by_policy > 0)
			put_left_out(s->outputs[i].name, ledger, out);
		if (lost > 0)
			fprintf(out, "LOST: %s record%s of %s could not be written\n",
				count_print(lost, text), plural(lost), s->outputs[i].name);
	}
	put_limits(s, out);
}

static void put_closing(const struct ledger *ledger, FILE *out)
{
	char received[COUNT_TEXT], accounted[COUNT_TEXT];
	uint64_t sum = ledger->in_flight;

	for (unsigned b = 0; b < BUCKET_COUNT; b++)
		sum += ledger_bucket(ledger, (enum bucket)b);
	count_print(ledger->received, received);
	count_print(sum, accounted);
	if (ledger_closes(ledger))
		fprintf(out, "ledger closed: %s received = %s accounted for\n", received,
			accounted);
	else
		fprintf(out,
			"LEDGER DOES NOT CLOSE: %s received, %s accounted for. Do not trust "
			"these "
			"counts; please report it.\n",
			received, accounted);
}

void summary_tables(const struct summary *s, FILE *out)
{
	put_headline(s, out);
	summary_ledger_table(s->ledger, out);
	put_sessions(s, out);
	put_rules(s, out);
	put_apps(s, out);
	put_talkers(s, out);
	summary_top_tables(s, out);
	put_risks(s, out);
	put_alerts(s, out);
	summary_feeds_table(s, out);
	fputc('\n', out);
	summary_notes(s, put_note, out);
	put_losses(s, out);
	put_closing(s->ledger, out);
}
