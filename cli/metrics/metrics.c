#include "cli/metrics/metrics.h"

#include <stdlib.h>

#include "cli/metrics/metrics_text.h"
#include "decap/addr.h"
#include "inspect/summary/summary_rows.h"

/* The sessions that get metrics of their own: all of the settings, and as many of the learned ones as
 * the bound allows, the first in the status's order. */
struct listed {
	const struct status_session **row;
	uint32_t n;
	struct session_list_stats stats;
};

struct scrape {
	struct metrics m;
	const struct status *status;
	struct process_stats process;
	struct listed sessions;
};

static struct listed list(const struct status *s)
{
	struct listed l = {
		.row = calloc(s->n_sessions + 1ull, sizeof(struct status_session *))};

	for (uint32_t i = 0; i < s->n_sessions; i++) {
		bool configured = s->sessions[i].configured;

		l.stats.configured += configured;
		l.stats.learned += !configured;
		l.stats.silent += s->sessions[i].silent;
		if (l.row == NULL || (!configured && l.stats.learned > METRICS_LEARNED_MAX))
			l.stats.not_listed++;
		else
			l.row[l.n++] = &s->sessions[i];
	}
	return l;
}

/* The sample of the counter at hand, of `row`; its labels have been put. */
static void sample(struct scrape *s, const void *row)
{
	metrics_sample(&s->m, counter_value(s->m.counter, row));
}

static void put_build(struct scrape *s)
{
	static const struct build_stats build = {1};

	metrics_label(&s->m, "version", s->status->version);
	metrics_label(&s->m, "ndpi", dpi_version());
	sample(s, &build);
}

static void put_process(struct scrape *s)
{
	sample(s, &s->process);
}

static void put_ledger(struct scrape *s)
{
	sample(s, &s->status->ledger.ledger_stats);
}

static void put_reasons(struct scrape *s)
{
	for (unsigned r = 0; r < REASON_COUNT; r++) {
		const struct reason_stats stats = {s->status->ledger.reasons[r]};

		metrics_label(&s->m, "bucket", bucket_name(reason_bucket((enum reason)r)));
		metrics_label(&s->m, "reason", reason_name((enum reason)r));
		sample(s, &stats);
	}
}

static void put_workers(struct scrape *s)
{
	for (uint32_t i = 0; i < s->status->n_workers; i++) {
		metrics_label_u64(&s->m, "worker", i);
		sample(s, &s->status->workers[i]);
	}
}

static void put_rings(struct scrape *s)
{
	for (uint32_t i = 0; i < s->status->n_rings; i++) {
		metrics_label_u64(&s->m, "from", s->status->rings[i].from);
		metrics_label_u64(&s->m, "to", s->status->rings[i].to);
		sample(s, &s->status->rings[i].ring_stats);
	}
}

/* The exception path's interface is another. */
static void label_port(struct scrape *s, const struct status_port *port, const char *interface)
{
	metrics_label(&s->m, "port", port->name);
	metrics_label(&s->m, "interface", interface);
}

static void put_links(struct scrape *s)
{
	for (uint32_t i = 0; i < s->status->n_ports; i++) {
		const struct status_port *port = &s->status->ports[i];
		const struct link_stats link = {port->link == STATUS_LINK_UNKNOWN
							? COUNTER_UNKNOWN
							: port->link == STATUS_LINK_UP};

		label_port(s, port, port->beneath);
		sample(s, &link);
	}
}

static void put_ports(struct scrape *s)
{
	for (uint32_t i = 0; i < s->status->n_ports; i++) {
		label_port(s, &s->status->ports[i], s->status->ports[i].beneath);
		sample(s, &s->status->ports[i].port_counters);
	}
}

static void put_xstats(struct scrape *s)
{
	for (uint32_t i = 0; i < s->status->n_ports; i++) {
		const struct status_port *port = &s->status->ports[i];

		for (uint32_t x = 0; x < port->n_xstats; x++) {
			label_port(s, port, port->beneath);
			metrics_label(&s->m, "name", port->xstats[x].name);
			sample(s, &port->xstats[x].xstat_stats);
		}
	}
}

static void put_port_queues(struct scrape *s)
{
	for (uint32_t i = 0; i < s->status->n_ports; i++) {
		const struct status_port *port = &s->status->ports[i];

		for (uint32_t q = 0; q < port->n_queues; q++) {
			label_port(s, port, port->beneath);
			metrics_label_u64(&s->m, "queue", q);
			sample(s, &port->queues[q]);
		}
	}
}

static void put_exceptions(struct scrape *s)
{
	for (uint32_t i = 0; i < s->status->n_ports; i++) {
		const struct status_port *port = &s->status->ports[i];

		if (!port->interface)
			continue;
		label_port(s, port, port->interface);
		sample(s, &port->exception);
	}
}

static void put_session_list(struct scrape *s)
{
	sample(s, &s->sessions.stats);
}

static void label_session(struct metrics *m, const struct status_session *row)
{
	char address[IP_ADDR_TEXT];

	ip_addr_print(&row->key.outer_src, address);
	metrics_label(m, "outer_src", address);
	metrics_label_u64(m, "vni", row->key.vni);
	if (row->key.network != NETWORK_NONE)
		metrics_label_u64(m, "network", network_id(row->key.network));
	else
		metrics_label(m, "network", NULL);
	metrics_label(m, "session", row->session);
	metrics_label(m, "interface_id", row->interface_id);
	metrics_label(m, "tenant", row->tenant);
}

static void put_sessions(struct scrape *s)
{
	for (uint32_t i = 0; i < s->sessions.n; i++) {
		label_session(&s->m, s->sessions.row[i]);
		sample(s, &s->sessions.row[i]->session_stats);
	}
}

static void put_session_times(struct scrape *s)
{
	for (uint32_t i = 0; i < s->sessions.n; i++) {
		const struct status_session *row = s->sessions.row[i];
		const struct session_time_stats time = {
			row->last_ns ? row->last_ns : COUNTER_UNKNOWN,
			row->configured ? row->silent : COUNTER_UNKNOWN};

		label_session(&s->m, row);
		sample(s, &time);
	}
}

static void put_rules(struct scrape *s)
{
	for (uint32_t i = 0; i < s->status->n_rules; i++) {
		const struct summary_rule *rule = &s->status->rules[i];

		metrics_label(&s->m, "filter", rule->filter);
		metrics_label(&s->m, "direction", summary_direction(rule->direction));
		metrics_label_u64(&s->m, "rule_number", rule->number);
		metrics_label(&s->m, "action", rule->accept ? "accept" : "reject");
		metrics_label(&s->m, "rule_id", rule->id);
		sample(s, &rule->rule_hits);
	}
}

/* One of the structs in an output; of its queue, where it has one, and of feeds. */
static void put_outputs(struct scrape *s, size_t offset)
{
	for (uint32_t i = 0; i < s->status->n_outputs; i++) {
		const struct status_output *output = &s->status->outputs[i];

		if (s->m.counter->set == COUNTERS_output_queue_stats && output->queue.size == 0)
			continue;
		if (s->m.counter->set == COUNTERS_feed_stats && !output->is_feed)
			continue;
		metrics_label(&s->m, "output", output->name);
		sample(s, (const char *)output + offset);
	}
}

static void put_output_states(struct scrape *s)
{
	put_outputs(s, offsetof(struct status_output, output_state_stats));
}

static void put_output_ledgers(struct scrape *s)
{
	put_outputs(s, offsetof(struct status_output, ledger));
}

static void put_output_queues(struct scrape *s)
{
	put_outputs(s, offsetof(struct status_output, queue));
}

static void put_feeds(struct scrape *s)
{
	put_outputs(s, offsetof(struct status_output, feed_stats));
}

static void put_output_removed(struct scrape *s)
{
	put_outputs(s, offsetof(struct status_output, removed));
}

static void put_sheds(struct scrape *s)
{
	for (uint32_t i = 0; i < s->status->n_sheds; i++) {
		metrics_label(&s->m, "step", s->status->sheds[i].name);
		sample(s, &s->status->sheds[i].shed_stats);
	}
}

static void put_disk(struct scrape *s)
{
	if (!s->status->has_disk)
		return;
	metrics_label(&s->m, "path", s->status->disk_path);
	sample(s, &s->status->disk);
}

/* Each puts all samples of the counter at hand. What workers count needs none. */
static void (*const puts_of[COUNTER_SETS_N])(struct scrape *) = {
	[COUNTERS_build_stats] = put_build,
	[COUNTERS_process_stats] = put_process,
	[COUNTERS_ledger_stats] = put_ledger,
	[COUNTERS_reason_stats] = put_reasons,
	[COUNTERS_worker_stats] = put_workers,
	[COUNTERS_ring_stats] = put_rings,
	[COUNTERS_link_stats] = put_links,
	[COUNTERS_port_counters] = put_ports,
	[COUNTERS_xstat_stats] = put_xstats,
	[COUNTERS_port_queue_counters] = put_port_queues,
	[COUNTERS_exception_ledger] = put_exceptions,
	[COUNTERS_session_list_stats] = put_session_list,
	[COUNTERS_session_stats] = put_sessions,
	[COUNTERS_session_time_stats] = put_session_times,
	[COUNTERS_rule_hits] = put_rules,
	[COUNTERS_output_state_stats] = put_output_states,
	[COUNTERS_output_ledger] = put_output_ledgers,
	[COUNTERS_output_queue_stats] = put_output_queues,
	[COUNTERS_output_removed_stats] = put_output_removed,
	[COUNTERS_feed_stats] = put_feeds,
	[COUNTERS_shed_stats] = put_sheds,
	[COUNTERS_disk_stats] = put_disk,
};

static void put_samples(struct scrape *s, enum counter_set set)
{
	const void *sum = counters_part(&s->status->sum, set);

	if (sum)
		sample(s, sum);
	else if (puts_of[set])
		puts_of[set](s);
}

/* A family with labels of its own stands in several rows, not always one behind the other. */
static void put_family(struct scrape *s, const struct counter *begin)
{
	metrics_family(&s->m, begin);
	for (const struct counter *c = begin; c->set == begin->set; c++)
		if (metrics_goes_on(&s->m, c))
			put_samples(s, begin->set);
}

void metrics_write(const struct status *status, const struct health_result *result, FILE *out)
{
	struct scrape s = {.m = {.out = out}, .status = status};

	s.process = status->process_stats;
	s.process.healthy = result->n_wrong == 0;
	s.process.unhealthy_reasons = result->n_wrong;
	s.sessions = list(status);
	for (unsigned set = 0; set < COUNTER_SETS_N; set++)
		counters_each (c, set)
			if (c->metric[0] != '\0' && c->help[0] != '\0')
				put_family(&s, c);
	free(s.sessions.row);
}
