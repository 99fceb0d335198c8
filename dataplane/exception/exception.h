/* The exception path: what comes in by a port that DPDK owns and is no mirror traffic (ARP, neighbour
 * discovery, ICMP, health checks, DHCP) goes to the kernel, by a tap interface that carries the
 * port's MAC address and MTU; what the kernel sends by that interface goes out of the port. So
 * the kernel's own stack answers for the port.
 *
 *     worker -> ring (one a worker and port) -> exception thread -> tap       -> kernel
 *                            port, tx queue 0 <- exception thread <- tap       <- kernel
 *
 * Workers make no system call and never wait: a full ring loses the packet. One thread serves all
 * ports; it alone reads and writes the taps and sends by the ports, and it sleeps when there is
 * nothing to do. Towards the kernel a token bucket bounds the rate of each port.
 *
 * Who owns an mbuf: the worker, until exception_offer() takes it over; then the exception path,
 * which gives it back to its pool. It must have no mbuf of a port when the port is closed:
 * exception_stop() sees to that. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/settings/settings.h"
#include "dataplane/port/port.h"
#include "decap/ledger.h"
#include "inspect/summary/summary.h"

struct rte_mbuf;
struct exception;
struct exception_port;

enum {
	EXCEPTION_RING = 512, /* packets of one worker and port */
	EXCEPTION_PORTS = 16,
};

/* NULL: no memory. No thread yet. */
struct exception *exception_create(uint32_t n_workers);

/* Before the start: makes the tap of `port`, which must be one that sends. The first to be added is
 * number 0. NULL: `error` says why. */
struct exception_port *exception_add(struct exception *exception, struct port *port,
	const struct settings *settings, struct error *error);

/* Sets the addresses that the settings give. Once the ports have started. 0, or -1 and `error`. */
int exception_start(
	struct exception *exception, const struct settings *settings, struct error *error);
/* The workers have ended: brings what is in the rings to the kernel, ends the thread, and removes
 * the interfaces. Before the ports are stopped. Legal without a start, twice, and with NULL. */
void exception_stop(struct exception *exception);
/* Stops and frees. NULL is legal. */
void exception_destroy(struct exception *exception);

/* Worker `worker` alone, with a burst that came in by the port: why[i] is where packet i ended. Takes
 * over those of `mask` that ended in the bucket not_mirror, and returns which those are; all others
 * stay the caller's. */
uint64_t exception_offer(struct exception_port *port, uint32_t worker, struct rte_mbuf **mbufs,
	const enum reason *why, uint64_t mask);

/* Any thread, until exception_destroy(). */
const char *exception_interface(const struct exception_port *port);
bool exception_is_gone(const struct exception_port *port); /* somebody removed the interface */
/* At rest both its sums close; see struct exception_ledger. While it runs, what `offered` has too
 * much is in rings. */
struct exception_ledger exception_ledger(const struct exception_port *port);
