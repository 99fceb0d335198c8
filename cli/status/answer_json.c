#include "cli/status/answer.h"

#include "decap/addr.h"
#include "inspect/flow/addr_text.h"
#include "inspect/record/json.h"
#include "inspect/summary/alert_rows.h"
#include "inspect/summary/summary_rows.h"

static void put_addr(
	struct json *j, const char *key, const struct ip_addr *addr, uint8_t version)
{
	char room[IP_ADDR_TEXT] = "";
	struct text t = text_make(room, sizeof(room) - 1);

	text_addr(&t, addr, version);
	json_string(j, key, room);
}

static void put_head(struct json *j, const struct status *s, const struct health_result *v)
{
	json_string(j, "version", s->version);
	json_counters(j, COUNTERS_process_stats, &s->process_stats, IN_CTL);
	json_bool(j, "healthy", v->n_wrong == 0);
	json_open(j, "wrong", '[');
	for (uint32_t i = 0; i < v->n_wrong && i < HEALTH_WRONG; i++)
		json_string(j, NULL, v->wrong[i]);
	json_close(j, ']');
}

static void put_workers(struct json *j, const struct status *s)
{
	json_open(j, "workers", '[');
	for (uint32_t i = 0; i < s->n_workers; i++) {
		json_open(j, NULL, '{');
		json_u64(j, "worker", i);
		json_counters(j, COUNTERS_worker_stats, &s->workers[i], IN_CTL);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_rings(struct json *j, const struct status *s)
{
	json_open(j, "handoff", '[');
	for (uint32_t i = 0; i < s->n_rings; i++) {
		const struct status_ring *r = &s->rings[i];

		json_open(j, NULL, '{');
		json_u64(j, "from", r->from);
		json_u64(j, "to", r->to);
		json_counters(j, COUNTERS_ring_stats, &r->ring_stats, IN_CTL);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static const char *link_name(enum status_link link)
{
	static const char *const names[] = {[STATUS_LINK_UP] = "up",
		[STATUS_LINK_DOWN] = "down",
		[STATUS_LINK_GONE] = "gone"};

	return names[link];
}

static void put_queues(struct json *j, const struct status_port *p)
{
	json_open(j, "queues", '[');
	for (uint32_t i = 0; i < p->n_queues; i++) {
		json_open(j, NULL, '{');
		json_u64(j, "queue", i);
		json_counters(j, COUNTERS_port_queue_counters, &p->queues[i], IN_CTL);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_port(struct json *j, const struct status_port *p)
{
	json_open(j, NULL, '{');
	json_string(j, "port", p->name);
	json_string(j, "kernel_interface", p->beneath[0] == '\0' ? NULL : p->beneath);
	json_string(j, "link", link_name(p->link));
	json_counters(j, COUNTERS_port_counters, &p->port_counters, IN_CTL);
	summary_exception_json(j, p->interface, &p->exception);
	put_queues(j, p);
	json_open(j, "xstats", '{');
	for (uint32_t i = 0; i < p->n_xstats; i++)
		json_u64(j, p->xstats[i].name, p->xstats[i].value);
	json_close(j, '}');
	json_close(j, '}');
}

static void put_flows(struct json *j, const struct status *s)
{
	json_open(j, "flows", '{');
	json_counters(j, COUNTERS_flow_table_stats, &s->sum.flow_table_stats, IN_CTL);
	json_close(j, '}');
	json_open(j, "dpi", '{');
	json_counters(j, COUNTERS_dpi_stats, &s->sum.dpi_stats, IN_CTL);
	json_close(j, '}');
	json_open(j, "alerts", '{');
	json_counters(j, COUNTERS_alerts_stats, &s->sum.alerts_stats, IN_CTL);
	json_close(j, '}');
	json_open(j, "suricata", '{');
	json_counters(j, COUNTERS_suricata_stats, &s->sum.suricata_stats, IN_CTL);
	json_close(j, '}');
}

static void put_outputs(struct json *j, const struct status *s)
{
	json_open(j, "outputs", '{');
	for (uint32_t i = 0; i < s->n_outputs; i++)
		summary_output_json(
			j, s->outputs[i].name, s->outputs[i].enabled, &s->outputs[i].ledger);
	json_close(j, '}');
	json_open(j, "queues", '{');
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		if (s->outputs[i].queue.size == 0)
			continue;
		json_open(j, s->outputs[i].name, '{');
		json_counters(j, COUNTERS_output_queue_stats, &s->outputs[i].queue, IN_CTL);
		json_close(j, '}');
	}
	json_close(j, '}');
	json_open(j, "feeds", '{');
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		if (!s->outputs[i].is_feed)
			continue;
		json_open(j, s->outputs[i].name, '{');
		json_counters(j, COUNTERS_feed_stats, &s->outputs[i].feed_stats, IN_CTL);
		json_close(j, '}');
	}
	json_close(j, '}');
	json_open(j, "removed", '{');
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		json_open(j, s->outputs[i].name, '{');
		json_counters(j, COUNTERS_output_removed_stats, &s->outputs[i].removed, IN_CTL);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void put_sheds(struct json *j, const struct status *s)
{
	json_open(j, "shed", '[');
	for (uint32_t i = 0; i < s->n_sheds; i++) {
		json_open(j, NULL, '{');
		json_string(j, "step", s->sheds[i].name);
		json_counters(j, COUNTERS_shed_stats, &s->sheds[i].shed_stats, IN_CTL);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_disk(struct json *j, const struct status *s)
{
	if (!s->has_disk) {
		json_string(j, "disk", NULL);
		return;
	}
	json_open(j, "disk", '{');
	json_string(j, "path", s->disk_path);
	json_counters(j, COUNTERS_disk_stats, &s->disk, IN_CTL);
	json_close(j, '}');
}

void answer_stats_json(const struct status *s, const struct health_result *v, struct json *j)
{
	json_open(j, NULL, '{');
	put_head(j, s, v);
	summary_ledger_json(j, &s->ledger);
	summary_counters_json(j, &s->sum);
	put_workers(j, s);
	put_rings(j, s);
	json_open(j, "ports", '[');
	for (uint32_t i = 0; i < s->n_ports; i++)
		put_port(j, &s->ports[i]);
	json_close(j, ']');
	put_flows(j, s);
	put_outputs(j, s);
	put_sheds(j, s);
	put_disk(j, s);
	json_close(j, '}');
}

static void put_network(struct json *j, uint32_t network)
{
	if (network != NETWORK_NONE)
		json_u64(j, "network", network_id(network));
	else
		json_string(j, "network", NULL);
}

static void put_session(struct json *j, const struct status_session *row)
{
	json_open(j, NULL, '{');
	json_u64(j, "vni", row->key.vni);
	put_network(j, row->key.network);
	put_addr(j, "outer_src", &row->key.outer_src,
		ip_addr_is_v4(&row->key.outer_src) ? 4 : 6);
	json_string(j, "session", row->session);
	json_string(j, "interface_id", row->interface_id);
	json_string(j, "tenant", row->tenant);
	json_bool(j, "configured", row->configured);
	json_bool(j, "silent", row->silent);
	json_counters(j, COUNTERS_session_stats, &row->session_stats, IN_CTL);
	json_time(j, "first", row->first_ns);
	json_time(j, "last", row->last_ns);
	json_close(j, '}');
}

void answer_sessions_json(const struct status *s, const struct health_result *v, struct json *j)
{
	(void)v;
	json_open(j, NULL, '{');
	json_u64(j, "n_sessions", s->n_sessions);
	json_u64(j, "overflow_packets", s->sum.session_table_stats.overflow);
	json_open(j, "sessions", '[');
	for (uint32_t i = 0; i < s->n_sessions && i < ANSWER_SESSIONS_MAX; i++)
		put_session(j, &s->sessions[i]);
	json_close(j, ']');
	json_close(j, '}');
}

void answer_rules_json(const struct status *s, const struct health_result *v, struct json *j)
{
	(void)v;
	json_open(j, NULL, '{');
	json_u64(j, "generation", s->generation);
	summary_rules_json(j, s->rules, s->n_rules);
	json_close(j, '}');
}

static void put_side(struct json *j, const char *key, const struct status_flow *f, int side)
{
	json_open(j, key, '{');
	json_u64(j, "packets", f->packets[side]);
	json_u64(j, "bytes", f->bytes[side]);
	json_close(j, '}');
}

static void put_flow(struct json *j, const struct status_flow *f)
{
	json_open(j, NULL, '{');
	json_string(j, "flow_id", f->flow_id);
	json_time(j, "start", f->start_ns);
	json_time(j, "last", f->last_ns);
	if (f->has_vni)
		json_u64(j, "vni", f->key.vni);
	else
		json_string(j, "vni", NULL);
	put_network(j, f->key.network);
	json_string(j, "session", f->session);
	put_addr(j, "src_ip", &f->src, f->ip_version);
	put_addr(j, "dst_ip", &f->dst, f->ip_version);
	json_u64(j, "src_port", f->src_port);
	json_u64(j, "dst_port", f->dst_port);
	json_u64(j, "protocol", f->protocol);
	json_string(j, "app", f->app);
	put_side(j, "client", f, 0);
	put_side(j, "server", f, 1);
	json_close(j, '}');
}

void answer_flows_json(const struct status *s, const struct health_result *v, struct json *j)
{
	(void)v;
	json_open(j, NULL, '{');
	json_u64(j, "live", s->sum.flow_table_stats.live);
	json_open(j, "flows", '[');
	for (uint32_t i = 0; i < s->n_live; i++)
		put_flow(j, &s->live[i]);
	json_close(j, ']');
	json_close(j, '}');
}

void answer_alerts_json(const struct status *s, const struct health_result *v, struct json *j)
{
	(void)v;
	json_open(j, NULL, '{');
	json_u64(j, "growing", s->growing);
	alert_rows_json(j, "alerts", s->alerts, s->n_alerts);
	json_close(j, '}');
}
