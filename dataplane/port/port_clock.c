/* The times that a port's device gives its packets; port_time.h has what is made of them. */

/* rte_eth_read_clock() is there since DPDK 19.08, and not yet promised to stay. */
#define ALLOW_EXPERIMENTAL_API

#include "dataplane/port/port_inside.h"

#include "config/log/now.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

/* A driver registers the place of its timestamps in an mbuf only once its queues are set up. */
void port_find_times(struct port *port)
{
	int offset = rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, NULL);
	int bit = rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, NULL);
	uint64_t unit = port->particulars.time_unit_ns, ticks;

	if (offset < 0 || bit < 0)
		return;
	/* A device whose counter can be read counts ticks of its own; others count ns. */
	if (unit == 0 && rte_eth_read_clock(port->number, &ticks) != 0)
		unit = 1;
	port_time_begin(&port->time, offset, UINT64_C(1) << bit, unit);
}

bool port_has_times(const struct port *port)
{
	return port->time.offset >= 0;
}

static uint64_t stamp_of(const struct port *port, const struct rte_mbuf *m)
{
	return *RTE_MBUF_DYNFIELD(m, port->time.offset, const rte_mbuf_timestamp_t *);
}

uint32_t port_times(const struct port *port, struct rte_mbuf *const *mbufs, uint32_t n,
	uint64_t now_ns, uint64_t *times)
{
	struct time_scale scale = port_time_scale(&port->time);
	uint32_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		bool sane = false;

		times[i] = now_ns;
		if (mbufs[i]->ol_flags & port->time.flag)
			times[i] =
				time_scale_ns(&scale, stamp_of(port, mbufs[i]), now_ns, &sane);
		sum += sane;
	}
	return sum;
}

void port_copy_time(const struct port *port, struct rte_mbuf *to, const struct rte_mbuf *from)
{
	if (!port_has_times(port) || !(from->ol_flags & port->time.flag))
		return;
	to->ol_flags |= port->time.flag;
	*RTE_MBUF_DYNFIELD(to, port->time.offset, rte_mbuf_timestamp_t *) =
		stamp_of(port, from);
}

void port_read_clock(struct port *port)
{
	uint64_t now = now_wall(), ticks;

	if (!port_has_times(port) || !port->time.counts ||
		(now > port->time_read_ns && now - port->time_read_ns < NS_PER_S))
		return;
	port->time_read_ns = now;
	if (rte_eth_read_clock(port->number, &ticks) == 0)
		port_time_reading(&port->time, ticks, now);
}
