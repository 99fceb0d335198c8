/* Configures a port's device before it starts: queues, MTU, RSS, offloads. */
#include "dataplane/port/port_inside.h"

#include <rte_ethdev.h>

#include <stdio.h>
#include <string.h>

#include "config/log/error.h"

enum {
	DESCRIPTORS = 4096, /* of a queue, where the driver allows */
	DESCRIPTORS_USUAL = 512,
	QUEUES_MAX = 128,
	LINK_BYTES = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN,
	RETA_MAX = 2048,
};

static uint16_t clamp(uint32_t wanted, uint32_t most)
{
	uint32_t n = wanted < most ? wanted : most;

	return (uint16_t)(n < QUEUES_MAX ? n : QUEUES_MAX);
}

/* A symmetric key: both directions of an outer conversation come in by one queue (Woo and Park,
 * "Scalable TCP Session Monitoring with Symmetric RSS", 2012). */
static void set_rss(struct port *port, struct rte_eth_conf *conf)
{
	uint64_t kinds = port->info->flow_type_rss_offloads &
			 (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP);

	if (port->queues < 2 || kinds == 0)
		return;
	port->rss = true;
	for (int i = 0; i < RSS_KEY_MAX; i++)
		port->rss_key[i] = i % 2 ? 0x5a : 0x6d;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_hf = kinds;
	if (port->info->hash_key_size <= RSS_KEY_MAX && port->info->hash_key_size > 0) {
		conf->rx_adv_conf.rss_conf.rss_key = port->rss_key;
		conf->rx_adv_conf.rss_conf.rss_key_len = port->info->hash_key_size;
	}
}

/* 0: as the device has it. */
static uint32_t mtu_for(const struct port *port)
{
	uint32_t most = port->info->max_mtu ? port->info->max_mtu : RTE_ETHER_MTU;
	uint32_t frame = port->info->max_rx_pktlen;

	if (port->particulars.keeps_mtu)
		return 0;
	if (frame > LINK_BYTES && frame - LINK_BYTES < most)
		most = frame - LINK_BYTES;
	return most < MTU_WANTED ? most : MTU_WANTED;
}

static int set_descriptors(struct port *port, uint16_t *tx)
{
	uint16_t wanted =
		port->particulars.descriptors ? port->particulars.descriptors : DESCRIPTORS;
	int result;

	port->descriptors = wanted;
	*tx = TX_DESCRIPTORS;
	result = rte_eth_dev_adjust_nb_rx_tx_desc(port->number, &port->descriptors, tx);
	if (result != 0)
		port->descriptors = wanted < DESCRIPTORS_USUAL ? wanted : DESCRIPTORS_USUAL;
	return result;
}

/* Some hardware has a key that cannot be set. */
static int configure(struct port *port, struct rte_eth_conf *conf, uint16_t tx)
{
	int result = rte_eth_dev_configure(port->number, port->queues, tx, conf);

	if (result == 0 || !conf->rx_adv_conf.rss_conf.rss_key)
		return result;
	conf->rx_adv_conf.rss_conf.rss_key = NULL;
	conf->rx_adv_conf.rss_conf.rss_key_len = 0;
	return rte_eth_dev_configure(port->number, port->queues, tx, conf);
}

int port_configure(struct port *port, const struct port_params *params, struct error *error)
{
	struct rte_eth_conf conf = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE}};
	uint16_t tx = port->info->max_tx_queues > 0 ? 1 : 0, tx_descriptors;
	uint32_t suits = port->particulars.one_queue ? 1 : params->workers;
	uint32_t wanted = params->queues ? params->queues : suits;
	int result;

	port->queues = clamp(
		port->particulars.all_queues ? QUEUES_MAX : wanted, port->info->max_rx_queues);
	conf.rxmode.mtu = mtu_for(port);
	if (port_scatters(port))
		conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
	if (params->device_times)
		conf.rxmode.offloads |=
			port->info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP;
	set_rss(port, &conf);
	result = configure(port, &conf, tx);
	if (result != 0) {
		port_say(error, port, "rte_eth_dev_configure", result,
			"try fewer queues (capture.queues)");
		return -1;
	}
	set_descriptors(port, &tx_descriptors);
	if (tx)
		result = rte_eth_tx_queue_setup(
			port->number, 0, tx_descriptors, SOCKET_ID_ANY, NULL);
	if (result != 0)
		port_say(error, port, "rte_eth_tx_queue_setup", result, "");
	return result != 0 ? -1 : 0;
}

int port_set_up_queues(struct port *port, struct error *error)
{
	const char *advice = port->driver->advice;

	for (uint16_t q = 0; q < port->queues; q++) {
		int result = rte_eth_rx_queue_setup(
			port->number, q, port->descriptors, SOCKET_ID_ANY, NULL, port->pool);

		if (result == 0)
			continue;
		port_say(error, port, "rte_eth_rx_queue_setup", result,
			advice ? advice : "see DPDK's own words above");
		return -1;
	}
	return 0;
}

/* Hardware often does so by itself, but not all of it after a change of the number of queues. A
 * device that has no such call is left as it is. */
void port_spread(struct port *port)
{
	struct rte_eth_rss_reta_entry64 reta[RETA_MAX / RTE_ETH_RETA_GROUP_SIZE];
	uint16_t n = port->info->reta_size;

	if (!port->rss || n == 0 || n > RETA_MAX)
		return;
	memset(reta, 0, sizeof(reta));
	for (uint16_t i = 0; i < n; i++) {
		struct rte_eth_rss_reta_entry64 *group = &reta[i / RTE_ETH_RETA_GROUP_SIZE];

		group->mask |= UINT64_C(1) << i % RTE_ETH_RETA_GROUP_SIZE;
		group->reta[i % RTE_ETH_RETA_GROUP_SIZE] = i % port->queues;
	}
	(void)rte_eth_dev_rss_reta_update(port->number, reta, n);
}
