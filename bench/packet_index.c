/* What the index of a packet file costs: each packet that is told to it, the part that is written at the end, its size;
 * and what questions to it cost once it is in memory.
 *
 *   cmake --build --preset release --target bench_packet_index
 *   build/bench/packet_index [--once] [PACKETS]
 *
 * A part of 256 MiB with packets of 712 bytes (PACKETS of them, 377,000 if not said), in random order, of flows of 20 and
 * of 5 packets; each client has one flow, and there are 200 servers. `add` is the best of several runs, without what
 * it costs to bring the packets' flows to the processor; `end` is what is sorted and written, divided by the packets; a
 * question opens the index, too. --once builds that of flows of 20, once: for bench/check.py. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "config/log/now.h"
#include "inspect/packets/index/index_builder.h"
#include "inspect/packets/index/index_reader.h"
#include "support/random.h"

enum { PACKETS = 377000, BYTES = 712, RUNS = 15, SERVERS = 200 };

struct field {
	struct index_flow *flows;
	uint32_t *order; /* of packets: their flows */
	uint32_t n_flows, n_packets;
	char file[64];
};

static void flow_make(struct index_flow *flow, uint32_t i)
{
	const uint8_t client[4] = {52, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
	const uint8_t server[4] = {10, 0, 0, (uint8_t)(i % SERVERS)};

	memset(flow, 0, sizeof(*flow));
	flow->key.lo = ip_addr_v4(server);
	flow->key.hi = ip_addr_v4(client);
	flow->key.lo_port = 443;
	flow->key.hi_port = (uint16_t)(32768 + i % 20000);
	flow->key.ip_version = 4;
	flow->key.protocol = 6;
	flow->has_point = true;
	flow->point.outer_src = ip_addr_v4(server);
	session_key_name(&flow->point, 42, NETWORK_NONE);
	flow->flow_id = random_at(1, i);
}

static void field_make(struct field *field, uint32_t packets, uint32_t flows)
{
	struct random random = random_seeded(1);

	field->n_flows = flows;
	field->n_packets = packets;
	field->flows = calloc(flows, sizeof(*field->flows));
	field->order = calloc(packets, sizeof(*field->order));
	if (!field->flows || !field->order)
		bench_fail("field", "no memory");
	for (uint32_t i = 0; i < flows; i++)
		flow_make(&field->flows[i], i);
	for (uint32_t i = 0; i < packets; i++)
		field->order[i] = i < flows ? i : random_below(&random, flows);
}

static void add_all(struct index_builder *builder, const struct field *field)
{
	for (uint32_t i = 0; i < field->n_packets; i++) {
		const struct index_packet packet = {&field->flows[field->order[i]],
			1700000000000000000 + (uint64_t)i * 10000, 24 + (uint64_t)i * BYTES};

		index_builder_add(builder, &packet);
	}
}

/* Processor time: others may have the machine meanwhile. */
static uint64_t now_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* What it costs to bring the packets' flows, which lie about, without an index. */
static double bring_ns(const struct field *field)
{
	uint64_t began = now_cpu(), sum = 0;

	for (uint32_t i = 0; i < field->n_packets; i++) {
		struct index_flow flow = field->flows[field->order[i]];

		__asm__ volatile("" : : "r"(&flow) : "memory");
		sum += flow.flow_id;
	}
	__asm__ volatile("" : : "r"(sum));
	return (double)(now_cpu() - began) / field->n_packets;
}

static struct index_identity identity_of(const struct field *field)
{
	return (struct index_identity){24 + (uint64_t)field->n_packets * BYTES, 0, 0};
}

static void build(const struct field *field, double *add_ns, double *end_ns, size_t *memory)
{
	const struct index_identity identity = identity_of(field);
	struct error error;
	struct index_builder *builder = index_builder_open(field->file, 0, &error);
	uint64_t began, added;

	if (!builder)
		bench_fail("index", error.text);
	began = now_cpu();
	add_all(builder, field);
	added = now_cpu();
	*memory = index_builder_memory(builder);
	if (!index_builder_close(builder, &identity, &error))
		bench_fail("index", error.text);
	*add_ns = (double)(added - began) / field->n_packets;
	*end_ns = (double)(now_cpu() - added) / field->n_packets;
}

static struct index_reader *open_it(const struct field *field)
{
	const struct index_identity identity = identity_of(field);
	enum index_status status;
	struct error error;
	struct index_reader *reader = index_open(field->file, &identity, &status, &error);

	if (!reader)
		bench_fail("index", error.text);
	return reader;
}

/* Microseconds to open the index and ask it; `*n`: packets found. */
static double ask(const struct field *field, const struct index_query *query, size_t *n)
{
	double us[RUNS];

	for (int run = 0; run < RUNS; run++) {
		struct index_offsets out = {0};
		uint64_t began = now_monotonic();
		struct index_reader *reader = open_it(field);
		struct error error;

		*n = 0;
		for (uint32_t part = 0; part < index_about(reader)->parts; part++) {
			if (index_find(reader, part, query, &out, &error) != INDEX_OK)
				bench_fail("index", error.text);
			*n += out.n;
		}
		index_close(reader);
		free(out.at);
		us[run] = (double)(now_monotonic() - began) / 1000;
	}
	return bench_median(us, RUNS);
}

static void print_questions(const struct field *field)
{
	const uint64_t id = field->flows[7].flow_id, other = random_at(9, 9);
	const struct index_prefix host = {field->flows[7].key.lo, 128};
	uint8_t digest[COMMUNITY_ID_DIGEST];
	const struct {
		const char *name;
		struct index_query query;
	} questions[] = {
		{"a flow", {.flow_ids = &id, .n_flow_ids = 1}},
		{"no flow", {.flow_ids = &other, .n_flow_ids = 1}},
		{"community", {.communities = (const uint8_t(*)[COMMUNITY_ID_DIGEST])digest,
				      .n_communities = 1}},
		{"a server", {.hosts = &host, .n_hosts = 1}},
		{"all rows", {.protocols = (const uint8_t[]){6}, .n_protocols = 1}},
	};

	community_id_digest(&field->flows[7].key, 0, digest);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		size_t n;
		double us = ask(field, &questions[i].query, &n);

		printf("  %-10s %10.0f us %8zu packets\n", questions[i].name, us, n);
	}
}

static void once(uint32_t packets)
{
	struct field field = {.file = "/dev/shm/periscope-bench-XXXXXX"};
	double add, end;
	char path[128];
	size_t memory;
	int fd = mkstemp(field.file);

	if (fd < 0)
		bench_fail(field.file, "cannot make it");
	field_make(&field, packets, packets / 20);
	build(&field, &add, &end, &memory);
	if (index_path(field.file, path, sizeof(path)))
		unlink(path);
	unlink(field.file);
	close(fd);
	free(field.flows);
	free(field.order);
}

static void measure(uint32_t packets, uint32_t a_flow)
{
	struct field field = {.file = "/dev/shm/periscope-bench-XXXXXX"};
	double add[RUNS], end[RUNS];
	char path[128];
	struct stat status;
	size_t memory = 0;
	int fd = mkstemp(field.file);

	if (fd < 0)
		bench_fail(field.file, "cannot make it");
	field_make(&field, packets, packets / a_flow);
	for (int run = 0; run < RUNS; run++) {
		double bring = bring_ns(&field);

		build(&field, &add[run], &end[run], &memory);
		add[run] -= bring;
	}
	bench_sort(add, RUNS);
	bench_sort(end, RUNS);
	if (!index_path(field.file, path, sizeof(path)) || stat(path, &status) != 0)
		bench_fail(path, "is not there");
	printf("%u flows of %u packets: add %.1f ns a packet, end %.1f; %.1f bytes a packet, "
	       "%.2f %% of the data; %.1f MB of memory before the end\n",
		field.n_flows, a_flow, add[0], end[0], (double)status.st_size / packets,
		100.0 * (double)status.st_size / ((double)packets * BYTES),
		(double)memory / 1e6);
	print_questions(&field);
	unlink(path);
	unlink(field.file);
	close(fd);
	free(field.flows);
	free(field.order);
}

int main(int argc, char **argv)
{
	bool is_once = argc > 1 && strcmp(argv[1], "--once") == 0;
	const char *number = argc > 1 + is_once ? argv[1 + is_once] : NULL;
	uint32_t packets = number ? (uint32_t)strtoul(number, NULL, 10) : PACKETS;

	if (packets < 20)
		bench_fail(number, "is no number of packets from 20 on");
	if (is_once) {
		once(packets);
		return 0;
	}
	measure(packets, 20);
	measure(packets, 5);
	return 0;
}
