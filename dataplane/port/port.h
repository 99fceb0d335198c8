/* A port: one DPDK device that mirror traffic comes in by, with its receive queues and the buffers
 * its packets lie in. Opened by the description of the settings: a PCI address, or a virtual
 * device with arguments (`net_af_packet0,iface=eth1`). EAL must be up.
 *
 * What cannot be brought up says which call failed, on which device, and what to try. The control
 * thread opens, watches and closes; each queue is read by one worker. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "decap/counters/counters.h"

struct rte_mbuf;
struct port;

/* Beside what port_params has: a port that sends takes so many bytes at most. */
#define PORT_SENDING_MEMORY (UINT64_C(8) << 20)

struct port_params {
	const char *device;
	uint32_t queues;  /* wanted, 0 = what suits the driver; it may have fewer */
	uint32_t workers; /* that can read them */
	uint32_t buffers; /* that may be away at once: in rings, in workers' hands */
	uint32_t needed;  /* of them; with fewer `note` says what may come of it */
	uint32_t large;   /* large ones of them, see port_is_large() */
	uint64_t memory;  /* bytes for buffers, at most */
	/* Of the encapsulations: kept from the kernel where it sees the packets, too. */
	const uint16_t *udp_ports;
	uint32_t n_udp_ports;
	bool device_times; /* use the device's own receive times, where it has them */
	bool sends;        /* port_send() will be used, where the driver can send */
};

/* Whether such a device needs no exception path: its packets also reach the kernel (an interface
 * that stays the kernel's), or nobody waits for an answer (a capture file). */
bool port_is_kernels(const char *device);
/* The kernel gets the packets of such a device as well. */
bool port_has_kernel_beside(const char *device);

/* NULL: `error` says why. `note` (of the same size) gets a sentence where something is not as
 * good as it could be, else "". */
struct port *port_open(
	const struct port_params *params, struct error *error, char *note, size_t size);
/* From now on packets come. 0, or -1 and `error`. */
int port_start(struct port *port, struct error *error);
void port_stop(struct port *port);
/* Stops and frees. No mbuf of the port may be in use. NULL is legal. */
void port_close(struct port *port);

const char *port_name(const struct port *port);
/* The kernel's interface beneath it, as it was called when the port was opened; "": there is none. */
const char *port_interface(const struct port *port);
uint32_t port_queues(const struct port *port);
uint16_t port_number(const struct port *port); /* DPDK's */
/* Packets that one queue holds until they are received. */
uint32_t port_holds(const struct port *port);

/* One worker a queue. Every packet comes in one piece: one in several (a jumbo frame in small
 * buffers) is copied into a large one, and when there is none left it arrives cut: rte_pktmbuf's
 * data_len is then less than its pkt_len. */
uint32_t port_receive(struct port *port, uint32_t queue, struct rte_mbuf **mbufs, uint32_t n);
/* True for a packet that was copied into a large buffer, of which there are few. */
bool port_is_large(const struct rte_mbuf *m);

/* Ethernet address, and the largest IP packet that goes by the port. */
void port_mac(const struct port *port, uint8_t mac[6]);
uint32_t port_mtu(const struct port *port);

bool port_sends(const struct port *port);
/* Of a port that sends, by one thread. port_buffer(): an empty mbuf with room for a byte more than the
 * longest frame; NULL: there is none left. port_send() takes over the first k of the mbufs, which it returns; the
 * others stay the caller's. */
struct rte_mbuf *port_buffer(struct port *port);
uint32_t port_send(struct port *port, struct rte_mbuf **mbufs, uint32_t n);

/* The queue's worker: how full it is, in percent; 0 where the driver cannot tell. */
uint32_t port_fill(const struct port *port, uint32_t queue);

/* The device gives its packets times of its own. */
bool port_has_times(const struct port *port);
/* Then, in the worker: times[i] becomes the time of packet i, in ns since 1970: the device's where that
 * is sane (see port_time.h), else `now_ns`. Returns how many are the device's. */
uint32_t port_times(const struct port *port, struct rte_mbuf *const *mbufs, uint32_t n,
	uint64_t now_ns, uint64_t *times);

/* One thread at a time, as port_ask(), a few times a second and before that: asks the kernel what the
 * driver does not know, and the device's clock. */
void port_tick(struct port *port);

enum { PORT_QUEUES_COUNTED = 16 };
struct port_xstat {
	char name[64];
	uint64_t value;
};
/* What the port has counted, all of one moment. */
struct port_reading {
	struct port_counters counters;
	struct port_queue_counters queues[PORT_QUEUES_COUNTED];
	uint32_t n_queues; /* 0 where the driver does not count by queue */
	uint32_t n_xstats;
};
/* One thread at a time. `xstats` (NULL: not wanted) gets at most `max` of the driver's own counters. */
struct port_reading port_ask(struct port *port, struct port_xstat *xstats, uint32_t max);

enum port_link { PORT_LINK_UNKNOWN, PORT_LINK_UP, PORT_LINK_DOWN, PORT_LINK_GONE };
/* Control thread only. GONE: the interface was removed; nothing will come any more. */
enum port_link port_link(struct port *port);
/* Of one that is GONE: another interface of the name is up, or would be made at the next start. This
 * port does not read it. */
bool port_is_back(const struct port *port);
