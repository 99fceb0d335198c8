/* The TCP health check of a load balancer: a port that takes connections, and closes them at once,
 * for as long as the watch says healthy. When sick it is closed, so that the check is refused; when
 * well it is opened again. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "cli/watch.h"

struct health_port;

/* On every address of the host, IPv6 and IPv4. `watch` is borrowed until health_port_stop().
 * NULL: `error` says why. If the port cannot be opened again later, that is said on stderr and
 * tried again. */
struct health_port *health_port_start(
	uint16_t port, struct watch *watch, char *error, size_t error_size);
/* NULL is legal. */
void health_port_stop(struct health_port *p);
