/* What a port has counted, by ethdev and by the kernel's sockets beneath it. */
#include "dataplane/port/port_inside.h"

#include <rte_ethdev.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void port_tick(struct port *port)
{
	for (uint32_t i = 0; port->driver->missed && i < port->sockets.n; i++)
		port->missed[i] = port->driver->missed(port->sockets.fd[i], port->missed[i]);
	port_read_clock(port);
}

/* Some drivers begin anew (net_memif, when its peer goes): what was counted stays counted. */
static uint64_t go_on(uint64_t now, uint64_t *latest, uint64_t *before)
{
	if (now < *latest)
		*before += *latest;
	*latest = now;
	return *before + now;
}

/* What was counted by the last time that the driver answered. */
static struct port_counters known(const struct port *port)
{
	const struct port_counters *latest = &port->latest, *before = &port->before;

	return (struct port_counters){
		.packets = before->packets + latest->packets,
		.bytes = before->bytes + latest->bytes,
		.missed = before->missed + latest->missed,
		.nombuf = before->nombuf + latest->nombuf,
		.errors = before->errors + latest->errors,
	};
}

static struct port_counters go_on_all(struct port *port, const struct port_counters *now)
{
	struct port_counters *latest = &port->latest, *before = &port->before;

	return (struct port_counters){
		.packets = go_on(now->packets, &latest->packets, &before->packets),
		.bytes = go_on(now->bytes, &latest->bytes, &before->bytes),
		.missed = go_on(now->missed, &latest->missed, &before->missed),
		.nombuf = go_on(now->nombuf, &latest->nombuf, &before->nombuf),
		.errors = go_on(now->errors, &latest->errors, &before->errors),
	};
}

static struct port_counters counters_of(struct port *port, const struct rte_eth_stats *stats)
{
	struct port_counters c = {stats->ipackets, stats->ibytes, stats->imissed,
		stats->rx_nombuf, stats->ierrors};
	uint64_t missed = 0;

	for (uint32_t i = 0; i < port->sockets.n; i++)
		missed += port->missed[i];
	/* What the sockets say has what the driver took from them. */
	if (missed > c.missed)
		c.missed = missed;
	return go_on_all(port, &c);
}

/* What a driver does not fill in is 0, and there are places for so many queues alone. */
static uint32_t queues_counted(const struct port *port)
{
	bool counts = port->info->dev_flags &&
		      *port->info->dev_flags & RTE_ETH_DEV_AUTOFILL_QUEUE_XSTATS;
	uint32_t most = port->queues < RTE_ETHDEV_QUEUE_STAT_CNTRS
				? port->queues
				: RTE_ETHDEV_QUEUE_STAT_CNTRS;

	return counts ? most : 0;
}

static uint32_t read_queues(const struct port *port, const struct rte_eth_stats *stats,
	struct port_queue_counters out[PORT_QUEUES_COUNTED])
{
	uint32_t n = queues_counted(port);

	n = n < PORT_QUEUES_COUNTED ? n : PORT_QUEUES_COUNTED;
	for (uint32_t q = 0; q < n; q++)
		out[q] = (struct port_queue_counters){
			.packets = stats->q_ipackets[q],
			.bytes = stats->q_ibytes[q],
			.errors = stats->q_errors[q],
			.missed = q < port->sockets.n ? port->missed[q] : COUNTER_UNKNOWN,
		};
	return n;
}

enum port_link port_link(struct port *port)
{
	static const enum port_link links[] = {
		[INTERFACE_UNKNOWN] = PORT_LINK_UNKNOWN,
		[INTERFACE_UP] = PORT_LINK_UP,
		[INTERFACE_DOWN] = PORT_LINK_DOWN,
		[INTERFACE_GONE] = PORT_LINK_GONE,
	};
	struct rte_eth_link link = {0};

	if (port->particulars.interface.index != 0)
		return links[interface_link(&port->particulars.interface)];
	if (port->beneath.index != 0 && interface_link(&port->beneath) == INTERFACE_GONE)
		return PORT_LINK_GONE;
	if (rte_eth_link_get_nowait(port->number, &link) != 0)
		return PORT_LINK_UNKNOWN;
	return link.link_status == RTE_ETH_LINK_UP ? PORT_LINK_UP : PORT_LINK_DOWN;
}

bool port_is_back(const struct port *port)
{
	struct interface now = {.index = 0};

	return port->driver->makes_interface || (interface_find(&now, port->beneath.name) &&
							interface_link(&now) == INTERFACE_UP);
}

static uint32_t read_xstats(const struct port *port, struct port_xstat *out, uint32_t max)
{
	int n = rte_eth_xstats_get_names(port->number, NULL, 0);
	uint32_t count = n > 0 && (uint32_t)n < max ? (uint32_t)n : max;
	struct rte_eth_xstat_name *names = n > 0 ? calloc((size_t)n, sizeof(*names)) : NULL;
	struct rte_eth_xstat *values = n > 0 ? calloc((size_t)n, sizeof(*values)) : NULL;

	if (!names || !values ||
		rte_eth_xstats_get_names(port->number, names, (unsigned)n) != n ||
		rte_eth_xstats_get(port->number, values, (unsigned)n) != n)
		count = 0;
	for (uint32_t i = 0; i < count; i++) {
		snprintf(out[i].name, sizeof(out[i].name), "%s", names[i].name);
		out[i].value = values[i].value;
	}
	free(names);
	free(values);
	return count;
}

/* ethdev's names of what rte_eth_stats_get() has, too. */
static uint64_t *stat_named(struct rte_eth_stats *stats, const char *name)
{
	static const struct {
		const char *name;
		size_t at;
	} names[] = {
		{"rx_good_packets", offsetof(struct rte_eth_stats, ipackets)},
		{"rx_good_bytes", offsetof(struct rte_eth_stats, ibytes)},
		{"rx_missed_errors", offsetof(struct rte_eth_stats, imissed)},
		{"rx_errors", offsetof(struct rte_eth_stats, ierrors)},
		{"rx_mbuf_allocation_errors", offsetof(struct rte_eth_stats, rx_nombuf)},
	};
	unsigned queue;
	char kind[16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i].name) == 0)
			return (uint64_t *)(void *)((char *)stats + names[i].at);
	if (sscanf(name, "rx_q%u_%15s", &queue, kind) != 2 ||
		queue >= RTE_ETHDEV_QUEUE_STAT_CNTRS)
		return NULL;
	return strcmp(kind, "packets") == 0  ? &stats->q_ipackets[queue]
	       : strcmp(kind, "bytes") == 0  ? &stats->q_ibytes[queue]
	       : strcmp(kind, "errors") == 0 ? &stats->q_errors[queue]
					     : NULL;
}

struct port_reading port_ask(struct port *port, struct port_xstat *xstats, uint32_t max)
{
	struct port_reading reading = {.n_queues = 0};
	struct rte_eth_stats stats = {0};
	uint64_t *stat;

	/* No answer is no beginning at 0: all would be counted twice with the next one. */
	if (rte_eth_stats_get(port->number, &stats) != 0) {
		reading.counters = known(port);
		return reading;
	}
	/* Asked a moment later: where both have a counter, there is one value. */
	if (xstats)
		reading.n_xstats = read_xstats(port, xstats, max);
	for (uint32_t i = 0; i < reading.n_xstats; i++)
		if ((stat = stat_named(&stats, xstats[i].name)))
			*stat = xstats[i].value;
	reading.counters = counters_of(port, &stats);
	reading.n_queues = read_queues(port, &stats, reading.queues);
	return reading;
}
