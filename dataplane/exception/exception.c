#include "dataplane/exception/exception_inside.h"

#include "config/log/now.h"
#include "dataplane/output/ring.h"

#include <rte_mbuf.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "config/log/error.h"

enum { LINE = 64 };

/* --- start and end --- */

static void free_port(struct exception_port *port)
{
	if (!port)
		return;
	tap_close(port->tap);
	for (uint32_t w = 0; port->ways && w < port->n_ways; w++)
		ring_destroy(port->ways[w].ring);
	free(port->ways);
	free(port);
}

static struct exception_port *make_port(
	struct exception *exception, struct port *port, const struct settings *settings)
{
	struct exception_port *p = calloc(1, sizeof(*p));
	size_t bytes = exception->n_workers * sizeof(*p->ways);
	bool ok = p && (p->ways = aligned_alloc(LINE, bytes));

	if (ok) {
		memset(p->ways, 0, bytes);
		p->port = port;
		p->n_ways = exception->n_workers;
		token_bucket_init(&p->bucket, settings->exception.rate,
			settings->exception.burst, now_monotonic());
	}
	for (uint32_t w = 0; ok && w < p->n_ways; w++)
		ok = (p->ways[w].ring = ring_create(EXCEPTION_RING)) != NULL;
	if (ok)
		return p;
	free_port(p);
	return NULL;
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

	if (!exception)
		return NULL;
	exception->n_workers = n_workers;
	exception->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (exception->wake >= 0)
		return exception;
	free(exception);
	return NULL;
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
	exception->started =
		pthread_create(&exception->thread, NULL, exception_main, exception) == 0;
	if (exception->started)
		return 0;
	error_set(error, "could not start the thread of the exception path");
	return -1;
}

void exception_stop(struct exception *exception)
{
	const uint64_t one = 1;

	if (!exception)
		return;
	atomic_store_explicit(&exception->stop, true, memory_order_release);
	(void)!write(exception->wake, &one, sizeof(one));
	if (exception->started)
		pthread_join(exception->thread, NULL);
	exception->started = false;
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
	close(exception->wake);
	free(exception);
}

/* --- looking --- */

static uint64_t get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_acquire);
}

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
		.delivered_bytes = get(&port->counts[DELIVERED_BYTES]),
		.delivered = get(&port->counts[DELIVERED]),
		.rate_limited = get(&port->counts[RATE_LIMITED]),
		.lost_tap = get(&port->counts[LOST_TAP]),
		.sent_bytes = get(&port->counts[SENT_BYTES]),
		.sent = get(&port->counts[SENT]),
		.lost_tx = get(&port->counts[LOST_TX]),
		.from_kernel_bytes = get(&port->counts[FROM_KERNEL_BYTES]),
		.from_kernel = get(&port->counts[FROM_KERNEL]),
	};

	for (uint32_t w = 0; w < port->n_ways; w++)
		l.lost_ring += get(&port->ways[w].lost_ring);
	for (uint32_t w = 0; w < port->n_ways; w++) {
		l.offered += get(&port->ways[w].offered);
		l.offered_bytes += get(&port->ways[w].offered_bytes);
	}
	return l;
}
