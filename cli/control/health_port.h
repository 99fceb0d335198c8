/* The TCP health check of a load balancer: a port that takes connections and closes them at
 * once, as long as the appliance is healthy. While it is not, the port is closed, so that the
 * check is refused. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/status/health_check.h"
#include "config/log/error.h"

struct health_port;

/* Takes the port on every address of the host, IPv6 and IPv4; connections are refused. NULL: `error`
 * says why. */
struct health_port *health_port_bind(uint16_t port, struct error *error);
/* Follows `health_check`, which is borrowed until health_port_stop(). false: `error` says why. If the port
 * cannot be opened again later, that is said on stderr and tried again. */
bool health_port_start(
	struct health_port *p, struct health_check *health_check, struct error *error);
/* NULL is legal. */
void health_port_stop(struct health_port *p);
