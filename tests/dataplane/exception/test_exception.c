/* The exception path between a virtual port and the kernel, in a network namespace of its own: what
 * the kernel got and sent is counted by the kernel, not by the code under test. Needs root. */
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "config/log/error.h"
#include "dataplane/exception/exception.h"
#include "dataplane/support/eal_once.h"

enum { PACKETS = 600, BYTES = 60, RING_ROOM = EXCEPTION_RING, PORT_BUFFERS = 512 };

struct scene {
	struct settings settings;
	struct port *port;
	struct exception *exception;
	struct exception_port *path;
	struct rte_mempool *pool;
	struct error error;
};

static int namespace_before = -1;

/* A namespace where nobody sends anything by himself. */
static int enter_namespace(void)
{
	int fd;

	if (eal_once() != 0)
		return 1;
	namespace_before = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (unshare(CLONE_NEWNET) != 0) {
		close(namespace_before);
		namespace_before = -1;
		return 0;
	}
	fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!write(fd, "1", 1);
		close(fd);
	}
	return 0;
}

static int leave_namespace(void)
{
	if (namespace_before < 0)
		return 0;
	if (setns(namespace_before, CLONE_NEWNET) != 0)
		return 1;
	close(namespace_before);
	return 0;
}

static bool have_namespace(void)
{
	if (namespace_before < 0)
		fprintf(stderr, "skipped: not root ");
	return namespace_before >= 0;
}

static struct port *open_port(const char *device)
{
	const struct port_params params = {
		.device = device,
		.workers = 1,
		.memory = 32 << 20,
		.sends = true,
	};
	char note[512];
	struct error error = {0};
	struct port *port = port_open(&params, &error, note, sizeof(note));

	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(port);
	CU_ASSERT_EQUAL(port_start(port, &error), 0);
	return port;
}

/* A driver's device is probed once in a process: each scene has one of its own. */
static void begin(struct scene *scene, const char *driver, const char *rate, const char *burst)
{
	static unsigned number;
	char device[32];

	snprintf(device, sizeof(device), "%s%u", driver, number++);
	memset(scene, 0, sizeof(*scene));
	settings_init(&scene->settings);
	CU_ASSERT_EQUAL(settings_set(&scene->settings, rate, &scene->error), 0);
	CU_ASSERT_EQUAL(settings_set(&scene->settings, burst, &scene->error), 0);
	scene->port = open_port(device);
	scene->pool = rte_pktmbuf_pool_create("test", 1023, 0, 0, 2048, SOCKET_ID_ANY);
	scene->exception = exception_create(1);
	scene->path =
		exception_add(scene->exception, scene->port, &scene->settings, &scene->error);
	CU_ASSERT_STRING_EQUAL(scene->error.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene->pool);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene->path);
}

static void end(struct scene *scene)
{
	exception_destroy(scene->exception);
	/* Every mbuf came back. */
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(scene->pool), 0);
	rte_mempool_free(scene->pool);
	port_close(scene->port);
	settings_fini(&scene->settings);
}

/* Frames to everybody, of a type that nobody answers. */
static void make_frame(uint8_t *frame)
{
	memset(frame, 0, BYTES);
	memset(frame, 0xff, 6);
	memcpy(frame + 6, "\x02\0\0\0\0\x07\x88\xb5", 8);
}

static void offer(struct scene *scene, uint32_t n, uint32_t cut)
{
	const enum reason why = REASON_not_ip;

	for (uint32_t i = 0; i < n; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(scene->pool);

		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		make_frame((uint8_t *)rte_pktmbuf_append(m, BYTES));
		m->data_len = (uint16_t)(m->data_len - cut);
		CU_ASSERT_EQUAL(exception_offer(scene->path, 0, &m, &why, 1), 1);
	}
}

/* As the kernel counts them: what came in by the interface (0) and what went out by it (1). */
static uint64_t kernel_counts(const char *interface, int way)
{
	struct ifaddrs *list, *a;
	uint64_t n = UINT64_MAX;

	CU_ASSERT_EQUAL_FATAL(getifaddrs(&list), 0);
	for (a = list; a; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_PACKET &&
			strcmp(a->ifa_name, interface) == 0) {
			const struct rtnl_link_stats *stats = a->ifa_data;

			n = way ? stats->tx_packets : stats->rx_packets;
		}
	freeifaddrs(list);
	return n;
}

static void start(struct scene *scene)
{
	CU_ASSERT_EQUAL(exception_start(scene->exception, &scene->settings, &scene->error), 0);
}

/* Until the path has nothing more to do. */
static struct exception_ledger settle(struct scene *scene, uint64_t offered, uint64_t from)
{
	const struct timespec moment = {0, 1000000};
	struct exception_ledger l;

	for (int i = 0; i < 10000; i++) {
		l = exception_ledger(scene->path);
		if (l.offered == offered && l.from_kernel == from &&
			exception_ledger_closes(&l))
			break;
		nanosleep(&moment, NULL);
	}
	CU_ASSERT_TRUE(exception_ledger_closes(&l));
	return l;
}

static void every_packet_is_counted_once(void)
{
	struct exception_ledger l;
	struct scene scene;

	if (!have_namespace())
		return;
	begin(&scene, "net_null", "exception.rate=0", "exception.burst=1");
	/* Nobody takes them yet: the ring fills. */
	offer(&scene, PACKETS, 0);
	l = exception_ledger(scene.path);
	CU_ASSERT_EQUAL(l.offered, PACKETS);
	CU_ASSERT_EQUAL(l.offered_bytes, PACKETS * BYTES);
	CU_ASSERT_EQUAL(l.lost_ring, PACKETS - RING_ROOM);
	CU_ASSERT_FALSE(exception_ledger_closes(&l));
	start(&scene);
	l = settle(&scene, PACKETS, 0);
	CU_ASSERT_EQUAL(l.delivered, RING_ROOM);
	CU_ASSERT_EQUAL(l.delivered_bytes, RING_ROOM * BYTES);
	CU_ASSERT_EQUAL(kernel_counts("pscope0", 0), RING_ROOM);
	/* A cut packet is not what arrived. */
	offer(&scene, 5, 1);
	l = settle(&scene, PACKETS + 5, 0);
	CU_ASSERT_EQUAL(l.lost_tap, 5);
	end(&scene);
}

/* Of a burst of packets that ended everywhere, those of not_mirror that are in the mask; the others
 * stay the worker's. */
static void only_what_is_no_mirror_traffic_is_taken(void)
{
	enum reason why[REASON_COUNT];
	struct rte_mbuf *mbufs[REASON_COUNT];
	uint64_t want = 1ull << REASON_not_ip | 1ull << REASON_other_port, taken;
	struct scene scene;

	if (!have_namespace())
		return;
	begin(&scene, "net_null", "exception.rate=0", "exception.burst=1");
	for (int i = 0; i < REASON_COUNT; i++) {
		why[i] = (enum reason)i;
		mbufs[i] = rte_pktmbuf_alloc(scene.pool);
		make_frame((uint8_t *)rte_pktmbuf_append(mbufs[i], BYTES));
	}
	taken = exception_offer(scene.path, 0, mbufs, why,
		((1ull << REASON_COUNT) - 1) & ~(1ull << REASON_not_udp));
	CU_ASSERT_EQUAL(taken, want);
	for (int i = 0; i < REASON_COUNT; i++)
		if (!(taken >> i & 1))
			rte_pktmbuf_free(mbufs[i]);
	start(&scene);
	CU_ASSERT_EQUAL(settle(&scene, 2, 0).delivered, 2);
	end(&scene);
}

static void the_rate_bounds_what_the_kernel_gets(void)
{
	struct timespec before, after;
	struct exception_ledger l;
	struct scene scene;
	uint64_t seconds;

	if (!have_namespace())
		return;
	clock_gettime(CLOCK_MONOTONIC, &before);
	begin(&scene, "net_null", "exception.rate=2", "exception.burst=100");
	offer(&scene, 400, 0);
	start(&scene);
	l = settle(&scene, 400, 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	seconds = (uint64_t)(after.tv_sec - before.tv_sec) + 1;
	CU_ASSERT_EQUAL(l.delivered + l.rate_limited, 400);
	CU_ASSERT_TRUE(l.delivered >= 100);
	CU_ASSERT_TRUE(l.delivered <= 100 + 2 * seconds);
	CU_ASSERT_EQUAL(kernel_counts("pscope0", 0), l.delivered);
	end(&scene);
}

/* What is in the rings at the end is delivered before the thread ends. */
static void the_end_loses_nothing(void)
{
	struct exception_ledger l;
	struct scene scene;

	if (!have_namespace())
		return;
	begin(&scene, "net_null", "exception.rate=0", "exception.burst=1");
	start(&scene);
	offer(&scene, 300, 0);
	exception_stop(scene.exception);
	l = exception_ledger(scene.path);
	CU_ASSERT_TRUE(exception_ledger_closes(&l));
	CU_ASSERT_EQUAL(l.delivered, 300);
	CU_ASSERT_EQUAL(if_nametoindex("pscope0"), 0);
	end(&scene);
}

static void set_down(const char *interface)
{
	struct ifreq request = {.ifr_flags = 0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	CU_ASSERT_EQUAL(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static void an_interface_that_is_down_takes_nothing(void)
{
	struct exception_ledger l;
	struct scene scene;

	if (!have_namespace())
		return;
	begin(&scene, "net_null", "exception.rate=0", "exception.burst=1");
	start(&scene);
	set_down("pscope0");
	offer(&scene, 20, 0);
	l = settle(&scene, 20, 0);
	CU_ASSERT_EQUAL(l.lost_tap, 20);
	CU_ASSERT_EQUAL(l.delivered, 0);
	CU_ASSERT_FALSE(exception_is_gone(scene.path));
	end(&scene);
}

/* The kernel's frames, from a socket on the interface. */
static void send_frames(const char *interface, uint32_t n)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(interface),
		.sll_halen = 6};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	uint8_t frame[BYTES];

	make_frame(frame);
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	for (uint32_t i = 0; i < n; i++)
		CU_ASSERT_EQUAL(sendto(fd, frame, sizeof(frame), 0,
					(const struct sockaddr *)&to, sizeof(to)),
			BYTES);
	close(fd);
}

static void send_long(int fd, const struct sockaddr_ll *to, size_t len)
{
	static uint8_t frame[UINT16_MAX];

	make_frame(frame);
	CU_ASSERT_EQUAL(sendto(fd, frame, len, 0, (const struct sockaddr *)to, sizeof(*to)),
		(ssize_t)len);
}

/* Somebody lets the interface carry more than the port does: what is too long does not go out cut. What the
 * MTU allows, with an Ethernet header and two VLAN tags, does. */
static void frames_too_long_for_the_port(void)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = 6};
	struct ifreq request = {.ifr_name = "pscope0"};
	struct exception_ledger l;
	struct scene scene;
	uint16_t mtu;
	int fd;

	if (!have_namespace())
		return;
	begin(&scene, "net_null", "exception.rate=0", "exception.burst=1");
	start(&scene);
	rte_eth_dev_get_mtu(port_number(scene.port), &mtu);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	request.ifr_mtu = mtu + 1000;
	CU_ASSERT_EQUAL(ioctl(fd, SIOCSIFMTU, &request), 0);
	to.sll_ifindex = (int)if_nametoindex("pscope0");
	send_long(fd, &to, mtu + 500u);
	send_long(fd, &to, mtu + 14u + 8u);
	l = settle(&scene, 0, 2);
	CU_ASSERT_EQUAL(l.sent, 1);
	CU_ASSERT_EQUAL(l.sent_bytes, mtu + 14u + 8u);
	CU_ASSERT_EQUAL(l.lost_tx, 1);
	close(fd);
	end(&scene);
}

static void what_the_kernel_sends_goes_out(void)
{
	struct rte_eth_stats stats;
	struct exception_ledger l;
	struct scene scene;

	if (!have_namespace())
		return;
	begin(&scene, "net_null", "exception.rate=0", "exception.burst=1");
	start(&scene);
	send_frames("pscope0", 50);
	l = settle(&scene, 0, 50);
	CU_ASSERT_EQUAL(kernel_counts("pscope0", 1), 50);
	CU_ASSERT_EQUAL(l.from_kernel_bytes, 50 * BYTES);
	CU_ASSERT_EQUAL(l.sent, 50);
	CU_ASSERT_EQUAL(l.sent_bytes, 50 * BYTES);
	CU_ASSERT_EQUAL(rte_eth_stats_get(port_number(scene.port), &stats), 0);
	CU_ASSERT_EQUAL(stats.opackets, 50);
	end(&scene);
}

/* net_ring keeps what is sent to it: once it has all buffers, the rest is lost, and counted. */
static void what_the_port_does_not_take_is_counted(void)
{
	struct exception_ledger l;
	struct scene scene;

	if (!have_namespace())
		return;
	begin(&scene, "net_ring", "exception.rate=0", "exception.burst=1");
	start(&scene);
	for (uint32_t sent = 0; sent < PACKETS; sent += 100) {
		send_frames("pscope0", 100);
		settle(&scene, 0, sent + 100);
	}
	l = exception_ledger(scene.path);
	CU_ASSERT_EQUAL(l.from_kernel, PACKETS);
	CU_ASSERT_EQUAL(l.sent, PORT_BUFFERS);
	CU_ASSERT_EQUAL(l.sent_bytes, PORT_BUFFERS * BYTES);
	CU_ASSERT_EQUAL(l.lost_tx, PACKETS - PORT_BUFFERS);
	end(&scene);
}

/* Prefix lengths as the netmask has them; NULL: the interface has no such address. */
static bool has_address(const char *interface, const char *address, const char *mask)
{
	struct in_addr want_address, want_mask;
	struct ifaddrs *list;
	bool found = false;

	inet_pton(AF_INET, address, &want_address);
	inet_pton(AF_INET, mask, &want_mask);
	CU_ASSERT_EQUAL_FATAL(getifaddrs(&list), 0);
	for (struct ifaddrs *a = list; a; a = a->ifa_next) {
		struct sockaddr_in ip, net;

		if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET ||
			strcmp(a->ifa_name, interface) != 0)
			continue;
		memcpy(&ip, a->ifa_addr, sizeof(ip));
		memcpy(&net, a->ifa_netmask, sizeof(net));
		found |= ip.sin_addr.s_addr == want_address.s_addr &&
			 net.sin_addr.s_addr == want_mask.s_addr;
	}
	freeifaddrs(list);
	return found;
}

static void the_interface_is_as_the_port(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "pscope0"};
	struct rte_ether_addr mac;
	struct scene scene;
	uint16_t mtu;

	if (!have_namespace())
		return;
	begin(&scene, "net_null", "exception.addresses=[10.9.0.10/24, 10.8.0.1/30 dev pscope0]",
		"exception.burst=1");
	start(&scene);
	rte_eth_macaddr_get(port_number(scene.port), &mac);
	rte_eth_dev_get_mtu(port_number(scene.port), &mtu);
	CU_ASSERT_EQUAL(ioctl(fd, SIOCGIFHWADDR, &request), 0);
	CU_ASSERT_EQUAL(memcmp(request.ifr_hwaddr.sa_data, mac.addr_bytes, 6), 0);
	CU_ASSERT_EQUAL(ioctl(fd, SIOCGIFMTU, &request), 0);
	CU_ASSERT_EQUAL(request.ifr_mtu, mtu);
	CU_ASSERT_TRUE(has_address("pscope0", "10.9.0.10", "255.255.255.0"));
	CU_ASSERT_TRUE(has_address("pscope0", "10.8.0.1", "255.255.255.252"));
	CU_ASSERT_FALSE(has_address("pscope0", "10.9.0.11", "255.255.255.0"));
	end(&scene);
	CU_ASSERT_FALSE(has_address("pscope0", "10.9.0.10", "255.255.255.0"));
	close(fd);
}

static void what_cannot_be_is_said(void)
{
	struct exception *other = exception_create(1);
	struct scene scene;
	struct error error;

	if (!have_namespace()) {
		exception_destroy(other);
		return;
	}
	begin(&scene, "net_null", "exception.addresses=10.9.0.10/24 dev pscope7",
		"exception.burst=1");
	CU_ASSERT_PTR_NULL(exception_add(other, scene.port, &scene.settings, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "interface pscope0: TUNSETIFF: "));
	CU_ASSERT_EQUAL(exception_start(scene.exception, &scene.settings, &error), -1);
	CU_ASSERT_STRING_EQUAL(error.text,
		"exception.addresses: 10.9.0.10/24 dev pscope7: no port "
		"has an interface of this name");
	exception_destroy(other);
	end(&scene);
}

void suite_exception(void);
void suite_exception(void)
{
	CU_pSuite suite = CU_add_suite("exception", enter_namespace, leave_namespace);

	CU_ADD_TEST(suite, every_packet_is_counted_once);
	CU_ADD_TEST(suite, only_what_is_no_mirror_traffic_is_taken);
	CU_ADD_TEST(suite, the_rate_bounds_what_the_kernel_gets);
	CU_ADD_TEST(suite, the_end_loses_nothing);
	CU_ADD_TEST(suite, an_interface_that_is_down_takes_nothing);
	CU_ADD_TEST(suite, frames_too_long_for_the_port);
	CU_ADD_TEST(suite, what_the_kernel_sends_goes_out);
	CU_ADD_TEST(suite, what_the_port_does_not_take_is_counted);
	CU_ADD_TEST(suite, the_interface_is_as_the_port);
	CU_ADD_TEST(suite, what_cannot_be_is_said);
}
