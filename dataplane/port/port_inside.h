/* The inside of a port, for the files that set it up, read it and count for it. */
#pragma once

#include "config/log/error.h"
#include "dataplane/port/port_driver.h"
#include "dataplane/port/port_time.h"

enum {
	PORT_NAME = 64,           /* characters of DPDK's name for a port */
	MTU_WANTED = 9001,        /* the largest in a VPC */
	LARGE_ROOM = 65535 - 128, /* a buffer and its headroom, in 16 bits */
	TX_DESCRIPTORS = 256,
	TX_BUFFERS = TX_DESCRIPTORS + 256,
	RSS_KEY_MAX = 64,
};

struct rte_eth_dev_info;
struct rte_mempool;

struct port {
	char *device; /* as the settings have it */
	char name[PORT_NAME];
	uint16_t number;
	uint16_t queues, descriptors;
	bool started, probed;
	int listens; /* to all packets of an interface of the kernel, by this socket; -1: not so */
	struct rte_mempool *pool, *large; /* `large`: NULL where frames come in one piece */
	struct rte_mempool *tx_pool;      /* NULL: it sends nothing */
	const struct port_driver *driver;
	struct port_particulars particulars;
	struct interface beneath;      /* of the kernel; index 0: none, or not known */
	struct driver_sockets sockets; /* of the driver, one a queue */
	uint64_t missed[SOCKETS_MAX];
	struct port_counters latest,
		before; /* as the driver said; what it has forgotten since */
	struct rte_eth_dev_info *info;
	uint8_t rss_key[RSS_KEY_MAX];
	bool rss, device_times;
	struct port_time time;
	uint64_t time_read_ns; /* when the device's counter was read last */
};

/* Says in `error` which call failed on which device, and what to try. */
void port_say(struct error *error, const struct port *port, const char *call, int result,
	const char *advice);

/* Each needs those before it; port_close() undoes them. 0, or -1 and `error`. */
int port_configure(struct port *port, const struct port_params *params, struct error *error);
int port_make_pools(struct port *port, const struct port_opening *opening);
int port_set_up_queues(struct port *port, struct error *error);
/* Once it has started: deals what RSS finds to the queues in turn. */
void port_spread(struct port *port);

/* Where the device's times stand, once its queues are set up. */
void port_find_times(struct port *port);
/* Control thread: how the device's clock goes, about once a second. */
void port_read_clock(struct port *port);
/* What one mbuf has of it, for another that takes its place. */
void port_copy_time(const struct port *port, struct rte_mbuf *to, const struct rte_mbuf *from);

/* A frame may come in several buffers. */
bool port_scatters(const struct port *port);
