#include "cli/status/answer.h"

#include <inttypes.h>

#include "config/parse/plural.h"
#include "decap/addr.h"
#include "inspect/flow/addr_text.h"
#include "inspect/summary/alert_rows.h"
#include "inspect/summary/columns.h"
#include "inspect/summary/summary_rows.h"

enum { XSTATS_SHOWN = 64 };

/* The columns that come first. */
struct column {
	char align;
	const char *head;
};

/* Begins a table of `first`, which ends with a head that is NULL, when there are rows for it; false: there
 * are none. */
static bool begin(
	struct columns *c, const char *title, const struct column *first, uint32_t n, FILE *out)
{
	if (n == 0)
		return false;
	if (title != NULL)
		fprintf(out, "\n%s\n", title);
	columns_init(c, "");
	for (; first->head; first++)
		columns_head(c, first->align, first->head);
	return true;
}

static void put_head(const struct status *s, const struct health_result *v, FILE *out)
{
	char text[DURATION_TEXT];

	fprintf(out, "periscope %s: up %s, configuration %" PRIu64 ", %s\n", s->version,
		duration_print(s->uptime_ns, text), s->generation,
		v->n_wrong == 0 ? "healthy" : "NOT HEALTHY:");
	for (uint32_t i = 0; i < v->n_wrong && i < HEALTH_WRONG; i++)
		fprintf(out, "  %s\n", v->wrong[i]);
}

static void put_workers(const struct status *s, FILE *out)
{
	static const struct column first[] = {{'r', "worker"}, {0, NULL}};
	char text[DURATION_TEXT];
	struct columns c;

	if (!begin(&c, "Workers", first, s->n_workers, out))
		return;
	columns_counter_heads(&c, COUNTERS_worker_stats);
	columns_head(&c, 'r', "last poll");
	for (uint32_t i = 0; i < s->n_workers; i++) {
		columns_cell(&c, "%" PRIu32, i);
		columns_counters(&c, COUNTERS_worker_stats, &s->workers[i]);
		columns_cell(&c, "%s ago", duration_print(s->workers[i].since_poll_ns, text));
	}
	columns_print(&c, out);
}

static void put_rings(const struct status *s, FILE *out)
{
	static const struct column first[] = {{'r', "from"}, {'r', "to"}, {0, NULL}};
	struct columns c;

	if (!begin(&c, "Hand-off between workers", first, s->n_rings, out))
		return;
	columns_counter_heads(&c, COUNTERS_ring_stats);
	columns_head(&c, 'r', "waiting");
	columns_head(&c, 'r', "room");
	for (uint32_t i = 0; i < s->n_rings; i++) {
		const struct status_ring *r = &s->rings[i];

		columns_cell(&c, "%" PRIu32, r->from);
		columns_cell(&c, "%" PRIu32, r->to);
		columns_counters(&c, COUNTERS_ring_stats, &r->ring_stats);
		columns_count(&c, r->fill);
		columns_count(&c, r->size);
	}
	columns_print(&c, out);
}

static void put_xstats(const struct status_port *p, FILE *out)
{
	struct columns c;
	uint32_t shown = 0;

	columns_init(&c, "lr");
	for (uint32_t i = 0; i < p->n_xstats && shown < XSTATS_SHOWN; i++) {
		if (p->xstats[i].value == 0)
			continue;
		columns_cell(&c, "  %s", p->xstats[i].name);
		columns_count(&c, p->xstats[i].value);
		shown++;
	}
	if (shown > 0)
		fprintf(out, "  %s, as its driver counts\n", p->name);
	columns_print(&c, out);
}

/* Of ports with more than one. */
static void put_queues(const struct status *s, FILE *out)
{
	static const struct column first[] = {{'l', "port"}, {'r', "queue"}, {0, NULL}};
	struct columns c;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_ports; i++)
		n += s->ports[i].n_queues > 1;
	if (!begin(&c, "Receive queues", first, n, out))
		return;
	columns_counter_heads(&c, COUNTERS_port_queue_counters);
	for (uint32_t i = 0; i < s->n_ports; i++)
		for (uint32_t q = 0; s->ports[i].n_queues > 1 && q < s->ports[i].n_queues;
			q++) {
			columns_cell(&c, "%s", s->ports[i].name);
			columns_cell(&c, "%" PRIu32, q);
			columns_counters(
				&c, COUNTERS_port_queue_counters, &s->ports[i].queues[q]);
		}
	columns_print(&c, out);
}

static void put_exceptions(const struct status *s, FILE *out)
{
	static const struct column first[] = {{'l', "port"}, {'l', "interface"}, {0, NULL}};
	struct columns c;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_ports; i++)
		n += s->ports[i].interface != NULL;
	if (!begin(&c, "Exception path", first, n, out))
		return;
	columns_counter_heads(&c, COUNTERS_exception_ledger);
	for (uint32_t i = 0; i < s->n_ports; i++) {
		const struct status_port *p = &s->ports[i];

		if (!p->interface)
			continue;
		columns_cell(&c, "%s", p->name);
		columns_cell(&c, "%s", p->interface);
		columns_counters(&c, COUNTERS_exception_ledger, &p->exception);
	}
	columns_print(&c, out);
}

static void put_ports(const struct status *s, FILE *out)
{
	static const struct column first[] = {{'l', "port"}, {'l', "link"}, {0, NULL}};
	static const char *const links[] = {"", "up", "DOWN", "GONE"};
	struct columns c;

	if (!begin(&c, "Ports", first, s->n_ports, out))
		return;
	columns_counter_heads(&c, COUNTERS_port_counters);
	for (uint32_t i = 0; i < s->n_ports; i++) {
		const struct status_port *p = &s->ports[i];

		columns_cell(&c, "%s", p->name);
		columns_cell(&c, "%s", links[p->link]);
		columns_counters(&c, COUNTERS_port_counters, &p->port_counters);
	}
	columns_print(&c, out);
	put_queues(s, out);
	put_exceptions(s, out);
	for (uint32_t i = 0; i < s->n_ports; i++)
		put_xstats(&s->ports[i], out);
}

static void put_outputs(const struct status *s, FILE *out)
{
	static const struct column first[] = {{'l', "output"}, {0, NULL}};
	struct columns c;

	if (!begin(&c, "Outputs", first, s->n_outputs, out))
		return;
	columns_counter_heads(&c, COUNTERS_output_ledger);
	columns_head(&c, 'r', "waiting");
	columns_head(&c, 'r', "room");
	columns_counter_heads(&c, COUNTERS_output_removed_stats);
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		const struct status_output *o = &s->outputs[i];

		columns_cell(&c, o->enabled ? "%s" : "%s (off)", o->name);
		columns_counters(&c, COUNTERS_output_ledger, &o->ledger);
		columns_count(&c, o->queue.fill);
		columns_count(&c, o->queue.size);
		columns_counters(&c, COUNTERS_output_removed_stats, &o->removed);
	}
	columns_print(&c, out);
}

static void put_feeds(const struct status *s, FILE *out)
{
	static const struct column first[] = {{'l', "feed"}, {0, NULL}};
	uint32_t n = 0;
	struct columns c;

	for (uint32_t i = 0; i < s->n_outputs; i++)
		n += s->outputs[i].is_feed;
	if (!begin(&c, "Feeds", first, n, out))
		return;
	columns_counter_heads(&c, COUNTERS_feed_stats);
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		if (!s->outputs[i].is_feed)
			continue;
		columns_cell(&c, "%s", s->outputs[i].name);
		columns_counters(&c, COUNTERS_feed_stats, &s->outputs[i].feed_stats);
	}
	columns_print(&c, out);
}

static void put_sheds(const struct status *s, FILE *out)
{
	static const struct column first[] = {{'l', "overload step"}, {'l', ""}, {0, NULL}};
	struct columns c;

	if (!begin(&c, "Overload", first, s->n_sheds, out))
		return;
	columns_counter_heads(&c, COUNTERS_shed_stats);
	for (uint32_t i = 0; i < s->n_sheds; i++) {
		columns_cell(&c, "%s", s->sheds[i].name);
		columns_cell(&c, "%s", s->sheds[i].active ? "IN FORCE" : "");
		columns_counters(&c, COUNTERS_shed_stats, &s->sheds[i].shed_stats);
	}
	columns_print(&c, out);
}

static void put_rest(const struct status *s, FILE *out)
{
	const struct flow_table_stats *flows = &s->sum.flow_table_stats;
	char live[COUNT_TEXT], room[COUNT_TEXT], made[COUNT_TEXT], evicted[COUNT_TEXT];
	char unseen[COUNT_TEXT], alerts[COUNT_TEXT];

	fprintf(out, "\nflows: %s live of %s, %s begun, %s evicted\n",
		count_print(flows->live, live), count_print(flows->capacity, room),
		count_print(flows->made, made), count_print(flows->evicted, evicted));
	fprintf(out, "acknowledged by TCP and never shown by the mirror: %s bytes\n",
		count_print(flows->acked_unseen, unseen));
	fprintf(out, "alerts: %s begun\n", count_print(s->sum.alerts_stats.begun, alerts));
	if (s->has_disk)
		fprintf(out, "disk of %s: %.2f GB free of %.2f GB\n", s->disk_path,
			(double)s->disk.free_bytes / 1e9, (double)s->disk.size_bytes / 1e9);
}

void answer_stats_tables(const struct status *s, const struct health_result *v, FILE *out)
{
	put_head(s, v, out);
	summary_ledger_table(&s->ledger, out);
	put_workers(s, out);
	put_rings(s, out);
	put_ports(s, out);
	put_outputs(s, out);
	put_feeds(s, out);
	put_sheds(s, out);
	put_rest(s, out);
}

static void cell_addr(struct columns *c, const struct ip_addr *addr, uint8_t version)
{
	char room[IP_ADDR_TEXT] = "";
	struct text t = text_make(room, sizeof(room) - 1);

	text_addr(&t, addr, version);
	columns_cell(c, "%s", room);
}

static void cell_time(struct columns *c, uint64_t ns)
{
	char room[32] = "";
	struct text t = text_make(room, sizeof(room) - 1);

	if (ns != 0)
		text_time(&t, ns);
	columns_cell(c, "%s", room);
}

void answer_sessions_tables(const struct status *s, const struct health_result *v, FILE *out)
{
	static const struct column first[] = {
		{'l', "outer source"}, {'r', "vni"}, {'l', "tenant"}, {0, NULL}};
	struct columns c;

	(void)v;
	if (!begin(&c, NULL, first, s->n_sessions, out)) {
		fprintf(out, "no session yet\n");
		return;
	}
	columns_counter_heads(&c, COUNTERS_session_stats);
	columns_head(&c, 'l', "last packet");
	columns_head(&c, 'l', "session");
	columns_head(&c, 'l', "");
	for (uint32_t i = 0; i < s->n_sessions && i < ANSWER_SESSIONS_MAX; i++) {
		const struct status_session *row = &s->sessions[i];
		const char *note = row->configured ? "" : "not in the settings";
		const char *silent = row->silent ? "SILENT" : "";

		cell_addr(&c, &row->key.outer_src, ip_addr_is_v4(&row->key.outer_src) ? 4 : 6);
		columns_session(&c, &row->key);
		columns_cell(&c, "%s", row->tenant);
		columns_counters(&c, COUNTERS_session_stats, &row->session_stats);
		cell_time(&c, row->last_ns);
		columns_cell(&c, "%s", row->session == NULL ? note : row->session);
		columns_cell(&c, "%s", silent);
	}
	columns_print(&c, out);
	if (s->n_sessions > ANSWER_SESSIONS_MAX)
		fprintf(out, "and %" PRIu32 " more\n", s->n_sessions - ANSWER_SESSIONS_MAX);
}

void answer_rules_tables(const struct status *s, const struct health_result *v, FILE *out)
{
	struct columns c;

	(void)v;
	if (s->n_rules == 0) {
		fprintf(out, "no rule: every packet of a known session is accepted\n");
		return;
	}
	summary_rule_heads(&c);
	columns_head(&c, 'l', "id");
	for (uint32_t i = 0; i < s->n_rules; i++) {
		const struct summary_rule *rule = &s->rules[i];

		summary_rule_cells(&c, rule);
		columns_cell(&c, "%s", rule->id == NULL ? "" : rule->id);
	}
	columns_print(&c, out);
}

static void cell_end(struct columns *c, const struct status_flow *f, const struct ip_addr *addr,
	uint16_t port)
{
	char room[IP_ADDR_TEXT] = "";
	struct text t = text_make(room, sizeof(room) - 1);

	text_addr(&t, addr, f->ip_version);
	columns_cell(c, f->ip_version == 6 ? "[%s]:%u" : "%s:%u", room, port);
}

void answer_flows_tables(const struct status *s, const struct health_result *v, FILE *out)
{
	static const struct column first[] = {{'r', "vni"}, {'r', "protocol"}, {'l', "client"},
		{'l', "server"}, {'l', "app"}, {'r', "packets"}, {'r', "bytes"},
		{'l', "flow id"}, {0, NULL}};
	const uint64_t n_live = s->sum.flow_table_stats.live;
	char live[COUNT_TEXT];
	struct columns c;

	(void)v;
	fprintf(out, "%s live flow%s", count_print(n_live, live), plural(n_live));
	fputs(s->n_live < n_live && s->n_live > 0 ? ", those with most bytes:\n" : "\n", out);
	if (!begin(&c, NULL, first, s->n_live, out))
		return;
	for (uint32_t i = 0; i < s->n_live; i++) {
		const struct status_flow *f = &s->live[i];

		if (f->has_vni || f->key.network != NETWORK_NONE)
			columns_session(&c, &f->key);
		else
			columns_cell(&c, "%s", "");
		columns_cell(&c, "%u", f->protocol);
		cell_end(&c, f, &f->src, f->src_port);
		cell_end(&c, f, &f->dst, f->dst_port);
		columns_cell(&c, "%s", f->app);
		columns_count(&c, f->packets[0] + f->packets[1]);
		columns_bytes(&c, f->bytes[0] + f->bytes[1]);
		columns_cell(&c, "%s", f->flow_id);
	}
	columns_print(&c, out);
}

void answer_alerts_tables(const struct status *s, const struct health_result *v, FILE *out)
{
	char growing[COUNT_TEXT];

	(void)v;
	fprintf(out, "%s alert%s that grow%s", count_print(s->growing, growing),
		plural(s->growing), s->growing == 1 ? "s" : "");
	fputs(s->n_alerts < s->growing ? ", the latest:\n" : "\n", out);
	if (s->n_alerts > 0)
		alert_rows_print(s->alerts, s->n_alerts, out);
}
