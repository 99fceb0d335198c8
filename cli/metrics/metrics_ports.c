/* The families of ports, of their queues and of their exception paths. */
#include <stddef.h>

#include "cli/metrics/metrics_text.h"
#include "cli/status/status.h"

/* The exception path's interface is another: see below. */
static void label_port(struct metrics *m, const struct status_port *port)
{
	metrics_label(m, "port", port->name);
	metrics_label(m, "interface", port->beneath);
}

static void put_xstats(struct metrics *m, const struct status_port *port)
{
	for (uint32_t i = 0; i < port->n_xstats; i++) {
		label_port(m, port);
		metrics_label(m, "name", port->xstats[i].name);
		metrics_u64(m, port->xstats[i].value);
	}
}

static void put_counters(struct metrics *m, const struct status *s)
{
	static const struct metric_member members[] = {
		{METRIC_port_received_packets_total, offsetof(struct status_port, packets)},
		{METRIC_port_received_bytes_total, offsetof(struct status_port, bytes)},
		{METRIC_port_missed_packets_total, offsetof(struct status_port, missed)},
		{METRIC_port_nombuf_packets_total, offsetof(struct status_port, nombuf)},
		{METRIC_port_error_packets_total, offsetof(struct status_port, errors)},
	};

	metrics_family(m, METRIC_port_link_up);
	for (uint32_t p = 0; p < s->n_ports; p++) {
		if (s->ports[p].link == STATUS_LINK_UNKNOWN)
			continue;
		label_port(m, &s->ports[p]);
		metrics_u64(m, s->ports[p].link == STATUS_LINK_UP);
	}
	for (unsigned i = 0; i < METRIC_MEMBERS(members); i++) {
		metrics_family(m, members[i].family);
		for (uint32_t p = 0; p < s->n_ports; p++) {
			label_port(m, &s->ports[p]);
			metrics_u64(m, metric_member_of(&s->ports[p], &members[i]));
		}
	}
	metrics_family(m, METRIC_port_xstat);
	for (uint32_t p = 0; p < s->n_ports; p++)
		put_xstats(m, &s->ports[p]);
}

static void put_port_queues(struct metrics *m, const struct status *s)
{
	static const struct metric_member members[] = {
		{METRIC_port_queue_received_packets_total,
			offsetof(struct status_queue, packets)},
		{METRIC_port_queue_received_bytes_total, offsetof(struct status_queue, bytes)},
		{METRIC_port_queue_missed_packets_total, offsetof(struct status_queue, missed)},
		{METRIC_port_queue_error_packets_total, offsetof(struct status_queue, errors)},
	};

	for (unsigned i = 0; i < METRIC_MEMBERS(members); i++) {
		metrics_family(m, members[i].family);
		for (uint32_t p = 0; p < s->n_ports; p++)
			for (uint32_t q = 0; q < s->ports[p].n_queues; q++) {
				const struct status_queue *queue = &s->ports[p].queues[q];

				if (members[i].family ==
						METRIC_port_queue_missed_packets_total &&
					!queue->has_missed)
					continue;
				label_port(m, &s->ports[p]);
				metrics_label_u64(m, "queue", q);
				metrics_u64(m, metric_member_of(queue, &members[i]));
			}
	}
}

static void label_exception(struct metrics *m, const struct status_port *port)
{
	metrics_label(m, "port", port->name);
	metrics_label(m, "interface", port->interface);
}

static void put_exception_losses(struct metrics *m, const struct status *s)
{
	static const struct {
		const char *cause;
		size_t offset;
	} causes[] = {
		{"rate", offsetof(struct exception_ledger, rate_limited)},
		{"ring", offsetof(struct exception_ledger, lost_ring)},
		{"tap", offsetof(struct exception_ledger, lost_tap)},
		{"tx", offsetof(struct exception_ledger, lost_tx)},
	};

	metrics_family(m, METRIC_exception_lost_packets_total);
	for (uint32_t p = 0; p < s->n_ports; p++)
		for (unsigned i = 0; s->ports[p].interface && i < METRIC_MEMBERS(causes); i++) {
			const struct metric_member member = {0, causes[i].offset};

			label_exception(m, &s->ports[p]);
			metrics_label(m, "cause", causes[i].cause);
			metrics_u64(m, metric_member_of(&s->ports[p].exception, &member));
		}
}

#define EXCEPTION(name) offsetof(struct exception_ledger, name)

static void put_exceptions(struct metrics *m, const struct status *s)
{
	static const struct metric_member members[] = {
		{METRIC_exception_offered_packets_total, EXCEPTION(offered)},
		{METRIC_exception_offered_bytes_total, EXCEPTION(offered_bytes)},
		{METRIC_exception_to_kernel_packets_total, EXCEPTION(delivered)},
		{METRIC_exception_to_kernel_bytes_total, EXCEPTION(delivered_bytes)},
		{METRIC_exception_from_kernel_packets_total, EXCEPTION(from_kernel)},
		{METRIC_exception_from_kernel_bytes_total, EXCEPTION(from_kernel_bytes)},
		{METRIC_exception_sent_packets_total, EXCEPTION(sent)},
		{METRIC_exception_sent_bytes_total, EXCEPTION(sent_bytes)},
	};

	for (unsigned i = 0; i < METRIC_MEMBERS(members); i++) {
		metrics_family(m, members[i].family);
		for (uint32_t p = 0; p < s->n_ports; p++) {
			if (!s->ports[p].interface)
				continue;
			label_exception(m, &s->ports[p]);
			metrics_u64(m, metric_member_of(&s->ports[p].exception, &members[i]));
		}
	}
	put_exception_losses(m, s);
}

void metrics_ports(struct metrics *m, const struct status *status)
{
	put_counters(m, status);
	put_port_queues(m, status);
	put_exceptions(m, status);
}
