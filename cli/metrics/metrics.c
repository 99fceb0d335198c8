#include "cli/metrics/metrics.h"

#include <stddef.h>

#include "cli/metrics/metrics_text.h"
#include "inspect/summary/summary_rows.h"

static void put_one(struct metrics *m, enum metric family, uint64_t value)
{
	metrics_family(m, family);
	metrics_u64(m, value);
}

static void put_process(struct metrics *m, const struct status *s, const struct verdict *v)
{
	metrics_family(m, METRIC_build_info);
	metrics_label(m, "version", s->version);
	metrics_label(m, "ndpi", dpi_version());
	metrics_u64(m, 1);
	metrics_family(m, METRIC_uptime_seconds);
	metrics_ns(m, s->uptime_ns);
	put_one(m, METRIC_healthy, v->n_wrong == 0);
	put_one(m, METRIC_unhealthy_reasons, v->n_wrong);
	put_one(m, METRIC_configuration_generation, s->generation);
	metrics_family(m, METRIC_configuration_reloads_total);
	metrics_label(m, "result", "done");
	metrics_u64(m, s->reloads);
	metrics_label(m, "result", "refused");
	metrics_u64(m, s->reloads_refused);
}

static void put_ledger(struct metrics *m, const struct status *s)
{
	put_one(m, METRIC_received_packets_total, s->ledger.received);
	put_one(m, METRIC_in_flight_packets, s->ledger.in_flight);
	metrics_family(m, METRIC_ledger_packets_total);
	for (unsigned r = 0; r < REASON_COUNT; r++) {
		enum reason reason = (enum reason)r;

		metrics_label(m, "bucket", bucket_name(reason_bucket(reason)));
		metrics_label(m, "reason", reason_name(reason));
		metrics_u64(m, s->ledger.reasons[r]);
	}
	put_one(m, METRIC_direction_unknown_packets_total, s->direction_unknown);
	put_one(m, METRIC_acked_unseen_bytes_total, s->flows.acked_unseen);
}

static void put_workers(struct metrics *m, const struct status *s)
{
	static const struct metric_member members[] = {
		{METRIC_worker_packets_total, offsetof(struct status_worker, packets)},
		{METRIC_worker_bursts_total, offsetof(struct status_worker, bursts)},
		{METRIC_worker_empty_polls_total, offsetof(struct status_worker, empty_polls)},
		{METRIC_worker_device_time_packets_total,
			offsetof(struct status_worker, device_times)},
	};

	for (unsigned i = 0; i < METRIC_MEMBERS(members); i++) {
		metrics_family(m, members[i].family);
		for (uint32_t w = 0; w < s->n_workers; w++) {
			metrics_label_u64(m, "worker", w);
			metrics_u64(m, metric_member_of(&s->workers[w], &members[i]));
		}
	}
	metrics_family(m, METRIC_worker_busy_seconds_total);
	for (uint32_t w = 0; w < s->n_workers; w++) {
		metrics_label_u64(m, "worker", w);
		metrics_ns(m, s->workers[w].busy_ns);
	}
	metrics_family(m, METRIC_worker_busy_ratio);
	for (uint32_t w = 0; w < s->n_workers; w++) {
		metrics_label_u64(m, "worker", w);
		metrics_double(m, s->workers[w].busy_share);
	}
	metrics_family(m, METRIC_worker_last_poll_age_seconds);
	for (uint32_t w = 0; w < s->n_workers; w++) {
		metrics_label_u64(m, "worker", w);
		metrics_ns(m, s->workers[w].since_poll_ns);
	}
}

static void label_ring(struct metrics *m, const struct status_ring *ring)
{
	metrics_label_u64(m, "from", ring->from);
	metrics_label_u64(m, "to", ring->to);
}

static void put_rings(struct metrics *m, const struct status *s)
{
	static const struct metric_member members[] = {
		{METRIC_handoff_packets_total, offsetof(struct status_ring, passed)},
		{METRIC_handoff_full_packets_total, offsetof(struct status_ring, full)},
	};

	metrics_family(m, METRIC_handoff_ring_size_packets);
	for (uint32_t r = 0; r < s->n_rings; r++) {
		label_ring(m, &s->rings[r]);
		metrics_u64(m, s->rings[r].size);
	}
	metrics_family(m, METRIC_handoff_ring_fill_packets);
	for (uint32_t r = 0; r < s->n_rings; r++) {
		label_ring(m, &s->rings[r]);
		metrics_u64(m, s->rings[r].fill);
	}
	for (unsigned i = 0; i < METRIC_MEMBERS(members); i++) {
		metrics_family(m, members[i].family);
		for (uint32_t r = 0; r < s->n_rings; r++) {
			label_ring(m, &s->rings[r]);
			metrics_u64(m, metric_member_of(&s->rings[r], &members[i]));
		}
	}
}

static void put_rules(struct metrics *m, const struct status *s)
{
	static const struct metric_member members[] = {
		{METRIC_rule_packets_total, offsetof(struct summary_rule, packets)},
		{METRIC_rule_bytes_total, offsetof(struct summary_rule, bytes)},
	};

	for (unsigned i = 0; i < METRIC_MEMBERS(members); i++) {
		metrics_family(m, members[i].family);
		for (uint32_t r = 0; r < s->n_rules; r++) {
			const struct summary_rule *rule = &s->rules[r];

			metrics_label(m, "filter", rule->filter);
			metrics_label(m, "direction", summary_direction(rule->direction));
			metrics_label_u64(m, "rule_number", rule->number);
			metrics_label(m, "action", rule->accept ? "accept" : "reject");
			metrics_label(m, "rule_id", rule->id);
			metrics_u64(m, metric_member_of(rule, &members[i]));
		}
	}
}

static void put_flows(struct metrics *m, const struct status *s)
{
	put_one(m, METRIC_flows, s->flows.live);
	put_one(m, METRIC_flow_capacity, s->flow_capacity);
	put_one(m, METRIC_flows_made_total, s->flows.made);
	put_one(m, METRIC_flows_ended_total, s->flows.ended);
	put_one(m, METRIC_flows_evicted_total, s->flows.evicted);
	put_one(m, METRIC_flow_refused_packets_total, s->flows.refused);
	put_one(m, METRIC_flow_refused_unknown_packets_total, s->flows.refused_unknown);
	put_one(m, METRIC_dpi_packets_total, s->dpi.packets);
	put_one(m, METRIC_dpi_refused_flows_total, s->dpi.refused_flows);
	put_one(m, METRIC_dpi_refused_unknown_flows_total, s->dpi.refused_unknown);
	put_one(m, METRIC_dpi_given_up_flows_total, s->dpi.given_up);
	put_one(m, METRIC_dpi_memory_bytes, s->dpi.memory);
	put_one(m, METRIC_flow_log_late_records_total, s->aggregates.late);
	put_one(m, METRIC_flow_log_early_records_total, s->aggregates.early);
}

static void put_queues(struct metrics *m, const struct status *s)
{
	metrics_family(m, METRIC_output_queue_size);
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		if (s->outputs[i].queue_size == 0)
			continue;
		metrics_label(m, "output", s->outputs[i].name);
		metrics_u64(m, s->outputs[i].queue_size);
	}
	metrics_family(m, METRIC_output_queue_fill);
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		if (s->outputs[i].queue_size == 0)
			continue;
		metrics_label(m, "output", s->outputs[i].name);
		metrics_u64(m, s->outputs[i].queue_fill);
	}
}

static void put_removed(struct metrics *m, const struct status *s)
{
	static const struct metric_member members[] = {
		{METRIC_output_removed_files_total,
			offsetof(struct status_output, removed_files)},
		{METRIC_output_removed_bytes_total,
			offsetof(struct status_output, removed_bytes)},
	};

	for (unsigned k = 0; k < METRIC_MEMBERS(members); k++) {
		metrics_family(m, members[k].family);
		for (uint32_t i = 0; i < s->n_outputs; i++) {
			metrics_label(m, "output", s->outputs[i].name);
			metrics_u64(m, metric_member_of(&s->outputs[i], &members[k]));
		}
	}
}

static void put_outputs(struct metrics *m, const struct status *s)
{
	static const struct metric_member members[] = {
		{METRIC_output_offered_records_total, offsetof(struct output_ledger, offered)},
		{METRIC_output_written_records_total, offsetof(struct output_ledger, written)},
		{METRIC_output_policy_records_total, offsetof(struct output_ledger, by_policy)},
	};

	metrics_family(m, METRIC_output_enabled);
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		metrics_label(m, "output", s->outputs[i].name);
		metrics_u64(m, s->outputs[i].enabled);
	}
	for (unsigned k = 0; k < METRIC_MEMBERS(members); k++) {
		metrics_family(m, members[k].family);
		for (uint32_t i = 0; i < s->n_outputs; i++) {
			metrics_label(m, "output", s->outputs[i].name);
			metrics_u64(m, metric_member_of(&s->outputs[i].ledger, &members[k]));
		}
	}
	metrics_family(m, METRIC_output_lost_records_total);
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		metrics_label(m, "output", s->outputs[i].name);
		metrics_label(m, "cause", "queue");
		metrics_u64(m, s->outputs[i].ledger.lost_queue);
		metrics_label(m, "output", s->outputs[i].name);
		metrics_label(m, "cause", "disk");
		metrics_u64(m, s->outputs[i].ledger.lost_disk);
	}
	put_queues(m, s);
	put_removed(m, s);
}

static void put_sheds(struct metrics *m, const struct status *s)
{
	metrics_family(m, METRIC_shed_seconds_total);
	for (uint32_t i = 0; i < s->n_sheds; i++) {
		metrics_label(m, "step", s->sheds[i].name);
		metrics_ns(m, s->sheds[i].spent_ns);
	}
	static const struct metric_member members[] = {
		{METRIC_shed_entered_total, offsetof(struct status_shed, entered)},
		{METRIC_shed_total, offsetof(struct status_shed, count)},
	};

	metrics_family(m, METRIC_shed_active);
	for (uint32_t i = 0; i < s->n_sheds; i++) {
		metrics_label(m, "step", s->sheds[i].name);
		metrics_u64(m, s->sheds[i].active);
	}
	for (unsigned k = 0; k < METRIC_MEMBERS(members); k++) {
		metrics_family(m, members[k].family);
		for (uint32_t i = 0; i < s->n_sheds; i++) {
			metrics_label(m, "step", s->sheds[i].name);
			metrics_u64(m, metric_member_of(&s->sheds[i], &members[k]));
		}
	}
}

static void put_disk(struct metrics *m, const struct status *s)
{
	if (!s->has_disk)
		return;
	metrics_family(m, METRIC_disk_free_bytes);
	metrics_label(m, "path", s->disk_path);
	metrics_u64(m, s->disk_free);
	metrics_family(m, METRIC_disk_size_bytes);
	metrics_label(m, "path", s->disk_path);
	metrics_u64(m, s->disk_size);
}

void metrics_write(const struct status *status, const struct verdict *verdict, FILE *out)
{
	struct metrics m = {.out = out};

	put_process(&m, status, verdict);
	put_ledger(&m, status);
	put_workers(&m, status);
	put_rings(&m, status);
	metrics_ports(&m, status);
	metrics_sessions(&m, status);
	put_rules(&m, status);
	put_flows(&m, status);
	put_outputs(&m, status);
	put_sheds(&m, status);
	put_disk(&m, status);
}
