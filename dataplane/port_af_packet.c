#include "dataplane/port_af_packet.h"

#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SOCKETS_MAX = 64,
	GUARDS_MAX = 16,
	RING_BYTES = 64 << 20, /* of all queues; the driver takes as much again for sending */
	FRAMES_MIN = 512,
	/* A buffer and its headroom must fit in 64 KiB; and 15 pages are a block of their own. */
	FRAME_MAX = 15 * 4096,
	BLOCK_MIN = 64 * 1024,
	/* What the kernel puts before the packet, and link headers with two VLAN tags. */
	FRAME_OVERHEAD = 128,
};

struct af_packet {
	char interface[IF_NAMESIZE];
	unsigned index;
	uint32_t frame, frames;
	int sockets[SOCKETS_MAX]; /* the driver's */
	uint32_t n_sockets;
	int guards[GUARDS_MAX];
	uint32_t n_guards;
	uint64_t missed;
	bool was_open[1024]; /* file descriptors, before the probe */
};

bool af_packet_is(const char *device)
{
	return strncmp(device, "net_af_packet", 13) == 0 ||
	       strncmp(device, "eth_af_packet", 13) == 0;
}

/* The value of `name=` in a device description; false: not there. */
static bool argument(const char *device, const char *name, char *value, size_t size)
{
	size_t len = strlen(name);

	for (const char *at = strchr(device, ','); at; at = strchr(at + 1, ','))
		if (strncmp(at + 1, name, len) == 0 && at[1 + len] == '=') {
			const char *from = at + 2 + len;

			snprintf(value, size, "%.*s", (int)strcspn(from, ","), from);
			return true;
		}
	return false;
}

static int interface_ask(const char *name, unsigned long request, struct ifreq *answer)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

	memset(answer, 0, sizeof(*answer));
	snprintf(answer->ifr_name, sizeof(answer->ifr_name), "%s", name);
	result = fd < 0 ? -1 : ioctl(fd, request, answer);
	if (fd >= 0)
		close(fd);
	return result;
}

static uint32_t frame_for(uint32_t mtu)
{
	uint32_t frame = 2048;

	while (frame < mtu + FRAME_OVERHEAD)
		frame *= 2;
	return frame < FRAME_MAX ? frame : FRAME_MAX;
}

/* Adds `,name=value` unless the description has it; returns what is in force. */
static uint32_t fill_in(char *args, size_t size, const char *name, uint32_t value)
{
	size_t used = strlen(args);
	char given[24];

	if (argument(args, name, given, sizeof(given)))
		return (uint32_t)strtoul(given, NULL, 10);
	snprintf(args + used, size - used, ",%s=%u", name, value);
	return value;
}

/* The driver takes the frames of a ring for one array: blocks must be whole frames. */
static void fill_in_all(struct af_packet *af, const struct port_params *params, uint32_t mtu,
	char *args, size_t size)
{
	uint32_t block, count, queues;

	af->frame = fill_in(args, size, "framesz", frame_for(mtu));
	if (af->frame == 0)
		return; /* the driver will say what is wrong */
	block = af->frame < BLOCK_MIN && BLOCK_MIN % af->frame == 0 ? BLOCK_MIN : af->frame;
	/* The kernel deals packets to several queues without keeping their order, so that an answer
	 * may be seen before its question: several only when asked for. */
	queues = fill_in(args, size, "qpairs", params->queues ? params->queues : 1);
	count = RING_BYTES / af->frame / (queues ? queues : 1);
	block = fill_in(args, size, "blocksz", block);
	count = count > FRAMES_MIN ? count : FRAMES_MIN;
	if (block >= af->frame)
		count -= count % (block / af->frame);
	af->frames = fill_in(args, size, "framecnt", count);
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

static void guard_ports(struct af_packet *af, const struct port_params *params)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (uint32_t i = 0; i < params->n_udp_ports; i++)
		for (int f = 0; f < 2 && af->n_guards < GUARDS_MAX; f++) {
			int fd = guard(params->udp_ports[i], families[f]);

			if (fd >= 0)
				af->guards[af->n_guards++] = fd;
		}
}

static bool is_packet_socket(int fd)
{
	socklen_t len = sizeof(int);
	int domain;

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_PACKET;
}

/* Calls `each` for every file descriptor of ours that is a packet socket. */
static void each_packet_socket(struct af_packet *af, void (*each)(struct af_packet *af, int fd))
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) { // NOLINT(concurrency-mt-unsafe): own stream
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && fd < 1024 && is_packet_socket(fd))
			each(af, fd);
	}
	if (dir)
		closedir(dir);
}

static void note_open(struct af_packet *af, int fd)
{
	af->was_open[fd] = true;
}

static void note_new(struct af_packet *af, int fd)
{
	if (!af->was_open[fd] && af->n_sockets < SOCKETS_MAX)
		af->sockets[af->n_sockets++] = fd;
}

struct af_packet *af_packet_open(const struct port_params *params, char *args, size_t size,
	char *error, size_t error_size)
{
	struct af_packet *af = calloc(1, sizeof(*af));
	struct ifreq answer;

	snprintf(args, size, "%s", params->device);
	snprintf(error, error_size, "%s: not enough memory", params->device);
	if (!af)
		return NULL;
	if (!argument(args, "iface", af->interface, sizeof(af->interface))) {
		snprintf(error, error_size, "%s: names no interface: add ,iface=NAME",
			params->device);
		free(af);
		return NULL;
	}
	af->index = if_nametoindex(af->interface);
	if (af->index == 0 || interface_ask(af->interface, SIOCGIFMTU, &answer) != 0) {
		snprintf(error, error_size,
			"%s: interface %s: %s; 'ip link' lists those there are", params->device,
			af->interface, strerror(errno));
		free(af);
		return NULL;
	}
	fill_in_all(af, params, (uint32_t)answer.ifr_mtu, args, size);
	each_packet_socket(af, note_open);
	guard_ports(af, params);
	return af;
}

void af_packet_probed(struct af_packet *af)
{
	each_packet_socket(af, note_new);
}

void af_packet_close(struct af_packet *af)
{
	if (!af)
		return;
	for (uint32_t i = 0; i < af->n_guards; i++)
		close(af->guards[i]);
	free(af);
}

uint32_t af_packet_frame(const struct af_packet *af)
{
	return af->frame;
}

uint32_t af_packet_frames(const struct af_packet *af)
{
	return af->frames;
}

uint64_t af_packet_missed(struct af_packet *af)
{
	for (uint32_t i = 0; i < af->n_sockets; i++) {
		struct tpacket_stats stats;
		socklen_t len = sizeof(stats);

		/* Asking sets the kernel's counters back to 0. */
		if (getsockopt(af->sockets[i], SOL_PACKET, PACKET_STATISTICS, &stats, &len) ==
			0)
			af->missed += stats.tp_drops;
	}
	return af->missed;
}

enum port_link af_packet_link(const struct af_packet *af)
{
	struct ifreq answer;

	if (if_nametoindex(af->interface) != af->index)
		return PORT_LINK_GONE;
	if (interface_ask(af->interface, SIOCGIFFLAGS, &answer) != 0)
		return PORT_LINK_UNKNOWN;
	return answer.ifr_flags & IFF_UP && answer.ifr_flags & IFF_RUNNING ? PORT_LINK_UP
									   : PORT_LINK_DOWN;
}
