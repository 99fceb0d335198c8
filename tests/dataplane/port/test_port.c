/* Ports on drivers that need neither hardware nor rights. What a port asked of its device is read back
 * from the device. */
#include <CUnit/Basic.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/log/error.h"
#include "dataplane/port/interface.h"
#include "dataplane/port/port.h"
#include "dataplane/support/eal_once.h"
#include "dataplane/support/hooks.h"
#include "support/scratch.h"

enum { QUEUES = 3 };

static int setup(void)
{
	return eal_once() || scratch_setup();
}

static struct port *open_port(const char *device, uint32_t queues, bool times)
{
	const struct port_params params = {
		.device = device,
		.queues = queues,
		.workers = 1,
		.memory = 64 << 20,
		.device_times = times,
	};
	char note[512];
	struct error error = {0};
	struct port *port = port_open(&params, &error, note, sizeof(note));

	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(port);
	CU_ASSERT_EQUAL(port_start(port, &error), 0);
	return port;
}

/* Every queue has its share of the table. */
static void rss_is_spread_over_all_queues(void)
{
	struct port *port = open_port("net_null20", QUEUES, false);
	struct rte_eth_rss_reta_entry64 reta[8] = {{0}};
	struct rte_eth_dev_info info;
	unsigned share[QUEUES] = {0};

	CU_ASSERT_EQUAL(port_queues(port), QUEUES);
	CU_ASSERT_EQUAL(rte_eth_dev_info_get(port_number(port), &info), 0);
	CU_ASSERT_TRUE_FATAL(info.reta_size > 0 && info.reta_size <= 512);
	for (int i = 0; i < info.reta_size; i++)
		reta[i / 64].mask |= 1ull << i % 64;
	CU_ASSERT_EQUAL(rte_eth_dev_rss_reta_query(port_number(port), reta, info.reta_size), 0);
	for (int i = 0; i < info.reta_size; i++) {
		CU_ASSERT_TRUE_FATAL(reta[i / 64].reta[i % 64] < QUEUES);
		share[reta[i / 64].reta[i % 64]]++;
	}
	for (int q = 0; q < QUEUES; q++)
		CU_ASSERT_TRUE(share[q] >= (unsigned)info.reta_size / QUEUES);
	port_close(port);
}

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A capture of packets that came `ago_us` before now: one each. */
static char *capture_of(const char *name, const uint64_t *ago_us, uint32_t n, uint64_t now_us)
{
	const uint32_t head[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1};
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", scratch_folder(), name);
	file = fopen(path, "wb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fwrite(head, sizeof(head), 1, file);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t us = now_us - ago_us[i];
		const uint32_t record[] = {
			(uint32_t)(us / 1000000), (uint32_t)(us % 1000000), 60, 60};
		static const uint8_t bytes[60];

		fwrite(record, sizeof(record), 1, file);
		fwrite(bytes, sizeof(bytes), 1, file);
	}
	fclose(file);
	return strdup(path);
}

/* net_pcap gives the times of the capture, in us. A day ago is not when a packet came; and who does
 * not want such times gets none. */
static void a_driver_that_gives_times(void)
{
	static const uint64_t ago_us[] = {900000, 1000, 86400000000, 0};
	uint64_t now_us = wall_ns() / 1000, now = now_us * 1000, times[4];
	char *path = capture_of("times.pcap", ago_us, 4, now_us), device[600];
	struct rte_mbuf *mbufs[4];
	struct port *port;

	snprintf(device, sizeof(device), "net_pcap20,rx_pcap=%s", path);
	port = open_port(device, 1, true);
	CU_ASSERT_TRUE(port_has_times(port));
	CU_ASSERT_EQUAL_FATAL(port_receive(port, 0, mbufs, 4), 4);
	CU_ASSERT_EQUAL(port_times(port, mbufs, 4, now, times), 3);
	CU_ASSERT_EQUAL(times[0], now - 900000000);
	CU_ASSERT_EQUAL(times[1], now - 1000000);
	CU_ASSERT_EQUAL(times[2], now);
	CU_ASSERT_EQUAL(times[3], now);
	rte_pktmbuf_free_bulk(mbufs, 4);
	port_close(port);
	snprintf(device, sizeof(device), "net_pcap21,rx_pcap=%s", path);
	port = open_port(device, 1, false);
	CU_ASSERT_FALSE(port_has_times(port));
	port_close(port);
	remove(path);
	free(path);
}

static void counts_by_queue(void)
{
	static const uint64_t ago_us[3] = {0};
	char *path = capture_of("queues.pcap", ago_us, 3, 1000000), device[1200];
	struct port_reading reading;
	struct port_xstat xstats[64];
	struct rte_mbuf *mbufs[8];
	struct port *port;

	snprintf(device, sizeof(device), "net_pcap22,rx_pcap=%s,rx_pcap=%s", path, path);
	/* Each capture is a queue that must be read, whatever was asked for. */
	port = open_port(device, 1, false);
	CU_ASSERT_EQUAL(port_queues(port), 2);
	CU_ASSERT_EQUAL(port_receive(port, 1, mbufs, 2), 2);
	rte_pktmbuf_free_bulk(mbufs, 2);
	port_tick(port);
	reading = port_ask(port, xstats, 64);
	CU_ASSERT_EQUAL(reading.counters.packets, 2);
	CU_ASSERT_EQUAL(reading.n_queues, 2);
	CU_ASSERT_EQUAL(reading.queues[0].packets, 0);
	CU_ASSERT_EQUAL(reading.queues[1].packets, 2);
	CU_ASSERT_EQUAL(reading.queues[1].bytes, 120);
	CU_ASSERT_EQUAL(reading.queues[1].missed, COUNTER_UNKNOWN);
	CU_ASSERT_TRUE(reading.n_xstats > 8);
	for (uint32_t i = 0; i < reading.n_xstats; i++)
		if (strcmp(xstats[i].name, "rx_good_packets") == 0 ||
			strcmp(xstats[i].name, "rx_q1_packets") == 0)
			CU_ASSERT_EQUAL(xstats[i].value, 2);
	CU_ASSERT_EQUAL(port_ask(port, xstats, 2).n_xstats, 2);
	CU_ASSERT_EQUAL(port_ask(port, NULL, 0).n_xstats, 0);
	port_close(port);
	remove(path);
	free(path);
}

/* A device that does not answer for a moment has not begun anew. */
static void a_silent_device_is_not_counted_twice(void)
{
	static const uint64_t ago_us[3] = {0};
	char *path = capture_of("silent.pcap", ago_us, 3, 1000000), device[600];
	struct rte_mbuf *mbufs[8];
	struct port *port;

	snprintf(device, sizeof(device), "net_pcap23,rx_pcap=%s", path);
	port = open_port(device, 1, false);
	CU_ASSERT_EQUAL(port_receive(port, 0, mbufs, 3), 3);
	rte_pktmbuf_free_bulk(mbufs, 3);
	CU_ASSERT_EQUAL(port_ask(port, NULL, 0).counters.packets, 3);
	hooks_silence_devices(true);
	CU_ASSERT_EQUAL(port_ask(port, NULL, 0).counters.packets, 3);
	hooks_silence_devices(false);
	CU_ASSERT_EQUAL(port_ask(port, NULL, 0).counters.packets, 3);
	CU_ASSERT_EQUAL(port_ask(port, NULL, 0).counters.bytes, 180);
	port_close(port);
	remove(path);
	free(path);
}

/* A driver whose counters begin anew: what was counted stays counted, however often. */
static void counters_that_begin_anew_go_on(void)
{
	static const uint64_t ago_us[6] = {0};
	static const uint32_t received[] = {3, 1, 2};
	char *path = capture_of("anew.pcap", ago_us, 6, 1000000), device[600];
	uint64_t sum = 0;
	struct port_reading reading;
	struct rte_mbuf *mbufs[8];
	struct port *port;

	snprintf(device, sizeof(device), "net_pcap24,rx_pcap=%s", path);
	port = open_port(device, 1, false);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(
			port_receive(port, 0, mbufs, (uint16_t)received[i]), received[i]);
		rte_pktmbuf_free_bulk(mbufs, received[i]);
		sum += received[i];
		reading = port_ask(port, NULL, 0);
		CU_ASSERT_EQUAL(reading.counters.packets, sum);
		CU_ASSERT_EQUAL(reading.counters.bytes, sum * 60);
		CU_ASSERT_EQUAL(rte_eth_stats_reset(port_number(port)), 0);
		reading = port_ask(port, NULL, 0);
		CU_ASSERT_EQUAL(reading.counters.packets, sum);
		CU_ASSERT_EQUAL(reading.counters.bytes, sum * 60);
	}
	port_close(port);
	remove(path);
	free(path);
}

static void counters_are(const struct port_counters *c, uint64_t times)
{
	CU_ASSERT_EQUAL(c->packets, 1 * times);
	CU_ASSERT_EQUAL(c->bytes, 2 * times);
	CU_ASSERT_EQUAL(c->missed, 3 * times);
	CU_ASSERT_EQUAL(c->nombuf, 4 * times);
	CU_ASSERT_EQUAL(c->errors, 5 * times);
}

/* Each of them, also while the device says nothing. */
static void all_counters_go_on(void)
{
	const uint64_t said[] = {100, 30, 30, 7}, wanted[] = {100, 130, 130, 137};
	struct port *port = open_port("net_null26,no-rx=1", 1, false);
	struct port_reading reading;

	for (int i = 0; i < 4; i++) {
		const struct rte_eth_stats stats = {.ipackets = 1 * said[i],
			.ibytes = 2 * said[i],
			.imissed = 3 * said[i],
			.rx_nombuf = 4 * said[i],
			.ierrors = 5 * said[i]};

		hooks_devices_say(&stats);
		reading = port_ask(port, NULL, 0);
		counters_are(&reading.counters, wanted[i]);
		hooks_silence_devices(true);
		reading = port_ask(port, NULL, 0);
		counters_are(&reading.counters, wanted[i]);
		hooks_silence_devices(false);
	}
	hooks_devices_say(NULL);
	port_close(port);
}

/* With memory for little more than the rings, workers keep no buffers from one another, and it is said
 * what may come of it. */
static void little_memory_is_shared(void)
{
	enum { WORKERS = 4, RING = 512, NEEDED = 5000, MEMORY = 32 << 20 };
	struct port_params params = {
		.device = "net_null24,no-rx=1",
		.queues = 2,
		.workers = WORKERS,
		.buffers = 2 * NEEDED,
		.needed = NEEDED,
		.memory = MEMORY,
	};
	char note[512], name[32], would_do[32];
	struct error error = {0};
	const struct rte_mempool *pool;
	struct port *port = port_open(&params, &error, note, sizeof(note));
	unsigned long mib;

	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(port);
	snprintf(name, sizeof(name), "rx%u", port_number(port));
	pool = rte_mempool_lookup(name);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
	CU_ASSERT_TRUE(pool->size > 2 * RING && pool->size < NEEDED);
	CU_ASSERT_TRUE(WORKERS * pool->cache_size * 3 / 2 <= (pool->size - 2 * RING) / 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(note, "nombuf; "));
	mib = strtoul(strstr(note, "nombuf; ") + 8, NULL, 10);
	port_close(port);
	/* What it says would do does. */
	snprintf(would_do, sizeof(would_do), "net_null25,no-rx=1");
	params.device = would_do;
	params.memory = (uint64_t)mib << 20;
	port = port_open(&params, &error, note, sizeof(note));
	CU_ASSERT_PTR_NOT_NULL_FATAL(port);
	CU_ASSERT_STRING_EQUAL(note, "");
	port_close(port);
}

static void arguments_of_a_device(void)
{
	char device[64] = "net_x0,iface=eth1,queues=7", value[8];

	CU_ASSERT_TRUE(device_argument(device, "iface", value, sizeof(value)));
	CU_ASSERT_STRING_EQUAL(value, "eth1");
	CU_ASSERT_FALSE(device_argument(device, "face", value, sizeof(value)));
	CU_ASSERT_FALSE(device_argument(device, "ifac", value, sizeof(value)));
	CU_ASSERT_FALSE(device_argument("net_x0", "net_x0", value, sizeof(value)));
	CU_ASSERT_EQUAL(device_argument_default(device, sizeof(device), "queues", 3), 7);
	CU_ASSERT_EQUAL(device_argument_default(device, sizeof(device), "frames", 3), 3);
	CU_ASSERT_STRING_EQUAL(device, "net_x0,iface=eth1,queues=7,frames=3");
	CU_ASSERT_TRUE(device_argument(device, "frames", value, sizeof(value)));
	CU_ASSERT_STRING_EQUAL(value, "3");
}

static void whose_packets_the_kernel_sees(void)
{
	CU_ASSERT_TRUE(port_is_kernels("net_af_packet0,iface=eth1"));
	CU_ASSERT_TRUE(port_is_kernels("eth_af_packet3,iface=eth1"));
	CU_ASSERT_TRUE(port_is_kernels("net_pcap0,rx_pcap=a.pcap"));
	CU_ASSERT_FALSE(port_is_kernels("net_af_xdp0,iface=eth1"));
	CU_ASSERT_FALSE(port_is_kernels("net_tap0"));
	CU_ASSERT_FALSE(port_is_kernels("0000:00:06.0"));
	CU_ASSERT_FALSE(port_is_kernels("net_memif0"));
	CU_ASSERT_TRUE(port_has_kernel_beside("net_af_packet0,iface=eth1"));
	CU_ASSERT_FALSE(port_has_kernel_beside("net_pcap0,rx_pcap=a.pcap"));
}

void suite_port(void);
void suite_port(void)
{
	CU_pSuite suite = CU_add_suite("port", setup, scratch_teardown);

	CU_ADD_TEST(suite, rss_is_spread_over_all_queues);
	CU_ADD_TEST(suite, a_driver_that_gives_times);
	CU_ADD_TEST(suite, counts_by_queue);
	CU_ADD_TEST(suite, a_silent_device_is_not_counted_twice);
	CU_ADD_TEST(suite, counters_that_begin_anew_go_on);
	CU_ADD_TEST(suite, all_counters_go_on);
	CU_ADD_TEST(suite, little_memory_is_shared);
	CU_ADD_TEST(suite, arguments_of_a_device);
	CU_ADD_TEST(suite, whose_packets_the_kernel_sees);
}
