/* The drivers that have particulars, and those of them that have few. */
#include "dataplane/port/port_driver.h"

#include <string.h>

enum {
	/* The kernel takes a list of as many buffers with each frame that net_tap reads: enough for
	 * 64 KiB, and not the thousand that the driver would take. */
	TAP_DESCRIPTORS = 40,
	TAP_RING = 1000, /* the kernel's default (txqueuelen) */
};

/* The interface is the driver's own, and there only once it is probed. */
static int prepare_tap(struct port_particulars *particulars, struct port_opening *opening)
{
	(void)opening;
	particulars->keeps_mtu = true;
	particulars->descriptors = TAP_DESCRIPTORS;
	particulars->ring = TAP_RING;
	/* As with net_af_packet, the kernel keeps no order between queues. */
	particulars->one_queue = true;
	return 0;
}

const struct port_driver port_tap = {
	.name = "net_tap",
	.makes_interface = true,
	.prepare = prepare_tap,
};

static int prepare_pcap(struct port_particulars *particulars, struct port_opening *opening)
{
	(void)opening;
	particulars->time_unit_ns = 1000;
	particulars->all_queues = true; /* one a capture */
	return 0;
}

const struct port_driver port_pcap = {
	.name = "net_pcap",
	.is_kernels = true,
	.prepare = prepare_pcap,
};

/* Of a queue that the other side does not have, the driver (22.11) reads the first queue's ring, which
 * then has two readers: packets are lost and damaged. */
static int prepare_memif(struct port_particulars *particulars, struct port_opening *opening)
{
	(void)opening;
	particulars->one_queue = true;
	return 0;
}

const struct port_driver port_memif = {
	.name = "net_memif",
	.prepare = prepare_memif,
};

const struct port_driver *port_driver_of(const char *device)
{
	static const struct port_driver *const drivers[] = {
		&port_af_packet, &port_af_xdp, &port_tap, &port_pcap, &port_memif};
	static const struct port_driver none = {.name = ""};

	for (size_t i = 0; i < sizeof(drivers) / sizeof(*drivers); i++) {
		const char *rest = drivers[i]->name + 3; /* the older names begin with eth_ */

		if ((strncmp(device, "net", 3) == 0 || strncmp(device, "eth", 3) == 0) &&
			strncmp(device + 3, rest, strlen(rest)) == 0)
			return drivers[i];
	}
	return &none;
}
