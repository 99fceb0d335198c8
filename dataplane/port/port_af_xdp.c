/* net_af_xdp: an interface of the kernel whose packets an XDP program turns away to us. Its buffers
 * are the kernel's chunks: they must lie, mbuf and all, within a page, and what is longer than their
 * rest is lost. Packets of queues that are not read go to the kernel as ever. */
#include "config/log/log.h"
#include "dataplane/port/port_driver.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <linux/bpf.h>
#include <linux/if_xdp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	KERNEL_HEADROOM = 256, /* XDP_PACKET_HEADROOM, in front of each frame */
	FILL = 2048,           /* buffers that the driver gives the kernel for a queue */
	RING = 2048,           /* a power of two; for sending, too */
	LINK_TAGGED = RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN,
};

/* The largest buffer that makes an object of the pool no larger than a page. */
static uint32_t room_in_page(void)
{
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE), room = page;
	uint32_t rest = sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM;

	while (room > RTE_CACHE_LINE_SIZE &&
		rte_mempool_calc_obj_size(rest + room, 0, NULL) > page)
		room -= RTE_CACHE_LINE_SIZE;
	return room;
}

static void note_mtu(const struct port_particulars *particulars,
	const struct port_opening *opening, uint32_t most)
{
	const struct interface *interface = &particulars->interface;
	uint32_t mtu = interface_mtu(interface);

	if (mtu > most)
		port_note(opening,
			"%s: packets longer than %u bytes will be lost, and %s carries up to "
			"%u: "
			"ip link set dev %s mtu %u",
			opening->params->device, most, interface->name, mtu, interface->name,
			most);
}

static void note_queues(const struct port_particulars *particulars,
	const struct port_opening *opening, uint32_t read)
{
	const struct interface *interface = &particulars->interface;
	uint32_t queues = interface_queues(interface);

	if (read < queues)
		port_note(opening,
			"%s: reads %u of %u queues of %s; the packets of the others go to the "
			"kernel: leave queue_count out, or ethtool -L %s combined %u",
			opening->params->device, read, queues, interface->name, interface->name,
			read);
}

/* The driver takes any program off when it closes, also one that kept it from opening. One that a
 * killed process left has its library's names; where the name cannot be asked for, it is tried. */
static bool is_foreign(uint32_t program, char *name, size_t size)
{
	return program != 0 && xdp_name(program, name, size) &&
	       strcmp(name, "xsk_def_prog") != 0 && strcmp(name, "xdp_dispatcher") != 0;
}

static int refuse(const struct port_particulars *particulars,
	const struct port_opening *opening, const char *program)
{
	const char *interface = particulars->interface.name;

	error_set(opening->error,
		"%s: %s has an XDP program already (%s, number %u), and the driver would take "
		"it off; if it may go: ip link set dev %s xdp off",
		opening->params->device, interface, program, particulars->xdp_before,
		interface);
	return -1;
}

static int prepare(struct port_particulars *particulars, struct port_opening *opening)
{
	uint32_t room = room_in_page(), most = room - KERNEL_HEADROOM - LINK_TAGGED, mtu, read;
	char program[BPF_OBJ_NAME_LEN];

	if (port_driver_interface(particulars, opening) != 0)
		return -1;
	particulars->xdp_before = interface_xdp(&particulars->interface);
	if (is_foreign(particulars->xdp_before, program, sizeof(program)))
		return refuse(particulars, opening, program);
	mtu = interface_mtu(&particulars->interface);
	read = device_argument_default(opening->args, sizeof(opening->args), "queue_count",
		interface_queues(&particulars->interface));
	note_mtu(particulars, opening, most);
	note_queues(particulars, opening, read);
	particulars->all_queues = true;
	particulars->keeps_mtu = true;
	particulars->mtu = mtu > 0 && mtu < most ? mtu : most;
	particulars->room = room;
	particulars->held = FILL + RING; /* with those that are being sent */
	particulars->descriptors = RING;
	return 0;
}

/* Those for which its ring had no room, the driver leaves out. */
static uint64_t missed(int fd, uint64_t sum)
{
	struct xdp_statistics stats = {0};
	socklen_t len = sizeof(stats);

	if (getsockopt(fd, SOL_XDP, XDP_STATISTICS, &stats, &len) != 0)
		return sum;
	return stats.rx_dropped + stats.rx_ring_full;
}

static void opened(struct port_particulars *particulars)
{
	uint32_t now = interface_xdp(&particulars->interface);

	/* One that was there before is its owner's. */
	particulars->xdp = now != particulars->xdp_before ? now : 0;
}

/* The driver leaves its program on the interface when the process may not ask for programs any more
 * (that takes CAP_SYS_ADMIN, and rights were given up): taking it off does not need that. */
static void take_off(struct port_particulars *particulars)
{
	const struct interface *interface = &particulars->interface;

	if (particulars->xdp != 0 && interface_xdp(interface) == particulars->xdp &&
		!interface_xdp_off(interface))
		log_warning("the XDP program stays on %s: ip link set dev %s xdp off",
			interface->name, interface->name);
}

const struct port_driver port_af_xdp = {
	.name = "net_af_xdp",
	.sockets = AF_XDP,
	.advice = "the interface must take an XDP program: none may be there already, its MTU "
		  "must "
		  "be small enough (3,400 or so), its queues as many as are read (ethtool -L), "
		  "and the process needs CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW",
	.prepare = prepare,
	.missed = missed,
	.opened = opened,
	.close = take_off,
};
