/* Sends the packets of a capture over a DPDK port, over and over, at a steady rate; the other end of
 * a shared-memory port that periscope receives by. For each line `RATE SECONDS` on standard input
 * (RATE in packets a second; 0: as fast as it can) it sends, and prints a line of JSON:
 *
 * sent      packets that the port took
 * refused   packets that found its ring full: lost, as on a NIC
 * seconds   how long it took
 *
 * A packet's queue is chosen by its outer source address and port, as a NIC does it. When it had no
 * processor for more than a millisecond it sends less, and does not make up for it in a lump. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "bench/bench.h"
#include "config/log/error.h"
#include "dataplane/port/eal.h"

enum {
	BATCH = 32,
	QUEUES_MAX = 8,
	ROOM = 1728, /* two buffers share a page */
	EAL_SPARE_MB = 96,
	DESCRIPTORS = 16384,
	LINK_TRIES = 1000,
	OUTER = 14, /* outer IPv4 header */
};

struct queue {
	struct rte_mbuf *batch[BATCH];
	uint16_t n;
};

struct blast {
	const char *device, *capture;
	struct rte_mbuf **packets;
	uint32_t n, max, at, n_queues;
	uint8_t *queue_of; /* of each packet */
	struct queue queues[QUEUES_MAX];
	uint16_t port;
	uint64_t sent, refused;
};

static struct rte_mempool *make_pool(const struct blast *b)
{
	struct rte_mempool *pool =
		rte_pktmbuf_pool_create("packets", b->max + 1023, 0, 0, ROOM, SOCKET_ID_ANY);

	if (!pool)
		bench_fail("rte_pktmbuf_pool_create", rte_strerror(rte_errno));
	return pool;
}

static uint32_t hash_outer(const uint8_t *data)
{
	uint32_t address, ports;

	memcpy(&address, data + OUTER + 12, sizeof(address));
	memcpy(&ports, data + OUTER + 20, sizeof(ports));
	return (address * 2654435761u ^ ports * 2246822519u) >> 16;
}

static void load(struct blast *b, struct rte_mempool *pool)
{
	FILE *file = fopen(b->capture, "rb");
	uint32_t head[6], record[4];

	if (!file || fread(head, sizeof(head), 1, file) != 1)
		bench_fail(b->capture, "cannot be read");
	b->packets = calloc(b->max, sizeof(*b->packets));
	b->queue_of = calloc(b->max, 1);
	if (!b->packets || !b->queue_of)
		bench_fail("packets", "no memory");
	while (b->n < b->max && fread(record, sizeof(record), 1, file) == 1) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		char *data = m ? rte_pktmbuf_append(m, (uint16_t)record[2]) : NULL;

		if (!data || fread(data, record[2], 1, file) != 1)
			bench_fail(
				b->capture, "a packet does not fit, or the capture breaks off");
		b->queue_of[b->n] = (uint8_t)(hash_outer((const uint8_t *)data) % b->n_queues);
		b->packets[b->n++] = m;
	}
	fclose(file);
	if (b->n == 0)
		bench_fail(b->capture, "has no packets");
}

static void check(const char *call, int result)
{
	if (result != 0)
		bench_fail(call, strerror(result < 0 ? -result : result));
}

static void open_port(struct blast *b, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE}};
	char name[64];
	uint16_t descriptors = DESCRIPTORS;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(b->device, ","), b->device);
	check("rte_dev_probe", rte_dev_probe(b->device));
	check("rte_eth_dev_get_port_by_name", rte_eth_dev_get_port_by_name(name, &b->port));
	check("rte_eth_dev_configure",
		rte_eth_dev_configure(b->port, 1, (uint16_t)b->n_queues, &conf));
	rte_eth_dev_adjust_nb_rx_tx_desc(b->port, NULL, &descriptors);
	check("rte_eth_rx_queue_setup",
		rte_eth_rx_queue_setup(b->port, 0, 512, SOCKET_ID_ANY, NULL, pool));
	for (uint16_t q = 0; q < b->n_queues; q++)
		check("rte_eth_tx_queue_setup",
			rte_eth_tx_queue_setup(b->port, q, descriptors, SOCKET_ID_ANY, NULL));
	check("rte_eth_dev_start", rte_eth_dev_start(b->port));
}

static void wait_for_link(const struct blast *b)
{
	struct rte_eth_link link;

	for (int i = 0; i < LINK_TRIES; i++) {
		if (rte_eth_link_get_nowait(b->port, &link) == 0 &&
			link.link_status == RTE_ETH_LINK_UP)
			return;
		rte_delay_us_sleep(10000);
	}
	bench_fail(b->device, "nobody is at the other end");
}

static void flush(struct blast *b, uint16_t q)
{
	struct queue *queue = &b->queues[q];
	uint16_t sent = rte_eth_tx_burst(b->port, q, queue->batch, queue->n);

	b->sent += sent;
	b->refused += queue->n - sent;
	rte_pktmbuf_free_bulk(queue->batch + sent, (unsigned)(queue->n - sent));
	queue->n = 0;
}

/* A packet is kept by a reference of its own, and sent by another one. */
static void send_batch(struct blast *b)
{
	for (int i = 0; i < BATCH; i++) {
		struct rte_mbuf *m = b->packets[b->at];
		uint16_t q = b->queue_of[b->at];
		struct queue *queue = &b->queues[q];

		rte_mbuf_refcnt_update(m, 1);
		queue->batch[queue->n++] = m;
		if (queue->n == BATCH)
			flush(b, q);
		b->at = b->at + 1 < b->n ? b->at + 1 : 0;
	}
}

static void blast(struct blast *b, double rate, double seconds)
{
	const uint64_t hz = rte_get_tsc_hz(), began = rte_rdtsc();
	const uint64_t end = began + (uint64_t)(seconds * (double)hz), slack = hz / 1000;
	const uint64_t gap = rate > 0 ? (uint64_t)((double)hz * BATCH / rate) : 0;
	uint64_t due = began, now;

	b->sent = b->refused = 0;
	while ((now = rte_rdtsc()) < end) {
		if (now < due) {
			rte_pause();
			continue;
		}
		if (now > due + slack)
			due = now;
		due += gap;
		send_batch(b);
	}
	for (uint16_t q = 0; q < b->n_queues; q++)
		flush(b, q);
	printf("{\"sent\": %lu, \"refused\": %lu, \"seconds\": %.4f}\n", b->sent, b->refused,
		(double)(rte_rdtsc() - began) / (double)hz);
	fflush(stdout);
}

static bool set(struct blast *b, int option, const char *value)
{
	switch (option) {
	case 'd':
		b->device = value;
		return true;
	case 'c':
		b->capture = value;
		return true;
	case 'n':
		b->max = (uint32_t)strtoul(value, NULL, 10);
		return b->max > 0;
	case 'q':
		b->n_queues = (uint32_t)strtoul(value, NULL, 10);
		return b->n_queues > 0 && b->n_queues <= QUEUES_MAX;
	default:
		return false;
	}
}

static const struct option options[] = {
	{"device", required_argument, NULL, 'd'},
	{"capture", required_argument, NULL, 'c'},
	{"packets", required_argument, NULL, 'n'},
	{"queues", required_argument, NULL, 'q'},
	{NULL, 0, NULL, 0},
};

int main(int argc, char **argv)
{
	static struct blast b = {.max = 65536, .n_queues = 1};
	struct rte_mempool *pool;
	double rate, seconds;
	struct error error;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (set(&b, option, optarg))
			continue;
		b.device = NULL;
		break;
	}
	if (!b.device || !b.capture) {
		fputs("usage: blast --device DEVICE --capture FILE [--packets N] "
		      "[--queues N]\n",
			stderr);
		return 2;
	}
	if (eal_start_offline((b.max + 1023) / 512 + EAL_SPARE_MB, &error))
		bench_fail("EAL", error.text);
	pool = make_pool(&b);
	load(&b, pool);
	open_port(&b, pool);
	wait_for_link(&b);
	puts("{\"ready\": true}");
	fflush(stdout);
	while (scanf("%lf %lf", &rate, &seconds) == 2)
		blast(&b, rate, seconds);
	rte_eth_dev_stop(b.port);
	rte_eth_dev_close(b.port);
	return 0;
}
