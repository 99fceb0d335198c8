/* Opens, starts, stops and closes a port. */
#include "config/parse/plural.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/port_inside.h"

#include <rte_bus.h>
#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/log/error.h"

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

/* A virtual device from its bus: rte_dev_probe tells secondary processes, too, and of that with DPDK 24.11
 * takes no more than 127 bytes; a list of captures is longer. Its 1 says that no driver has the name. */
static int make_virtual(const char *args)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	size_t len = strcspn(args, ",");
	int result;

	short_name(args, name, sizeof(name));
	result = rte_vdev_init(name, args[len] == ',' ? args + len + 1 : "");
	return result > 0 ? -ENODEV : result;
}

/* PCI devices were probed when EAL started. */
static int probe(struct port *port, const char *args, struct error *error)
{
	const char *call = "rte_eal_init found no such port";
	const char *advice =
		"bind it to vfio-pci (dpdk-devbind.py), and see that its IOMMU group is free";
	int result = 0;

	if (!eal_is_pci(port->device)) {
		bool is_virtual = strncmp(args, "net_", 4) == 0;

		call = is_virtual ? "rte_vdev_init" : "rte_dev_probe";
		advice = "see the driver's name and arguments, whether this user may open it "
			 "(CAP_NET_RAW, CAP_NET_ADMIN), and DPDK's own words above";
		result = is_virtual ? make_virtual(args) : rte_dev_probe(args);
	}
	if (result == 0)
		result = find_port(port);
	if (result == 0) {
		port->probed = true;
		return 0;
	}
	port_say(error, port, call, result, advice);
	return -1;
}

/* Where the driver does not name it, ethdev may. */
static void find_interface(struct port *port)
{
	struct interface *beneath = &port->beneath;

	*beneath = port->particulars.interface;
	if (beneath->index == 0 && if_indextoname(port->info->if_index, beneath->name))
		beneath->index = port->info->if_index;
}

/* Arguments that the description leaves out, and the device itself. */
static int find_device(struct port *port, struct port_opening *opening)
{
	int result;

	snprintf(opening->args, sizeof(opening->args), "%s", opening->params->device);
	if (port->driver->sockets)
		driver_sockets_begin(&port->sockets, port->driver->sockets);
	if (port->driver->prepare && port->driver->prepare(&port->particulars, opening) != 0)
		return -1;
	if (probe(port, opening->args, opening->error) != 0)
		return -1;
	rte_eth_dev_get_name_by_port(port->number, port->name);
	result = rte_eth_dev_info_get(port->number, port->info);
	if (result != 0)
		port_say(opening->error, port, "rte_eth_dev_info_get", result, "");
	else
		find_interface(port);
	return result != 0 ? -1 : 0;
}

static void note_queues(const struct port *port, const struct port_opening *opening)
{
	const struct port_params *params = opening->params;
	uint32_t wanted = params->queues ? params->queues : params->workers;

	if (port->queues >= wanted || port->particulars.all_queues ||
		port->particulars.one_queue)
		return;
	port_note(opening,
		"%s: has %u of %u receive queue%s; workers without one get their packets from "
		"the others",
		port->device, port->queues, wanted, plural(wanted));
}

static int bring_up(struct port *port, struct port_opening *opening)
{
	const struct port_params *params = opening->params;
	struct error *error = opening->error;

	port->device_times = params->device_times;
	port_time_none(&port->time);
	if (find_device(port, opening) != 0 || port_configure(port, params, error) != 0 ||
		port_make_pools(port, opening) != 0)
		return -1;
	note_queues(port, opening);
	if (port_set_up_queues(port, error) != 0)
		return -1;
	if (port->driver->sockets)
		driver_sockets_end(&port->sockets);
	if (port->driver->opened)
		port->driver->opened(&port->particulars);
	return 0;
}

struct port *port_open(
	const struct port_params *params, struct error *error, char *note, size_t size)
{
	struct port_opening opening = {params, .error = error, .note = note, .note_size = size};
	struct port *port = calloc(1, sizeof(*port));

	note[0] = '\0';
	if (port) {
		port->listens = -1;
		port->driver = port_driver_of(params->device);
		port->device = strdup(params->device);
		port->info = calloc(1, sizeof(*port->info));
	}
	if (!port || !port->device || !port->info) {
		error_set(error, "%s: not enough memory", params->device);
		port_close(port);
		return NULL;
	}
	if (bring_up(port, &opening) == 0)
		return port;
	port_close(port);
	return NULL;
}

/* Mirror traffic is addressed to the port; where it is not (a lab), this helps, and a driver that cannot
 * do it does not need it. A flag that ethdev sets on an interface of the kernel would stay behind (a
 * killed process takes nothing back), so there it is a socket's membership. */
static void take_all(struct port *port, unsigned flags)
{
	const struct interface *interface = &port->particulars.interface;

	if (interface->index == 0) {
		(void)rte_eth_promiscuous_enable(port->number);
		return;
	}
	/* Starting a device, ethdev takes the flag off that somebody else may have set. */
	(void)interface_restore_flags(interface, flags);
	port->listens = interface_listen_to_all(interface);
}

int port_start(struct port *port, struct error *error)
{
	const struct interface *interface = &port->particulars.interface;
	unsigned flags = interface->index ? interface_set_flags(interface) : 0;
	int result = rte_eth_dev_start(port->number);

	if (result != 0) {
		port_say(error, port, "rte_eth_dev_start", result, "");
		return -1;
	}
	port->started = true;
	take_all(port, flags);
	port_spread(port);
	if (port->device_times)
		port_find_times(port);
	return 0;
}

void port_stop(struct port *port)
{
	if (port->started && port->particulars.interface.index == 0)
		(void)rte_eth_promiscuous_disable(port->number);
	if (port->started)
		rte_eth_dev_stop(port->number);
	if (port->listens >= 0)
		close(port->listens);
	port->listens = -1;
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
	if (port->driver->close)
		port->driver->close(&port->particulars);
	free(port->info);
	free(port->device);
	free(port);
}
