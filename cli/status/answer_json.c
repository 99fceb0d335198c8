#include "cli/status/answer.h"

#include "decap/addr.h"
#include "inspect/record/json.h"
#include "inspect/record/text.h"
#include "inspect/summary/summary_rows.h"

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static void put_time(struct json *j, const char *key, uint64_t ns)
{
	char room[32] = "";
	struct text t = text_make(room, sizeof(room) - 1);

	text_time(&t, ns);
	json_string(j, key, ns == 0 ? NULL : room); /* 0: no packet yet */
}

static void put_addr(
	struct json *j, const char *key, const struct ip_addr *addr, uint8_t version)
{
	char room[IP_ADDR_TEXT] = "";
	struct text t = text_make(room, sizeof(room) - 1);

	text_addr(&t, addr, version);
	json_string(j, key, room);
}

static void put_head(struct json *j, const struct status *s, const struct verdict *v)
{
	json_string(j, "version", s->version);
	json_double(j, "uptime_s", seconds(s->uptime_ns));
	json_u64(j, "generation", s->generation);
	json_u64(j, "reloads", s->reloads);
	json_u64(j, "reloads_refused", s->reloads_refused);
	json_bool(j, "healthy", v->n_wrong == 0);
	json_open(j, "wrong", '[');
	for (uint32_t i = 0; i < v->n_wrong && i < VERDICT_WRONG; i++)
		json_string(j, NULL, v->wrong[i]);
	json_close(j, ']');
}

static void put_workers(struct json *j, const struct status *s)
{
	json_open(j, "workers", '[');
	for (uint32_t i = 0; i < s->n_workers; i++) {
		const struct status_worker *w = &s->workers[i];

		json_open(j, NULL, '{');
		json_u64(j, "worker", i);
		json_u64(j, "packets", w->packets);
		json_u64(j, "bursts", w->bursts);
		json_u64(j, "empty_polls", w->empty_polls);
		json_u64(j, "device_times", w->device_times);
		json_double(j, "busy_s", seconds(w->busy_ns));
		json_double(j, "busy_share", w->busy_share);
		json_double(j, "since_poll_s", seconds(w->since_poll_ns));
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
		json_u64(j, "size", r->size);
		json_u64(j, "fill", r->fill);
		json_u64(j, "passed", r->passed);
		json_u64(j, "full", r->full);
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
		const struct status_queue *q = &p->queues[i];

		json_open(j, NULL, '{');
		json_u64(j, "queue", i);
		json_u64(j, "packets", q->packets);
		json_u64(j, "bytes", q->bytes);
		if (q->has_missed)
			json_u64(j, "missed", q->missed);
		else
			json_string(j, "missed", NULL);
		json_u64(j, "errors", q->errors);
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
	json_u64(j, "packets", p->packets);
	json_u64(j, "bytes", p->bytes);
	json_u64(j, "missed", p->missed);
	json_u64(j, "nombuf", p->nombuf);
	json_u64(j, "errors", p->errors);
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
	json_u64(j, "live", s->flows.live);
	json_u64(j, "peak", s->flows.peak);
	json_u64(j, "capacity", s->flow_capacity);
	json_u64(j, "made", s->flows.made);
	json_u64(j, "ended", s->flows.ended);
	json_u64(j, "evicted", s->flows.evicted);
	json_u64(j, "refused", s->flows.refused);
	json_u64(j, "refused_unknown", s->flows.refused_unknown);
	json_close(j, '}');
	json_open(j, "dpi", '{');
	json_u64(j, "packets", s->dpi.packets);
	json_u64(j, "refused_flows", s->dpi.refused_flows);
	json_u64(j, "refused_unknown_flows", s->dpi.refused_unknown);
	json_u64(j, "fragments_given_up", s->dpi.given_up);
	json_u64(j, "shed_flows", s->dpi.shed_flows);
	json_u64(j, "memory_bytes", s->dpi.memory);
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
		if (s->outputs[i].queue_size == 0)
			continue;
		json_open(j, s->outputs[i].name, '{');
		json_u64(j, "size", s->outputs[i].queue_size);
		json_u64(j, "fill", s->outputs[i].queue_fill);
		json_close(j, '}');
	}
	json_close(j, '}');
	json_open(j, "removed", '{');
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		json_open(j, s->outputs[i].name, '{');
		json_u64(j, "files", s->outputs[i].removed_files);
		json_u64(j, "bytes", s->outputs[i].removed_bytes);
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
		json_bool(j, "active", s->sheds[i].active);
		json_u64(j, "entered", s->sheds[i].entered);
		json_double(j, "spent_s", seconds(s->sheds[i].spent_ns));
		json_u64(j, "count", s->sheds[i].count);
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
	json_u64(j, "free_bytes", s->disk_free);
	json_u64(j, "size_bytes", s->disk_size);
	json_close(j, '}');
}

void answer_stats_json(const struct status *s, const struct verdict *v, FILE *out)
{
	struct json j = {.out = out};

	json_open(&j, NULL, '{');
	put_head(&j, s, v);
	summary_ledger_json(&j, &s->ledger);
	json_u64(&j, "direction_unknown", s->direction_unknown);
	json_u64(&j, "acked_unseen", s->flows.acked_unseen);
	put_workers(&j, s);
	put_rings(&j, s);
	json_open(&j, "ports", '[');
	for (uint32_t i = 0; i < s->n_ports; i++)
		put_port(&j, &s->ports[i]);
	json_close(&j, ']');
	put_flows(&j, s);
	put_outputs(&j, s);
	put_sheds(&j, s);
	put_disk(&j, s);
	json_close(&j, '}');
	fputc('\n', out);
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
	json_u64(j, "packets", row->packets);
	json_u64(j, "bytes", row->bytes);
	json_u64(j, "truncated", row->truncated);
	if (row->has_acked_unseen)
		json_u64(j, "acked_unseen", row->acked_unseen);
	else
		json_string(j, "acked_unseen", NULL);
	put_time(j, "first", row->first_ns);
	put_time(j, "last", row->last_ns);
	json_close(j, '}');
}

void answer_sessions_json(const struct status *s, const struct verdict *v, FILE *out)
{
	struct json j = {.out = out};

	(void)v;
	json_open(&j, NULL, '{');
	json_u64(&j, "n_sessions", s->n_sessions);
	json_u64(&j, "overflow_packets", s->sessions_overflow);
	json_open(&j, "sessions", '[');
	for (uint32_t i = 0; i < s->n_sessions && i < ANSWER_SESSIONS_MAX; i++)
		put_session(&j, &s->sessions[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	fputc('\n', out);
}

void answer_rules_json(const struct status *s, const struct verdict *v, FILE *out)
{
	struct json j = {.out = out};

	(void)v;
	json_open(&j, NULL, '{');
	json_u64(&j, "generation", s->generation);
	summary_rules_json(&j, s->rules, s->n_rules);
	json_close(&j, '}');
	fputc('\n', out);
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
	put_time(j, "start", f->start_ns);
	put_time(j, "last", f->last_ns);
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

void answer_flows_json(const struct status *s, const struct verdict *v, FILE *out)
{
	struct json j = {.out = out};

	(void)v;
	json_open(&j, NULL, '{');
	json_u64(&j, "live", s->flows.live);
	json_open(&j, "flows", '[');
	for (uint32_t i = 0; i < s->n_live; i++)
		put_flow(&j, &s->live[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	fputc('\n', out);
}
