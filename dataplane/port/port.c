#include "dataplane/port/port_inside.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <stdio.h>
#include <string.h>

#include "config/log/error.h"

void port_say(struct error *error, const struct port *port, const char *call, int result,
	const char *advice)
{
	error_set(error, "%s: %s: %s%s%s", port->device, call,
		strerror(result < 0 ? -result : result), advice[0] ? "; " : "", advice);
}

const char *port_name(const struct port *port)
{
	return port->name;
}

const char *port_interface(const struct port *port)
{
	return port->beneath.index != 0 ? port->beneath.name : "";
}

uint32_t port_queues(const struct port *port)
{
	return port->queues;
}

uint16_t port_number(const struct port *port)
{
	return port->number;
}

bool port_scatters(const struct port *port)
{
	return port->info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
}

bool port_is_kernels(const char *device)
{
	return port_driver_of(device)->is_kernels;
}

bool port_has_kernel_beside(const char *device)
{
	return port_driver_of(device)->kernel_beside;
}

void port_mac(const struct port *port, uint8_t mac[6])
{
	struct rte_ether_addr address = {0};

	rte_eth_macaddr_get(port->number, &address);
	memcpy(mac, address.addr_bytes, sizeof(address.addr_bytes));
}

uint32_t port_mtu(const struct port *port)
{
	uint16_t mtu = RTE_ETHER_MTU;

	rte_eth_dev_get_mtu(port->number, &mtu);
	if (port->particulars.mtu)
		return port->particulars.mtu < MTU_WANTED ? port->particulars.mtu : MTU_WANTED;
	return mtu < MTU_WANTED ? mtu : MTU_WANTED;
}

bool port_sends(const struct port *port)
{
	return port->tx_pool != NULL;
}

struct rte_mbuf *port_buffer(struct port *port)
{
	return rte_pktmbuf_alloc(port->tx_pool);
}

uint32_t port_send(struct port *port, struct rte_mbuf **mbufs, uint32_t n)
{
	return rte_eth_tx_burst(port->number, 0, mbufs, (uint16_t)n);
}

uint32_t port_holds(const struct port *port)
{
	return port->particulars.ring ? port->particulars.ring : port->descriptors;
}

/* One large buffer instead of a chain; the chain itself when there is none left. */
static struct rte_mbuf *make_linear(const struct port *port, struct rte_mbuf *m)
{
	struct rte_mbuf *large = port->large ? rte_pktmbuf_alloc(port->large) : NULL;
	uint32_t len = m->pkt_len < LARGE_ROOM ? m->pkt_len : LARGE_ROOM;
	const void *bytes;
	char *to;

	if (!large)
		return m;
	to = rte_pktmbuf_mtod(large, char *);
	bytes = rte_pktmbuf_read(m, 0, len, to);
	if (bytes != to)
		memcpy(to, bytes, len);
	large->data_len = (uint16_t)len;
	large->pkt_len = m->pkt_len;
	port_copy_time(port, large, m);
	rte_pktmbuf_free(m);
	return large;
}

uint32_t port_receive(struct port *port, uint32_t queue, struct rte_mbuf **mbufs, uint32_t n)
{
	uint32_t got = rte_eth_rx_burst(port->number, (uint16_t)queue, mbufs, (uint16_t)n);

	for (uint32_t i = 0; i < got; i++)
		if (unlikely(mbufs[i]->nb_segs > 1))
			mbufs[i] = make_linear(port, mbufs[i]);
	return got;
}

uint32_t port_fill(const struct port *port, uint32_t queue)
{
	int n = rte_eth_rx_queue_count(port->number, (uint16_t)queue);

	return n > 0 && port->descriptors > 0 ? (uint32_t)n * 100 / port->descriptors : 0;
}
