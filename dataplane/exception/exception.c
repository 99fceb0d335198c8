#include "dataplane/exception/exception_inside.h"

#include "config/log/now.h"
#include "decap/counters/shared.h"

#include <rte_mbuf.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"

/* --- start and end --- */

static void free_port(struct exception_port *port)
{
	if (!port)
		return;
	tap_close(port->tap);
	free(port->ways);
	free(port);
}

static struct exception_port *make_port(
	struct exception *exception, struct port *port, const struct settings *settings)
{
	struct exception_port *p = calloc(1, sizeof(*p));

	if (!p || !(p->ways = cache_line_alloc(exception->n_workers * sizeof(*p->ways)))) {
		free_port(p);
		return NULL;
	}
	p->port = port;
	p->n_ways = exception->n_workers;
	token_bucket_init(&p->bucket, settings->exception.rate, settings->exception.burst,
		now_monotonic());
	return p;
}

/* Names one interface for each port; only `%d` at the end is replaced. */
static void interface_name(const char *pattern, uint32_t number, char name[VALUE_INTERFACE + 1])
{
	size_t stem = strcspn(pattern, "%");

	if (pattern[stem] == '%')
		snprintf(name, VALUE_INTERFACE + 1, "%.*s%u", (int)stem, pattern, number);
	else
		snprintf(name, VALUE_INTERFACE + 1, "%s", pattern);
}

/* The one that the address names; the first where it names none. */
static struct exception_port *port_of(
	const struct exception *exception, const struct value_address *address)
{
	for (uint32_t i = 0; i < exception->n_ports; i++)
		if (!address->device[0] ||
			strcmp(address->device, exception->ports[i]->interface) == 0)
			return exception->ports[i];
	return NULL;
}

static int set_address(const struct exception *exception, const char *text, struct error *error)
{
	struct value_address address = {.ip_version = 0};
	struct exception_port *port;
	struct error why = {"no port has an interface of this name"};

	if (!value_address(text, &address))
		return 0; /* the settings were checked */
	port = port_of(exception, &address);
	if (port && tap_address(port->tap, &address, &why) == 0)
		return 0;
	error_set(error, "exception.addresses: %s: %s", text, why.text);
	return -1;
}

struct exception *exception_create(uint32_t n_workers)
{
	struct exception *exception = calloc(1, sizeof(*exception));

	if (exception)
		exception->n_workers = n_workers;
	return exception;
}

struct exception_port *exception_add(struct exception *exception, struct port *port,
	const struct settings *settings, struct error *error)
{
	struct exception_port *p = make_port(exception, port, settings);
	struct tap_params params = {.mtu = port_mtu(port)};

	if (!p) {
		error_set(error, "not enough memory for the exception path");
		return NULL;
	}
	interface_name(settings->exception.interface, exception->n_ports, p->interface);
	params.name = p->interface;
	port_mac(port, params.mac);
	p->tap = tap_open(&params, error);
	if (p->tap) {
		exception->ports[exception->n_ports++] = p;
		return p;
	}
	free_port(p);
	return NULL;
}

int exception_start(
	struct exception *exception, const struct settings *settings, struct error *error)
{
	const struct settings_strings *addresses = &settings->exception.addresses;

	if (exception->n_ports == 0)
		return 0;
	for (uint32_t i = 0; i < addresses->count; i++)
		if (set_address(exception, addresses->text[i], error) != 0)
			return -1;
	return service_start(&exception->service, &exception_work, exception, error);
}

void exception_stop(struct exception *exception)
{
	if (!exception)
		return;
	service_stop(&exception->service, SERVICE_NO_LIMIT);
	for (uint32_t i = 0; i < exception->n_ports; i++) {
		tap_close(exception->ports[i]->tap);
		exception->ports[i]->tap = NULL;
	}
}

void exception_destroy(struct exception *exception)
{
	if (!exception)
		return;
	exception_stop(exception);
	for (uint32_t i = 0; i < exception->n_ports; i++)
		free_port(exception->ports[i]);
	free(exception);
}

/* --- looking --- */

const char *exception_interface(const struct exception_port *port)
{
	return port->interface;
}

bool exception_is_gone(const struct exception_port *port)
{
	return atomic_load_explicit(&port->gone, memory_order_acquire);
}

struct exception_ledger exception_ledger(const struct exception_port *port)
{
	/* What became of packets is read first: no sum has more than was offered. */
	struct exception_ledger l = {
		.delivered_bytes = shared_get(&port->counts[DELIVERED_BYTES]),
		.delivered = shared_get(&port->counts[DELIVERED]),
		.rate_limited = shared_get(&port->counts[RATE_LIMITED]),
		.lost_tap = shared_get(&port->counts[LOST_TAP]),
		.sent_bytes = shared_get(&port->counts[SENT_BYTES]),
		.sent = shared_get(&port->counts[SENT]),
		.lost_tx = shared_get(&port->counts[LOST_TX]),
		.from_kernel_bytes = shared_get(&port->counts[FROM_KERNEL_BYTES]),
		.from_kernel = shared_get(&port->counts[FROM_KERNEL]),
	};

	for (uint32_t w = 0; w < port->n_ways; w++)
		l.lost_ring += shared_get(&port->ways[w].lost_ring);
	for (uint32_t w = 0; w < port->n_ways; w++) {
		l.offered += shared_get(&port->ways[w].offered);
		l.offered_bytes += shared_get(&port->ways[w].offered_bytes);
	}
	return l;
}
