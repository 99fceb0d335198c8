/* What the stages of the pipeline cost a packet of an established flow, in memory, beside the
 * limit loop, which only reads the first two cache lines of each packet in the same random order.
 * Prints one JSON object: ns a packet, the median over runs of 1,024 packets, so that what else the
 * machine does between them does not count.
 *
 * limit    the limit loop
 * decap    decap_mirror() and early reads as the pipeline does it, session: the lookup,
 * flow     flow_table_prefetch() and flow_table_packet()
 * path     pipeline_packets() without nDPI and records: all of these, and the filter
 *
 * --once makes one pass, for callgrind: bench/check.py reads the run_ functions' instructions. */
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/lane_stand.h"
#include "bench/traffic/field.h"
#include "config/log/now.h"
#include "decap/touch.h"

enum { PASSES = 9, RUN = 1024, WORKERS = 8 };
#define START_NS (UINT64_C(1700000000) * 1000000000)

struct job {
	struct field_params field;
	uint32_t rules, filters, workers;
	bool once;
};

enum cost { COST_LIMIT, COST_DECAP, COST_SESSION, COST_FLOW, COST_PATH, COST_COUNT };

static const char *const cost_names[COST_COUNT] = {"limit", "decap", "session", "flow", "path"};

/* ns a packet of each run. */
struct costs {
	double *runs[COST_COUNT];
	uint32_t n[COST_COUNT];
};

/* One thread: its lane, and the packets it owns in the order it sees them. */
struct bench {
	const struct field *field;
	struct lane_stand *stand;
	uint32_t *order, n;
	uint32_t from, to; /* of `order`: the run */
	struct packet packets[BURST_MAX];
	enum reason why[BURST_MAX];
	uint64_t time_ns;
	uint64_t sum;
	pthread_barrier_t *start;
	struct costs costs;
};

void run_limit(struct bench *b);
void run_decap(struct bench *b, uint32_t n);
uint64_t run_session(struct bench *b, uint32_t n);
void run_flow(struct bench *b, uint64_t live);
void run_path(struct bench *b);

static const uint8_t *packet_at(const struct bench *b, uint32_t i)
{
	return b->field->bytes + (size_t)b->order[i] * b->field->stride;
}

__attribute__((noinline)) void run_limit(struct bench *b)
{
	uint64_t sum = 0, word[2];

	for (uint32_t i = b->from; i < b->to; i++) {
		const uint8_t *at = packet_at(b, i);

		memcpy(&word[0], at, sizeof(word[0]));
		memcpy(&word[1], at + 64, sizeof(word[1]));
		sum += word[0] ^ word[1];
	}
	b->sum += sum;
}

static uint32_t load(struct bench *b, uint32_t from)
{
	uint32_t n = b->to - from < BURST_MAX ? b->to - from : BURST_MAX;

	for (uint32_t i = 0; i < n; i++) {
		struct packet *p = &b->packets[i];

		p->data = packet_at(b, from + i);
		p->cap = p->wire = b->field->len;
		p->time_ns = b->time_ns += 10;
		p->link = LINK_ETHERNET;
	}
	return n;
}

__attribute__((noinline)) void run_decap(struct bench *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		touch(b->packets[i].data);
		touch(b->packets[i].data + 64);
	}
	for (uint32_t i = 0; i < n; i++)
		b->why[i] = decap_mirror(&b->stand->lane->decap, &b->packets[i]);
}

__attribute__((noinline)) uint64_t run_session(struct bench *b, uint32_t n)
{
	return session_table_burst(b->stand->lane->sessions, b->packets, n, true, b->why);
}

__attribute__((noinline)) void run_flow(struct bench *b, uint64_t live)
{
	struct flow_table *flows = b->stand->lane->flows;

	flow_table_prefetch(flows, b->packets, live);
	for (; live; live &= live - 1)
		flow_table_packet(flows, &b->packets[__builtin_ctzll(live)], START_NS);
}

static __attribute__((noinline)) void take_path(struct bench *b)
{
	uint32_t n;

	for (uint32_t i = b->from; i < b->to; i += n) {
		n = load(b, i);
		pipeline_packets(b->stand->lane, b->packets, n, START_NS, b->why);
	}
}

/* By itself, so that what making the flows costs is not counted in. */
__attribute__((noinline)) void run_path(struct bench *b)
{
	take_path(b);
}

static void keep(struct bench *b, enum cost cost, uint64_t ns)
{
	struct costs *c = &b->costs;

	c->runs[cost][c->n[cost]++] = (double)ns / (b->to - b->from);
}

/* A run with a look at the clock between the stages of each burst. */
static void time_stages(struct bench *b)
{
	uint64_t spent[3] = {0}, t[4], live;
	uint32_t n;

	for (uint32_t i = b->from; i < b->to; i += n) {
		n = load(b, i);
		t[0] = now_monotonic();
		run_decap(b, n);
		t[1] = now_monotonic();
		live = run_session(b, n);
		t[2] = now_monotonic();
		run_flow(b, live);
		t[3] = now_monotonic();
		for (int s = 0; s < 3; s++)
			spent[s] += t[s + 1] - t[s];
	}
	for (int s = 0; s < 3; s++)
		keep(b, (enum cost)(COST_DECAP + s), spent[s]);
}

static void time_limit(struct bench *b)
{
	uint64_t began = now_monotonic();

	run_limit(b);
	keep(b, COST_LIMIT, now_monotonic() - began);
}

static void time_path(struct bench *b)
{
	uint64_t began = now_monotonic();

	run_path(b);
	keep(b, COST_PATH, now_monotonic() - began);
}

/* All its packets, a run at a time; what is left over at the end is no full run. */
static void pass(struct bench *b, void (*run)(struct bench *))
{
	for (b->from = 0; b->from + RUN <= b->n; b->from += RUN) {
		b->to = b->from + RUN;
		run(b);
	}
}

static double median(struct costs *c, enum cost cost)
{
	return bench_median(c->runs[cost], c->n[cost]);
}

/* The packets of worker `index`, whose flows are its own; with `fresh` also the first packets of
 * new flows. */
static void take_packets(struct bench *b, const struct job *job, uint32_t index, bool fresh)
{
	b->n = 0;
	for (uint32_t i = 0; i < job->field.packets; i++) {
		uint32_t packet = b->field->order[i], flow = b->field->flow[packet];

		if (flow % job->workers == index && (fresh || flow < job->field.flows))
			b->order[b->n++] = packet;
	}
}

static void make_stand(struct bench *b, const struct job *job)
{
	const struct lane_stand_params params = {
		.capacity = job->field.flows +
			    job->field.packets * job->field.new_percent / 100 +
			    job->field.packets / 8,
		.rules = job->rules,
		.filters = job->filters,
		.sessions = job->field.sessions,
	};

	lane_stand_destroy(b->stand);
	b->stand = lane_stand_create(&params);
	b->time_ns = START_NS;
}

static struct bench *make_bench(const struct job *job, const struct field *field)
{
	uint32_t room = (job->field.packets / RUN + 1) * PASSES;
	struct bench *b = calloc(1, sizeof(*b));
	bool ok = b != NULL;

	if (ok) {
		b->field = field;
		b->order = malloc(job->field.packets * sizeof(*b->order));
		ok = b->order != NULL;
	}
	for (int cost = 0; ok && cost < COST_COUNT; cost++) {
		b->costs.runs[cost] = malloc(room * sizeof(double));
		ok = b->costs.runs[cost] != NULL;
	}
	if (!ok)
		bench_fail("runs", "no memory");
	return b;
}

/* Packets of established flows go through once, so that they are established. */
static void warm_up(struct bench *b, const struct job *job, uint32_t index)
{
	make_stand(b, job);
	take_packets(b, job, index, false);
	b->from = 0;
	b->to = b->n;
	take_path(b);
}

static void free_bench(struct bench *b)
{
	for (int cost = 0; cost < COST_COUNT; cost++)
		free(b->costs.runs[cost]);
	lane_stand_destroy(b->stand);
	free(b->order);
	free(b);
}

static void *worker(void *arg)
{
	struct bench *b = arg;

	for (int i = 0; i < PASSES; i++) {
		pthread_barrier_wait(b->start);
		pass(b, time_path);
	}
	return NULL;
}

/* All workers at once. */
static void measure_workers(struct bench *const *benches, const struct job *job)
{
	pthread_t threads[WORKERS];
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, job->workers);
	for (uint32_t i = 0; i < job->workers; i++) {
		benches[i]->start = &start;
		pthread_create(&threads[i], NULL, worker, benches[i]);
	}
	for (uint32_t i = 0; i < job->workers; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
}

/* New flows are new once: each pass has a lane of its own, warmed up with the established ones. */
static void measure_new(struct bench *b, const struct job *job)
{
	for (int i = 0; i < PASSES / 3; i++) {
		warm_up(b, job, 0);
		take_packets(b, job, 0, true);
		pass(b, time_path);
	}
}

static void measure_stages(struct bench *b, const struct job *job)
{
	for (int i = 0; i < (job->once ? 1 : PASSES); i++) {
		pass(b, time_limit);
		pass(b, time_stages);
		pass(b, time_path);
	}
}

/* Of several workers: what they do together, each at its own speed. */
static double path_cost(struct bench *const *benches, const struct job *job)
{
	double speed = 0;

	for (uint32_t i = 0; i < job->workers; i++)
		speed += 1 / median(&benches[i]->costs, COST_PATH);
	return 1 / speed;
}

static void print(struct bench *const *benches, const struct job *job, long bytes)
{
	struct costs *c = &benches[0]->costs;

	printf("{\"packets\": %u, \"flows\": %u, \"sessions\": %u, \"size\": %u, \"rules\": "
	       "%u, \"filters\": %u, \"load_s\": %.3f, "
	       "\"workers\": %u, \"new_percent\": %u, \"table_bytes\": %ld",
		job->field.packets, job->field.flows, job->field.sessions, job->field.size,
		job->rules, job->filters, benches[0]->stand->load_s, job->workers,
		job->field.new_percent, bytes);
	for (int cost = 0; cost < COST_PATH; cost++)
		if (c->n[cost])
			printf(", \"%s\": %.2f", cost_names[cost], median(c, (enum cost)cost));
	printf(", \"path\": %.2f}\n", path_cost(benches, job));
}

static bool set(struct job *job, int option, uint32_t value)
{
	switch (option) {
	case 'p':
		job->field.packets = value;
		return value > 0;
	case 'f':
		job->field.flows = value;
		return value > 0;
	case 's':
		job->field.sessions = value;
		return value > 0 && value <= 65536;
	case 'z':
		job->field.size = value;
		return value >= 40 && value <= 9000;
	case 'r':
		job->rules = value;
		return value <= 32766;
	case 'i':
		job->filters = value;
		return value <= 1000;
	case 'w':
		job->workers = value;
		return value > 0 && value <= WORKERS;
	case 'n':
		job->field.new_percent = value;
		return value <= 100;
	case 'o':
		job->once = true;
		return true;
	default:
		return false;
	}
}

static const struct option options[] = {
	{"packets", required_argument, NULL, 'p'},
	{"flows", required_argument, NULL, 'f'},
	{"sessions", required_argument, NULL, 's'},
	{"size", required_argument, NULL, 'z'},
	{"rules", required_argument, NULL, 'r'},
	{"filters", required_argument, NULL, 'i'},
	{"workers", required_argument, NULL, 'w'},
	{"new", required_argument, NULL, 'n'},
	{"once", no_argument, NULL, 'o'},
	{NULL, 0, NULL, 0},
};

int main(int argc, char **argv)
{
	struct job job = {.field = {262144, 100000, 8, 200, 0}, .rules = 10, .workers = 1};
	struct bench *benches[WORKERS];
	struct field *field;
	long before;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (set(&job, option, optarg ? (uint32_t)strtoul(optarg, NULL, 10) : 0))
			continue;
		fputs("usage: stages [--packets N] [--flows N] [--sessions N] [--size BYTES] "
		      "[--rules N] [--filters N] [--workers N] [--new PERCENT] [--once]\n",
			stderr);
		return 2;
	}
	field = field_create(&job.field);
	if (!field)
		bench_fail("packets", "no memory");
	for (uint32_t i = 0; i < job.workers; i++)
		benches[i] = make_bench(&job, field);
	before = bench_resident_bytes();
	for (uint32_t i = 0; i < job.workers; i++)
		warm_up(benches[i], &job, i);
	before = bench_resident_bytes() - before;
	if (job.field.new_percent)
		measure_new(benches[0], &job);
	else if (job.workers > 1)
		measure_workers(benches, &job);
	else
		measure_stages(benches[0], &job);
	print(benches, &job, before);
	for (uint32_t i = 0; i < job.workers; i++)
		free_bench(benches[i]);
	field_destroy(field);
	return 0;
}
