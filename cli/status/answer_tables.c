#include "cli/status/answer.h"
#include "config/log/now.h"

#include <inttypes.h>

#include "config/parse/plural.h"
#include "decap/addr.h"
#include "inspect/record/text.h"
#include "inspect/summary/columns.h"
#include "inspect/summary/summary_rows.h"

enum { XSTATS_SHOWN = 64, DURATION_TEXT = 48 };

static const char *duration(uint64_t ns, char text[DURATION_TEXT])
{
	uint64_t s = ns / NS_PER_S;

	if (s < 60)
		snprintf(text, DURATION_TEXT, "%.1f s", (double)ns / 1e9);
	else if (s < 86400)
		snprintf(text, DURATION_TEXT, "%" PRIu64 " h %" PRIu64 " min", s / 3600,
			s / 60 % 60);
	else
		snprintf(text, DURATION_TEXT, "%" PRIu64 " d %" PRIu64 " h", s / 86400,
			s / 3600 % 24);
	return text;
}

/* Begins a table when there is something for it; false: there is not. */
static bool begin(struct columns *c, const char *title, const char *align,
	const char *const *heads, uint32_t n, FILE *out)
{
	if (n == 0)
		return false;
	if (title != NULL)
		fprintf(out, "\n%s\n", title);
	columns_init(c, align);
	for (unsigned i = 0; i < c->n_columns; i++)
		columns_cell(c, "%s", heads[i]);
	return true;
}

static void put_head(const struct status *s, const struct verdict *v, FILE *out)
{
	char text[DURATION_TEXT];

	fprintf(out, "periscope %s: up %s, configuration %" PRIu64 ", %s\n", s->version,
		duration(s->uptime_ns, text), s->generation,
		v->n_wrong == 0 ? "healthy" : "NOT HEALTHY:");
	for (uint32_t i = 0; i < v->n_wrong && i < VERDICT_WRONG; i++)
		fprintf(out, "  %s\n", v->wrong[i]);
}

static void put_workers(const struct status *s, FILE *out)
{
	static const char *const heads[] = {
		"worker", "packets", "bursts", "empty polls", "busy", "last poll"};
	char text[DURATION_TEXT];
	struct columns c;

	if (!begin(&c, "Workers", "rrrrrr", heads, s->n_workers, out))
		return;
	for (uint32_t i = 0; i < s->n_workers; i++) {
		const struct status_worker *w = &s->workers[i];

		columns_cell(&c, "%" PRIu32, i);
		columns_count(&c, w->packets);
		columns_count(&c, w->bursts);
		columns_count(&c, w->empty_polls);
		columns_cell(&c, "%.1f %%", 100 * w->busy_share);
		columns_cell(&c, "%s ago", duration(w->since_poll_ns, text));
	}
	columns_print(&c, out);
}

static void put_rings(const struct status *s, FILE *out)
{
	static const char *const heads[] = {
		"from", "to", "packets", "lost, full", "waiting", "room"};
	struct columns c;

	if (!begin(&c, "Hand-off between workers", "rrrrrr", heads, s->n_rings, out))
		return;
	for (uint32_t i = 0; i < s->n_rings; i++) {
		const struct status_ring *r = &s->rings[i];

		columns_cell(&c, "%" PRIu32, r->from);
		columns_cell(&c, "%" PRIu32, r->to);
		columns_count(&c, r->passed);
		columns_count(&c, r->full);
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
	static const char *const heads[] = {
		"port", "queue", "packets", "bytes", "missed", "errors"};
	struct columns c;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_ports; i++)
		n += s->ports[i].n_queues > 1;
	if (!begin(&c, "Receive queues", "lrrrrr", heads, n, out))
		return;
	for (uint32_t i = 0; i < s->n_ports; i++)
		for (uint32_t q = 0; s->ports[i].n_queues > 1 && q < s->ports[i].n_queues;
			q++) {
			const struct status_queue *queue = &s->ports[i].queues[q];

			columns_cell(&c, "%s", s->ports[i].name);
			columns_cell(&c, "%" PRIu32, q);
			columns_count(&c, queue->packets);
			columns_bytes(&c, queue->bytes);
			if (queue->has_missed)
				columns_count(&c, queue->missed);
			else
				columns_cell(&c, "%s", "");
			columns_count(&c, queue->errors);
		}
	columns_print(&c, out);
}

static void put_exceptions(const struct status *s, FILE *out)
{
	static const char *const heads[] = {"port", "interface", "to kernel", "over rate",
		"lost, ring", "lost, tap", "from kernel", "lost, port"};
	struct columns c;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_ports; i++)
		n += s->ports[i].interface != NULL;
	if (!begin(&c, "Exception path", "llrrrrrr", heads, n, out))
		return;
	for (uint32_t i = 0; i < s->n_ports; i++) {
		const struct status_port *p = &s->ports[i];

		if (!p->interface)
			continue;
		columns_cell(&c, "%s", p->name);
		columns_cell(&c, "%s", p->interface);
		columns_count(&c, p->exception.delivered);
		columns_count(&c, p->exception.rate_limited);
		columns_count(&c, p->exception.lost_ring);
		columns_count(&c, p->exception.lost_tap);
		columns_count(&c, p->exception.from_kernel);
		columns_count(&c, p->exception.lost_tx);
	}
	columns_print(&c, out);
}

static void put_ports(const struct status *s, FILE *out)
{
	static const char *const heads[] = {
		"port", "link", "packets", "bytes", "missed", "no buffer", "errors"};
	static const char *const links[] = {"", "up", "DOWN", "GONE"};
	struct columns c;

	if (!begin(&c, "Ports", "llrrrrr", heads, s->n_ports, out))
		return;
	for (uint32_t i = 0; i < s->n_ports; i++) {
		const struct status_port *p = &s->ports[i];

		columns_cell(&c, "%s", p->name);
		columns_cell(&c, "%s", links[p->link]);
		columns_count(&c, p->packets);
		columns_bytes(&c, p->bytes);
		columns_count(&c, p->missed);
		columns_count(&c, p->nombuf);
		columns_count(&c, p->errors);
	}
	columns_print(&c, out);
	put_queues(s, out);
	put_exceptions(s, out);
	for (uint32_t i = 0; i < s->n_ports; i++)
		put_xstats(&s->ports[i], out);
}

static void put_outputs(const struct status *s, FILE *out)
{
	static const char *const heads[] = {"output", "offered", "written", "by policy",
		"lost, queue", "lost, disk", "waiting", "room", "removed"};
	struct columns c;

	if (!begin(&c, "Outputs", "lrrrrrrrr", heads, s->n_outputs, out))
		return;
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		const struct status_output *o = &s->outputs[i];

		columns_cell(&c, o->enabled ? "%s" : "%s (off)", o->name);
		columns_count(&c, o->ledger.offered);
		columns_count(&c, o->ledger.written);
		columns_count(&c, o->ledger.by_policy);
		columns_count(&c, o->ledger.lost_queue);
		columns_count(&c, o->ledger.lost_disk);
		columns_count(&c, o->queue_fill);
		columns_count(&c, o->queue_size);
		columns_count(&c, o->removed_files);
	}
	columns_print(&c, out);
}

static void put_sheds(const struct status *s, FILE *out)
{
	static const char *const heads[] = {"overload step", "", "entered", "for", "cost"};
	char text[DURATION_TEXT];
	struct columns c;

	if (!begin(&c, "Overload", "llrrr", heads, s->n_sheds, out))
		return;
	for (uint32_t i = 0; i < s->n_sheds; i++) {
		columns_cell(&c, "%s", s->sheds[i].name);
		columns_cell(&c, "%s", s->sheds[i].active ? "IN FORCE" : "");
		columns_count(&c, s->sheds[i].entered);
		columns_cell(&c, "%s", duration(s->sheds[i].spent_ns, text));
		columns_count(&c, s->sheds[i].count);
	}
	columns_print(&c, out);
}

static void put_rest(const struct status *s, FILE *out)
{
	char live[COUNT_TEXT], room[COUNT_TEXT], made[COUNT_TEXT], evicted[COUNT_TEXT];
	char unseen[COUNT_TEXT];

	fprintf(out, "\nflows: %s live of %s, %s begun, %s evicted\n",
		count_print(s->flows.live, live), count_print(s->flow_capacity, room),
		count_print(s->flows.made, made), count_print(s->flows.evicted, evicted));
	fprintf(out, "acknowledged by TCP and never shown by the mirror: %s bytes\n",
		count_print(s->flows.acked_unseen, unseen));
	if (s->has_disk)
		fprintf(out, "disk of %s: %.2f GB free of %.2f GB\n", s->disk_path,
			(double)s->disk_free / 1e9, (double)s->disk_size / 1e9);
}

void answer_stats_tables(const struct status *s, const struct verdict *v, FILE *out)
{
	put_head(s, v, out);
	summary_ledger_table(&s->ledger, out);
	put_workers(s, out);
	put_rings(s, out);
	put_ports(s, out);
	put_outputs(s, out);
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

void answer_sessions_tables(const struct status *s, const struct verdict *v, FILE *out)
{
	static const char *const heads[] = {"outer source", "vni", "tenant", "packets", "bytes",
		"truncated", "unseen", "last packet", "session"};
	struct columns c;

	(void)v;
	if (!begin(&c, NULL, "lrlrrrrll", heads, s->n_sessions, out)) {
		fprintf(out, "no session yet\n");
		return;
	}
	for (uint32_t i = 0; i < s->n_sessions && i < ANSWER_SESSIONS_MAX; i++) {
		const struct status_session *row = &s->sessions[i];
		const char *note = row->configured ? "" : "not in the settings";

		cell_addr(&c, &row->key.outer_src, ip_addr_is_v4(&row->key.outer_src) ? 4 : 6);
		columns_session(&c, &row->key);
		columns_cell(&c, "%s", row->tenant);
		columns_count(&c, row->packets);
		columns_bytes(&c, row->bytes);
		columns_count(&c, row->truncated);
		if (row->has_acked_unseen)
			columns_bytes(&c, row->acked_unseen);
		else
			columns_cell(&c, "%s", "");
		cell_time(&c, row->last_ns);
		columns_cell(&c, "%s", row->session == NULL ? note : row->session);
	}
	columns_print(&c, out);
	if (s->n_sessions > ANSWER_SESSIONS_MAX)
		fprintf(out, "and %" PRIu32 " more\n", s->n_sessions - ANSWER_SESSIONS_MAX);
}

void answer_rules_tables(const struct status *s, const struct verdict *v, FILE *out)
{
	static const char *const heads[] = {
		"filter", "direction", "rule", "action", "packets", "bytes", "id"};
	struct columns c;

	(void)v;
	if (!begin(&c, NULL, "llrlrrl", heads, s->n_rules, out)) {
		fprintf(out, "no rule: every packet of a known session is accepted\n");
		return;
	}
	for (uint32_t i = 0; i < s->n_rules; i++) {
		const struct summary_rule *rule = &s->rules[i];

		columns_cell(&c, "%s", rule->filter);
		columns_cell(&c, "%s", summary_direction(rule->direction));
		columns_cell(&c, "%" PRIu32, rule->number);
		columns_cell(&c, "%s", rule->accept ? "accept" : "reject");
		columns_count(&c, rule->packets);
		columns_bytes(&c, rule->bytes);
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

void answer_flows_tables(const struct status *s, const struct verdict *v, FILE *out)
{
	static const char *const heads[] = {
		"vni", "protocol", "client", "server", "app", "packets", "bytes", "flow id"};
	char live[COUNT_TEXT];
	struct columns c;

	(void)v;
	fprintf(out, "%s live flow%s", count_print(s->flows.live, live), plural(s->flows.live));
	fputs(s->n_live < s->flows.live && s->n_live > 0 ? ", those with most bytes:\n" : "\n",
		out);
	if (!begin(&c, NULL, "rrlllrrl", heads, s->n_live, out))
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
