/* What a packet of an established flow costs in the flow table, and how that grows with the
 * number of flows. Packets come in random order and both directions, in bursts of 64, and are made
 * in place; `make` is what making them costs alone, and the other columns are without it.
 *
 *   cmake --build --preset release --target bench_flow
 *   build/bench/flow [PACKETS [FLOWS...]]
 *
 * Prints ns a packet (the best of many short runs, so that other work on the machine matters
 * little): each lookup by itself, and with flow_table_prefetch() for the burst; then
 * the resident memory of the table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "config/log/now.h"
#include "inspect/flow/table.h"
#include "support/random.h"

enum { RUNS = 150, CAPACITY = 1 << 20 };

enum mode { MODE_MAKE, MODE_SINGLE, MODE_PREFETCH };

struct traffic {
	struct packet burst[BURST_MAX];
	struct random random;
	uint64_t flows, time_ns;
};

/* Clients 10.x.y.z with some ports each, 1,024 servers. */
static void packet_make(struct packet *p, uint64_t flow, bool reply, uint64_t time_ns)
{
	const uint32_t host = (uint32_t)flow / 16, server = (uint32_t)flow % 1024;
	const uint8_t client_bytes[4] = {
		10, (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host};
	const uint8_t server_bytes[4] = {172, 16, (uint8_t)(server >> 8), (uint8_t)server};
	const struct ip_addr client = ip_addr_v4(client_bytes),
			     other = ip_addr_v4(server_bytes);
	const uint16_t port = (uint16_t)(32768 + flow % 16);

	p->src = reply ? other : client;
	p->dst = reply ? client : other;
	p->src_port = reply ? 443 : port;
	p->dst_port = reply ? port : 443;
	p->time_ns = time_ns;
}

static void burst_make(struct traffic *t)
{
	for (int i = 0; i < BURST_MAX; i++) {
		uint64_t random = random_next(&t->random);

		t->time_ns += 100;
		packet_make(
			&t->burst[i], (random >> 32) * t->flows >> 32, random & 1, t->time_ns);
	}
}

static void traffic_begin(struct traffic *t, uint64_t flows)
{
	memset(t, 0, sizeof(*t));
	t->flows = flows;
	t->random.state = 88172645463325252;
	t->time_ns = 1700000000000000000;
	for (int i = 0; i < BURST_MAX; i++) {
		t->burst[i].protocol = 6;
		t->burst[i].ip_version = 4;
		t->burst[i].tcp_flags = 16;
		t->burst[i].ip_len = 1000;
	}
}

static void flows_make(struct flow_table *table, struct traffic *t)
{
	for (uint64_t flow = 0; flow < t->flows; flow++) {
		packet_make(&t->burst[0], flow, false, t->time_ns);
		flow_table_prefetch(table, t->burst, 1);
		flow_table_packet(table, &t->burst[0], t->time_ns);
	}
}

static double run(struct flow_table *table, struct traffic *t, uint64_t packets, enum mode mode)
{
	uint64_t start = now_monotonic();

	for (uint64_t n = 0; n < packets; n += BURST_MAX) {
		burst_make(t);
		if (mode == MODE_PREFETCH)
			flow_table_prefetch(table, t->burst, UINT64_MAX);
		for (int i = 0; mode != MODE_MAKE && i < BURST_MAX; i++) {
			if (mode == MODE_SINGLE)
				flow_table_prefetch(table, &t->burst[i], 1);
			flow_table_packet(table, &t->burst[i], t->burst[i].time_ns);
		}
	}
	return (double)(now_monotonic() - start) / (double)packets;
}

static double best_run(
	struct flow_table *table, struct traffic *t, uint64_t packets, enum mode mode)
{
	double best = run(table, t, packets, mode);

	for (int i = 1; i < RUNS; i++) {
		double ns = run(table, t, packets, mode);

		best = ns < best ? ns : best;
	}
	return best;
}

static void measure(uint64_t flows, uint64_t packets)
{
	const struct flow_params params = {.capacity = CAPACITY,
		.idle_timeout_ns = 120000000000,
		.tcp_close_timeout_ns = 10000000000,
		.window_s = 60};
	const struct flow_observer none = {0};
	struct flow_table *table;
	struct traffic t;
	double make, single, prefetch;
	long before = bench_resident_bytes();

	table = flow_table_create(&params, &none);
	if (!table)
		bench_fail("flow table", "no memory");
	traffic_begin(&t, flows);
	flows_make(table, &t);
	make = best_run(table, &t, packets, MODE_MAKE);
	single = best_run(table, &t, packets, MODE_SINGLE) - make;
	prefetch = best_run(table, &t, packets, MODE_PREFETCH) - make;
	printf("%10lu %8.1f %8.1f %10.1f %10.1f\n", (unsigned long)flows, make, single,
		prefetch, (double)(bench_resident_bytes() - before) / 1e6);
	if (flow_table_stats(table)->live != flows) {
		fprintf(stderr, "flow: %lu flows live, not %lu\n",
			(unsigned long)flow_table_stats(table)->live, (unsigned long)flows);
		exit(1);
	}
	flow_table_destroy(table);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (*end != 0 || n == 0 || n > UINT32_MAX) {
		fprintf(stderr, "flow: %s: not a number from 1 to 4294967295\n", text);
		exit(2);
	}
	return n;
}

int main(int argc, char **argv)
{
	static const uint64_t usual[] = {1000, 10000, 100000, 1000000};
	uint64_t packets = argc > 1 ? number(argv[1]) : 100000;

	printf("%10s %8s %8s %10s %10s\n", "flows", "make", "single", "prefetch", "MB");
	for (int i = 2; i < argc; i++)
		measure(number(argv[i]), packets);
	for (size_t i = 0; argc < 3 && i < sizeof(usual) / sizeof(usual[0]); i++)
		measure(usual[i], packets);
	return 0;
}
