#include <stdbool.h>
#include <stdlib.h>

#include "cli/metrics/metrics.h"
#include "cli/metrics/metrics_text.h"
#include "decap/addr.h"

/* Those that get metrics of their own: all of the settings, and as many of the learned ones as
 * the bound allows, the first in the status's order. */
struct listed {
	const struct status_session **row;
	uint32_t n, configured, hidden;
};

static struct listed list(const struct status *s)
{
	struct listed l = {
		.row = calloc(s->n_sessions + 1ull, sizeof(struct status_session *))};
	uint32_t learned = 0;

	for (uint32_t i = 0; i < s->n_sessions; i++) {
		bool configured = s->sessions[i].configured;

		l.configured += configured;
		learned += !configured;
		if (l.row == NULL || (!configured && learned > METRICS_LEARNED_MAX))
			l.hidden++;
		else
			l.row[l.n++] = &s->sessions[i];
	}
	return l;
}

static void label(struct metrics *m, const struct status_session *row)
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

static void put_counts(struct metrics *m, const struct status *s, const struct listed *l)
{
	metrics_family(m, METRIC_sessions);
	metrics_label(m, "configured", "true");
	metrics_u64(m, l->configured);
	metrics_label(m, "configured", "false");
	metrics_u64(m, s->n_sessions - l->configured);
	metrics_family(m, METRIC_sessions_not_listed);
	metrics_u64(m, l->hidden);
	metrics_family(m, METRIC_session_overflow_packets_total);
	metrics_u64(m, s->sessions_overflow);
	metrics_family(m, METRIC_sessions_evicted_total);
	metrics_u64(m, s->sessions_evicted);
}

static void put_counters(struct metrics *m, const struct listed *l)
{
	metrics_family(m, METRIC_session_packets_total);
	for (uint32_t i = 0; i < l->n; i++) {
		label(m, l->row[i]);
		metrics_u64(m, l->row[i]->packets);
	}
	metrics_family(m, METRIC_session_bytes_total);
	for (uint32_t i = 0; i < l->n; i++) {
		label(m, l->row[i]);
		metrics_u64(m, l->row[i]->bytes);
	}
	metrics_family(m, METRIC_session_truncated_packets_total);
	for (uint32_t i = 0; i < l->n; i++) {
		label(m, l->row[i]);
		metrics_u64(m, l->row[i]->truncated);
	}
}

/* What is not known of every session. */
static void put_rest(struct metrics *m, const struct listed *l)
{
	metrics_family(m, METRIC_session_acked_unseen_bytes_total);
	for (uint32_t i = 0; i < l->n; i++) {
		if (!l->row[i]->has_acked_unseen)
			continue;
		label(m, l->row[i]);
		metrics_u64(m, l->row[i]->acked_unseen);
	}
	metrics_family(m, METRIC_session_last_packet_timestamp_seconds);
	for (uint32_t i = 0; i < l->n; i++) {
		if (l->row[i]->last_ns == 0)
			continue;
		label(m, l->row[i]);
		metrics_ns(m, l->row[i]->last_ns);
	}
}

void metrics_sessions(struct metrics *m, const struct status *s)
{
	struct listed l = list(s);

	put_counts(m, s, &l);
	put_counters(m, &l);
	put_rest(m, &l);
	free(l.row);
}
