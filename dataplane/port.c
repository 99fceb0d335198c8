#include "dataplane/port.h"

#include "dataplane/eal.h"
#include "dataplane/port_af_packet.h"
#include "decap/packet.h"

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <net/if.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DESCRIPTORS_MIN = 512,
	BUFFERS_MIN = 256,
	DESCRIPTORS = 4096, /* of a queue, where the driver allows */
	MTU_WANTED = 9001,  /* the largest in a VPC */
	ROOM = 2048,        /* of a buffer, where frames may come in several */
	ROOM_WHOLE = 9216,  /* and where they may not: a jumbo frame */
	LARGE_ROOM = 65535 - RTE_PKTMBUF_HEADROOM,
	LARGE_COUNT = 255, /* frames made linear that may be in use at once */
	CACHE = 250,
	QUEUES_MAX = 128,
	TX_DESCRIPTORS = 256,
	TX_BUFFERS = TX_DESCRIPTORS + 256,
	LINK_TAGGED = RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN,
	LINK_BYTES = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN,
	RSS_KEY_MAX = 64,
};

struct port {
	char *device; /* as the settings have it */
	char name[RTE_ETH_NAME_MAX_LEN];
	uint16_t number;
	uint16_t queues, descriptors;
	bool started, probed;
	struct rte_mempool *pool, *large; /* `large`: NULL where frames come in one piece */
	struct rte_mempool *tx_pool;      /* NULL: it sends nothing */
	struct af_packet *af;             /* NULL: another driver */
	struct rte_eth_dev_info info;
	uint8_t rss_key[RSS_KEY_MAX];
};

static void say(char *error, size_t size, const struct port *port, const char *call, int result,
	const char *advice)
{
	snprintf(error, size, "%s: %s: %s%s%s", port->device, call,
		strerror(result < 0 ? -result : result), advice[0] ? "; " : "", advice);
}

/* What stands before the first comma: the name EAL gives a virtual device. */
static void short_name(const char *device, char *name, size_t size)
{
	snprintf(name, size, "%.*s", (int)strcspn(device, ","), device);
}

static int find_port(struct port *port)
{
	char name[RTE_ETH_NAME_MAX_LEN], full[RTE_ETH_NAME_MAX_LEN + 8];

	short_name(port->device, name, sizeof(name));
	if (rte_eth_dev_get_port_by_name(name, &port->number) == 0)
		return 0;
	snprintf(full, sizeof(full), "0000:%s", name); /* a PCI address without its domain */
	return rte_eth_dev_get_port_by_name(full, &port->number);
}

/* PCI devices were probed when EAL started. */
static int probe(struct port *port, const char *args, char *error, size_t size)
{
	bool pci = eal_is_pci(port->device);
	int result = pci ? 0 : rte_dev_probe(args);

	if (result == 0)
		result = find_port(port);
	if (result == 0) {
		port->probed = true;
		return 0;
	}
	say(error, size, port, pci ? "rte_eal_init found no such port" : "rte_dev_probe",
		result,
		pci ? "bind it to vfio-pci (dpdk-devbind.py), and see that its IOMMU group is "
		      "free"
		    : "see the driver's name and arguments, whether this user may open it "
		      "(CAP_NET_RAW, CAP_NET_ADMIN), and DPDK's own words above");
	return -1;
}

static uint16_t clamp(uint32_t wanted, uint32_t most)
{
	uint32_t n = wanted < most ? wanted : most;

	return (uint16_t)(n < QUEUES_MAX ? n : QUEUES_MAX);
}

/* A symmetric key: both directions of an outer conversation come in by one queue (Woo and Park,
 * "Scalable TCP Session Monitoring with Symmetric RSS", 2012). */
static void set_rss(struct port *port, struct rte_eth_conf *conf)
{
	uint64_t kinds = port->info.flow_type_rss_offloads &
			 (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP);

	if (port->queues < 2 || kinds == 0)
		return;
	for (int i = 0; i < RSS_KEY_MAX; i++)
		port->rss_key[i] = i % 2 ? 0x5a : 0x6d;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_hf = kinds;
	if (port->info.hash_key_size <= RSS_KEY_MAX && port->info.hash_key_size > 0) {
		conf->rx_adv_conf.rss_conf.rss_key = port->rss_key;
		conf->rx_adv_conf.rss_conf.rss_key_len = port->info.hash_key_size;
	}
}

static bool scatters(const struct port *port)
{
	return port->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
}

static uint32_t mtu_for(const struct port *port)
{
	uint32_t most = port->info.max_mtu ? port->info.max_mtu : RTE_ETHER_MTU;
	uint32_t frame = port->info.max_rx_pktlen;

	if (frame > LINK_BYTES && frame - LINK_BYTES < most)
		most = frame - LINK_BYTES;
	return most < MTU_WANTED ? most : MTU_WANTED;
}

static int configure(struct port *port, char *error, size_t size)
{
	struct rte_eth_conf conf = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE}};
	uint16_t tx = port->info.max_tx_queues > 0 ? 1 : 0, tx_descriptors = TX_DESCRIPTORS;
	int result;

	/* A kernel interface keeps the MTU it has. */
	if (!port->af)
		conf.rxmode.mtu = mtu_for(port);
	if (scatters(port))
		conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
	set_rss(port, &conf);
	result = rte_eth_dev_configure(port->number, port->queues, tx, &conf);
	if (result != 0 && conf.rxmode.mq_mode == RTE_ETH_MQ_RX_RSS &&
		conf.rx_adv_conf.rss_conf.rss_key) {
		/* Some hardware has a key that cannot be set. */
		conf.rx_adv_conf.rss_conf.rss_key = NULL;
		conf.rx_adv_conf.rss_conf.rss_key_len = 0;
		result = rte_eth_dev_configure(port->number, port->queues, tx, &conf);
	}
	if (result != 0) {
		say(error, size, port, "rte_eth_dev_configure", result,
			"try fewer queues (capture.queues)");
		return -1;
	}
	port->descriptors = DESCRIPTORS;
	result = rte_eth_dev_adjust_nb_rx_tx_desc(
		port->number, &port->descriptors, tx ? &tx_descriptors : NULL);
	if (result != 0)
		port->descriptors = 512;
	if (tx)
		result = rte_eth_tx_queue_setup(
			port->number, 0, tx_descriptors, SOCKET_ID_ANY, NULL);
	if (tx && result != 0)
		say(error, size, port, "rte_eth_tx_queue_setup", result, "");
	return tx && result != 0 ? -1 : 0;
}

/* Bytes of a buffer's data: a whole frame where the driver cannot use several buffers for one. */
static uint32_t room_for(const struct port *port)
{
	uint32_t room = ROOM;

	if (port->af)
		room = af_packet_frame(port->af);
	else if (!scatters(port) && port->info.max_rx_pktlen > ROOM)
		room = port->info.max_rx_pktlen < ROOM_WHOLE ? port->info.max_rx_pktlen
							     : ROOM_WHOLE;
	if (room < port->info.min_rx_bufsize)
		room = port->info.min_rx_bufsize;
	return room < LARGE_ROOM ? room : LARGE_ROOM;
}

static struct rte_mempool *make_pool(
	const struct port *port, const char *kind, uint32_t n, uint32_t room)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "%s%u", kind, port->number);
	return rte_pktmbuf_pool_create(name, n, n > 4 * CACHE ? CACHE : 0, 0,
		(uint16_t)(room + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
}

/* How many buffers to have: enough for the rings of the queues, and for those that are away. With
 * little memory the rings become shorter. 0: too little even so. */
static uint32_t count_buffers(
	struct port *port, const struct port_params *params, uint64_t fits)
{
	for (;;) {
		/* The driver of kernel sockets holds no buffers in its rings. */
		uint32_t held = port->af ? BURST_MAX : port->descriptors;
		uint64_t least = (uint64_t)port->queues * held + BUFFERS_MIN;

		if (fits >= least)
			return (uint32_t)(least + params->buffers < fits
						  ? least + params->buffers
						  : fits);
		if (port->af || port->descriptors <= DESCRIPTORS_MIN)
			return 0;
		port->descriptors /= 2;
	}
}

static int make_pools(
	struct port *port, const struct port_params *params, char *error, size_t size)
{
	uint32_t room = room_for(port), n;
	uint64_t each = room + RTE_PKTMBUF_HEADROOM + sizeof(struct rte_mbuf) + 128;
	uint64_t large = port->af ? 0 : (uint64_t)LARGE_COUNT * (LARGE_ROOM + 1024);
	uint64_t fits = params->memory > large ? (params->memory - large) / each : 0;

	n = count_buffers(port, params, fits);
	if (n == 0) {
		snprintf(error, size,
			"%s: %llu MiB of memory are too few for buffers of %u bytes for %u "
			"queues; "
			"raise capture.memory or lower capture.queues",
			port->device, (unsigned long long)(params->memory >> 20), room,
			port->queues);
		return -1;
	}
	port->pool = make_pool(port, "rx", n, room);
	if (port->pool && large)
		port->large = make_pool(port, "large", LARGE_COUNT, LARGE_ROOM);
	if (port->pool && (port->large || !large))
		return 0;
	say(error, size, port, "rte_pktmbuf_pool_create", rte_errno,
		"lower capture.memory, or give the machine huge pages");
	return -1;
}

/* The kernel's frames come in one piece each, and go as they come. */
static int make_tx_pool(struct port *port, char *error, size_t size)
{
	port->tx_pool = make_pool(port, "tx", TX_BUFFERS, port_mtu(port) + LINK_TAGGED);
	if (port->tx_pool)
		return 0;
	say(error, size, port, "rte_pktmbuf_pool_create", rte_errno,
		"give the machine more memory, or set exception.mode to off");
	return -1;
}

static int set_up_queues(struct port *port, char *error, size_t size)
{
	for (uint16_t q = 0; q < port->queues; q++) {
		int result = rte_eth_rx_queue_setup(
			port->number, q, port->descriptors, SOCKET_ID_ANY, NULL, port->pool);

		if (result == 0)
			continue;
		say(error, size, port, "rte_eth_rx_queue_setup", result,
			port->af ? "framesz must leave room in a buffer: at most 61440" : "");
		return -1;
	}
	return 0;
}

static int bring_up(struct port *port, const struct port_params *params, char *error,
	char *note, size_t size)
{
	char args[1024];
	uint32_t wanted;
	int result;

	snprintf(args, sizeof(args), "%s", params->device);
	if (af_packet_is(params->device)) {
		port->af = af_packet_open(params, args, sizeof(args), error, size);
		if (!port->af)
			return -1;
	}
	if (probe(port, args, error, size) != 0)
		return -1;
	if (port->af)
		af_packet_probed(port->af);
	rte_eth_dev_get_name_by_port(port->number, port->name);
	result = rte_eth_dev_info_get(port->number, &port->info);
	if (result != 0) {
		say(error, size, port, "rte_eth_dev_info_get", result, "");
		return -1;
	}
	wanted = params->queues ? params->queues : params->workers;
	/* Kernel sockets deal packets to all the queues they have; each must be read. */
	port->queues = clamp(port->af ? QUEUES_MAX : wanted, port->info.max_rx_queues);
	if (port->queues < wanted && !port->af)
		snprintf(note, size,
			"%s: has %u of %u receive queues; workers without one get their "
			"packets "
			"from the others",
			port->device, port->queues, wanted);
	if (configure(port, error, size) != 0 || make_pools(port, params, error, size) != 0)
		return -1;
	if (params->sends && port->info.max_tx_queues > 0 &&
		make_tx_pool(port, error, size) != 0)
		return -1;
	return set_up_queues(port, error, size);
}

struct port *port_open(const struct port_params *params, char *error, char *note, size_t size)
{
	struct port *port = calloc(1, sizeof(*port));

	note[0] = '\0';
	if (port)
		port->device = strdup(params->device);
	if (!port || !port->device) {
		snprintf(error, size, "%s: not enough memory", params->device);
		free(port);
		return NULL;
	}
	if (bring_up(port, params, error, note, size) == 0)
		return port;
	port_close(port);
	return NULL;
}

int port_start(struct port *port, char *error, size_t size)
{
	int result = rte_eth_dev_start(port->number);

	if (result != 0) {
		say(error, size, port, "rte_eth_dev_start", result, "");
		return -1;
	}
	port->started = true;
	/* Mirror traffic is addressed to the port; where it is not (a lab), this helps, and a
	 * driver that cannot do it does not need it. */
	(void)rte_eth_promiscuous_enable(port->number);
	return 0;
}

void port_stop(struct port *port)
{
	if (port->started)
		rte_eth_dev_stop(port->number);
	port->started = false;
}

void port_close(struct port *port)
{
	if (!port)
		return;
	port_stop(port);
	if (port->probed)
		rte_eth_dev_close(port->number);
	rte_mempool_free(port->pool);
	rte_mempool_free(port->large);
	rte_mempool_free(port->tx_pool);
	af_packet_close(port->af);
	free(port->device);
	free(port);
}

const char *port_name(const struct port *port)
{
	return port->name;
}

uint32_t port_queues(const struct port *port)
{
	return port->queues;
}

uint16_t port_number(const struct port *port)
{
	return port->number;
}

bool port_is_kernels(const char *device)
{
	return af_packet_is(device) || strncmp(device, "net_pcap", 8) == 0 ||
	       strncmp(device, "eth_pcap", 8) == 0;
}

bool port_has_kernel_beside(const char *device)
{
	return af_packet_is(device);
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
	return port->af ? af_packet_frames(port->af) : port->descriptors;
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

struct port_counters port_counters(struct port *port)
{
	struct rte_eth_stats stats = {0};
	struct port_counters c = {0};

	if (rte_eth_stats_get(port->number, &stats) == 0)
		c = (struct port_counters){stats.ipackets, stats.ibytes, stats.imissed,
			stats.rx_nombuf, stats.ierrors};
	if (port->af)
		c.missed += af_packet_missed(port->af);
	return c;
}

enum port_link port_link(struct port *port)
{
	struct rte_eth_link link = {0};

	if (port->af)
		return af_packet_link(port->af);
	if (rte_eth_link_get_nowait(port->number, &link) != 0)
		return PORT_LINK_UNKNOWN;
	return link.link_status == RTE_ETH_LINK_UP ? PORT_LINK_UP : PORT_LINK_DOWN;
}

uint32_t port_xstats(const struct port *port, struct port_xstat *out, uint32_t max)
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
