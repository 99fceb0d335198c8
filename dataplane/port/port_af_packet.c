/* net_af_packet: an interface of the kernel, read through packet sockets. Particular to it are the
 * defaults of its arguments, drops that the driver does not report, the kernel's own answer to
 * mirror traffic, and interfaces that come and go. */
#include "config/settings/settings.h"
#include "dataplane/port/port_driver.h"

#include <linux/filter.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* VXLAN's and GENEVE's ports of the settings, for IPv4 and IPv6 each. */
	GUARDS_MAX = 2 * 2 * SETTINGS_LIST_MAX,
	RING_BYTES = 64 << 20, /* of all queues; the driver takes as much again for sending */
	FRAMES_MIN = 512,
	/* A buffer and its headroom must fit in 64 KiB; and 15 pages are a block of their own. */
	FRAME_MAX = 15 * 4096,
	BLOCK_MIN = 64 * 1024,
	/* What the kernel puts before the packet, and link headers with two VLAN tags. */
	FRAME_OVERHEAD = 128,
};

struct guards {
	int fd[GUARDS_MAX];
	uint32_t n;
};

static uint32_t frame_for(uint32_t mtu)
{
	uint32_t frame = 2048;

	while (frame < mtu + FRAME_OVERHEAD && frame < FRAME_MAX)
		frame *= 2;
	return frame < FRAME_MAX ? frame : FRAME_MAX;
}

/* The driver takes the frames of a ring for one array: blocks must be whole frames. */
static uint32_t fill_in(
	struct port_particulars *particulars, struct port_opening *opening, uint32_t mtu)
{
	const struct port_params *params = opening->params;
	const size_t size = sizeof(opening->args);
	char *args = opening->args;
	uint32_t frame = device_argument_default(args, size, "framesz", frame_for(mtu));
	uint32_t block, count, queues;

	if (frame == 0)
		return 0; /* the driver will say what is wrong */
	block = frame < BLOCK_MIN && BLOCK_MIN % frame == 0 ? BLOCK_MIN : frame;
	/* The kernel deals packets to several queues without keeping their order, so that an answer
	 * may be seen before its question: several only when asked for. */
	queues = device_argument_default(
		args, size, "qpairs", params->queues ? params->queues : 1);
	count = RING_BYTES / frame / (queues ? queues : 1);
	block = device_argument_default(args, size, "blocksz", block);
	count = count > FRAMES_MIN ? count : FRAMES_MIN;
	if (block >= frame)
		count -= count % (block / frame);
	particulars->ring = device_argument_default(args, size, "framecnt", count);
	return frame;
}

/* A socket on the port, so that the kernel does not answer mirror traffic with ICMP "port
 * unreachable"; its filter drops every packet, so it costs no memory. A port that is taken has an
 * owner of its own, which is as good. */
static int guard(uint16_t port, int family)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = {1, &drop};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
	const void *address = family == AF_INET6 ? (const void *)&six : (const void *)&four;
	socklen_t len = family == AF_INET6 ? sizeof(six) : sizeof(four);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -1;
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0 &&
		bind(fd, address, len) == 0)
		return fd;
	close(fd);
	return -1;
}

static void guard_ports(struct guards *guards, const struct port_params *params)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (uint32_t i = 0; i < params->n_udp_ports; i++)
		for (int f = 0; f < 2 && guards->n < GUARDS_MAX; f++) {
			int fd = guard(params->udp_ports[i], families[f]);

			if (fd >= 0)
				guards->fd[guards->n++] = fd;
		}
}

static int prepare(struct port_particulars *particulars, struct port_opening *opening)
{
	struct guards *guards;
	uint32_t mtu;

	if (port_driver_interface(particulars, opening) != 0)
		return -1;
	guards = calloc(1, sizeof(*guards));
	mtu = interface_mtu(&particulars->interface);
	particulars->state = guards;
	particulars->all_queues = true; /* the sockets deal packets to all that there are */
	particulars->holds_nothing = true;
	particulars->keeps_mtu = true;
	particulars->mtu = mtu;
	particulars->room = fill_in(particulars, opening, mtu);
	if (guards)
		guard_ports(guards, opening->params);
	return 0;
}

static void close_guards(struct port_particulars *particulars)
{
	struct guards *guards = particulars->state;

	for (uint32_t i = 0; guards && i < guards->n; i++)
		close(guards->fd[i]);
	free(guards);
}

/* Asking sets the kernel's counters back to 0. */
static uint64_t missed(int fd, uint64_t sum)
{
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
		sum += stats.tp_drops;
	return sum;
}

const struct port_driver port_af_packet = {
	.name = "net_af_packet",
	.is_kernels = true,
	.kernel_beside = true,
	.sockets = AF_PACKET,
	.advice = "framesz must leave room in a buffer: at most 61440",
	.prepare = prepare,
	.missed = missed,
	.close = close_guards,
};
