/* What hand-off costs: two live workers (dataplane/live/poll.c as it is) on packets in memory, in modes
 * that take turns, so that what else the machine does meets all alike. Prints one JSON object:
 * million packets a second that reached their flows. Rounds are short, and the one counts that is
 * better than nine of ten: when nothing else had the processors. The median is beside it.
 *
 * own      every packet comes in at the worker that owns it: nothing is handed over
 * half     any packet comes in at either worker: half of all are handed over, as with a NIC that
 *          knows outer headers alone
 * other    every packet comes in at the worker that does not own it
 * one      one queue: all packets come in at the first worker, and half of them are handed over
 *
 * A port of our own lends packets of a field as a NIC's ring would: an mbuf each, whose bytes the
 * processor has not seen lately. */
#include <ftw.h>
#include <getopt.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/bench.h"
#include "bench/lane_stand.h"
#include "bench/traffic/field.h"
#include "config/log/error.h"
#include "config/log/now.h"
#include "dataplane/live/poll.h"
#include "dataplane/pipeline/owner.h"
#include "dataplane/port/eal.h"

#include <rte_errno.h>
#include <rte_mbuf.h>

enum mode { MODE_OWN, MODE_HALF, MODE_OTHER, MODE_ONE, MODE_COUNT };

static const char *const mode_names[MODE_COUNT] = {"own", "half", "other", "one"};

enum { WORKERS = 2, BUFFERS = 16383, CACHE = 250, ROUNDS_MAX = 1024, EAL_MB = 256 };

struct deal {
	uint32_t *packets, n; /* numbers of packets of the field, in the order they come */
};

struct port {
	const struct field *field;
	struct rte_mempool *pool;
	struct deal deals[MODE_COUNT][WORKERS];
	_Atomic int mode; /* -1: no packets */
	struct {
		_Alignas(64) uint32_t at;
	} queues[WORKERS];
};

struct job {
	struct field_params field;
	uint32_t rules, rounds, round_ms, only;
	bool has_only;
};

struct bench {
	struct job job;
	struct field *field;
	struct port port;
	struct lane_stand *stands[WORKERS];
	struct worker_view_board views[WORKERS];
	struct handoff *handoff;
	struct output *output;
	struct writer *writer;
	struct poller *pollers[WORKERS];
	char directory[64];
	_Atomic int phase;
	_Atomic uint64_t missed; /* none ever */
	_Atomic uint32_t shedding[OVERLOAD_STEPS];
};

struct reading {
	uint64_t time_ns, packets, handed, full;
};

/* The linker (--wrap) has the workers call these. */
uint32_t __wrap_port_receive(
	struct port *port, uint32_t queue, struct rte_mbuf **mbufs, uint32_t n);

uint32_t __wrap_port_receive(
	struct port *port, uint32_t queue, struct rte_mbuf **mbufs, uint32_t n)
{
	int mode = atomic_load_explicit(&port->mode, memory_order_relaxed);
	const struct deal *deal = mode < 0 ? NULL : &port->deals[mode][queue];

	if (!deal || deal->n == 0 || rte_pktmbuf_alloc_bulk(port->pool, mbufs, n) != 0)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at =
			port->queues[queue].at + 1 < deal->n ? port->queues[queue].at + 1 : 0;

		port->queues[queue].at = at;
		mbufs[i]->buf_addr =
			port->field->bytes + (size_t)deal->packets[at] * port->field->stride;
		mbufs[i]->data_off = 0;
		mbufs[i]->data_len = (uint16_t)port->field->len;
		mbufs[i]->pkt_len = port->field->len;
	}
	return n;
}

uint32_t __wrap_port_fill(const struct port *port, uint32_t queue);
uint32_t __wrap_port_fill(const struct port *port, uint32_t queue)
{
	(void)port;
	(void)queue;
	return 0;
}

bool __wrap_port_has_times(const struct port *port);
bool __wrap_port_has_times(const struct port *port)
{
	(void)port;
	return false;
}

/* The worker that owns each packet, as the workers will find it. */
static void find_owners(const struct bench *b, uint8_t *owners)
{
	struct lane *lane = b->stands[0]->lane;

	for (uint32_t i = 0; i < b->field->params.packets; i++) {
		struct packet packet = {.link = LINK_ETHERNET}, *p = &packet;

		p->data = b->field->bytes + (size_t)i * b->field->stride;
		p->cap = p->wire = b->field->len;
		if (decap_packet(&lane->decap, p, &lane->met) != REASON_inspected ||
			!session_table_packet(lane->sessions, p, true))
			bench_fail("packet", "not accepted");
		owners[i] = (uint8_t)owner_of_flow(p, WORKERS);
	}
}

static void put(struct deal *deal, uint32_t packet)
{
	deal->packets[deal->n++] = packet;
}

static void deal_out(struct bench *b)
{
	uint32_t n = b->field->params.packets;
	uint8_t *owners = malloc(n);

	for (int i = 0; i < MODE_COUNT * WORKERS; i++) {
		b->port.deals[i / WORKERS][i % WORKERS].packets = malloc(n * sizeof(uint32_t));
		if (!owners || !b->port.deals[i / WORKERS][i % WORKERS].packets)
			bench_fail("packets", "no memory");
	}
	find_owners(b, owners);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t packet = b->field->order[i], owner = owners[packet];

		put(&b->port.deals[MODE_OWN][owner], packet);
		put(&b->port.deals[MODE_HALF][i % WORKERS], packet);
		put(&b->port.deals[MODE_OTHER][1 - owner], packet);
		put(&b->port.deals[MODE_ONE][0], packet);
	}
	free(owners);
}

static void make_port(struct bench *b)
{
	b->port.field = b->field;
	atomic_init(&b->port.mode, -1);
	b->port.pool = rte_pktmbuf_pool_create("field", BUFFERS, CACHE, 0, 0, SOCKET_ID_ANY);
	if (!b->port.pool)
		bench_fail("rte_pktmbuf_pool_create", rte_strerror(rte_errno));
	deal_out(b);
}

static void make_writer(struct bench *b)
{
	struct error error;

	snprintf(b->directory, sizeof(b->directory), "/tmp/periscope-bench-XXXXXX");
	if (!mkdtemp(b->directory))
		bench_fail(b->directory, "cannot be made");
	b->output = output_open(b->directory, &b->stands[0]->settings, true, &error);
	b->writer = b->output ? writer_start(b->output, WORKERS, false, &error) : NULL;
	if (!b->writer)
		bench_fail("writer", error.text);
}

static void start_workers(struct bench *b)
{
	struct error error;

	for (uint32_t i = 0; i < WORKERS; i++) {
		struct poll_params params = {
			.index = i,
			.n_workers = WORKERS,
			.n_receivers = WORKERS,
			.queues = {{&b->port, i, NULL}},
			.n_queues = 1,
			.ports_hold = 4096,
			.missed = &b->missed,
			.cpu = (int)i,
			.lane = b->stands[i]->lane,
			.writer = b->writer,
			.handoff = b->handoff,
			.phase = &b->phase,
			.view = &b->views[i],
			.settings = &b->stands[i]->settings,
			.shedding = b->shedding,
		};

		b->pollers[i] = poll_start(&params, &error);
		if (!b->pollers[i])
			bench_fail("worker", error.text);
	}
}

static void make(struct bench *b)
{
	const struct lane_stand_params params = {
		.capacity = b->job.field.flows * 2,
		.rules = b->job.rules,
		.sessions = b->job.field.sessions,
	};

	b->field = field_create(&b->job.field);
	if (!b->field)
		bench_fail("packets", "no memory");
	for (uint32_t i = 0; i < WORKERS; i++) {
		b->stands[i] = lane_stand_create(&params);
		b->stands[i]->lane->index = 0;
		if (!worker_view_init(&b->views[i], b->job.field.sessions + 1))
			bench_fail("views", "no memory");
	}
	b->handoff = handoff_create(WORKERS);
	if (!b->handoff)
		bench_fail("rings", "no memory");
	make_port(b);
	make_writer(b);
	start_workers(b);
}

static struct reading take_reading(struct bench *b)
{
	struct reading r = {.time_ns = now_monotonic()};

	for (uint32_t i = 0; i < WORKERS; i++) {
		struct tally t;

		poll_read(b->pollers[i], &t);
		r.packets += t.reasons[REASON_inspected];
		r.handed += t.handed_in;
		r.full += t.reasons[REASON_handoff_full];
	}
	return r;
}

static void nap_ms(uint32_t ms)
{
	struct timespec nap = {ms / 1000, (long)(ms % 1000) * 1000000};

	nanosleep(&nap, NULL);
}

struct result {
	double speeds[ROUNDS_MAX];
	uint64_t packets, handed, full;
};

static void measure(struct bench *b, enum mode mode, struct result *result, uint32_t round)
{
	struct reading from, to;

	atomic_store_explicit(&b->port.mode, (int)mode, memory_order_relaxed);
	nap_ms(b->job.round_ms / 5 + 1); /* rings and caches become those of this mode */
	from = take_reading(b);
	nap_ms(b->job.round_ms);
	to = take_reading(b);
	result->speeds[round] =
		(double)(to.packets - from.packets) * 1e3 / (double)(to.time_ns - from.time_ns);
	result->packets += to.packets - from.packets;
	result->handed += to.handed - from.handed;
	result->full += to.full - from.full;
}

static void print(const struct bench *b, struct result *results)
{
	printf("{\"packets\": %u, \"flows\": %u, \"rules\": %u, \"rounds\": %u",
		b->job.field.packets, b->job.field.flows, b->job.rules, b->job.rounds);
	for (int mode = 0; mode < MODE_COUNT; mode++) {
		struct result *r = &results[mode];

		if (b->job.has_only && b->job.only != (uint32_t)mode)
			continue;
		bench_sort(r->speeds, b->job.rounds);
		printf(", \"%s\": {\"mpps\": %.3f, \"median\": %.3f, \"handed\": %.3f, "
		       "\"full\": %.5f}",
			mode_names[mode], r->speeds[b->job.rounds - 1 - b->job.rounds / 10],
			r->speeds[b->job.rounds / 2],
			(double)r->handed / (double)(r->packets ? r->packets : 1),
			(double)r->full /
				(double)(r->packets + r->full ? r->packets + r->full : 1));
	}
	printf("}\n");
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
	(void)info;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void stop(struct bench *b)
{
	atomic_store_explicit(&b->port.mode, -1, memory_order_relaxed);
	atomic_store(&b->phase, POLL_DRAIN);
	nap_ms(50);
	atomic_store(&b->phase, POLL_END);
	for (uint32_t i = 0; i < WORKERS; i++)
		poll_join(b->pollers[i]);
	handoff_empty(b->handoff);
	writer_stop(b->writer);
	output_close(b->output);
	nftw(b->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	for (uint32_t i = 0; i < WORKERS; i++) {
		worker_view_fini(&b->views[i]);
		lane_stand_destroy(b->stands[i]);
	}
	handoff_destroy(b->handoff);
	for (int i = 0; i < MODE_COUNT * WORKERS; i++)
		free(b->port.deals[i / WORKERS][i % WORKERS].packets);
	field_destroy(b->field);
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
	case 'r':
		job->rules = value;
		return value > 0 && value <= 32766;
	case 'n':
		job->rounds = value;
		return value > 0 && value <= ROUNDS_MAX;
	case 't':
		job->round_ms = value;
		return value > 0;
	case 'm':
		job->has_only = true;
		job->only = value;
		return value < MODE_COUNT;
	default:
		return false;
	}
}

static const struct option options[] = {
	{"packets", required_argument, NULL, 'p'},
	{"flows", required_argument, NULL, 'f'},
	{"rules", required_argument, NULL, 'r'},
	{"rounds", required_argument, NULL, 'n'},
	{"milliseconds", required_argument, NULL, 't'},
	{"mode", required_argument, NULL, 'm'},
	{NULL, 0, NULL, 0},
};

int main(int argc, char **argv)
{
	static struct bench bench;
	static struct result results[MODE_COUNT];
	struct bench *b = &bench;
	int option;

	b->job = (struct job){.field = {131072, 100000, 8, 200, 0},
		.rules = 10,
		.rounds = 200,
		.round_ms = 5};
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (set(&b->job, option, optarg ? (uint32_t)strtoul(optarg, NULL, 10) : 0))
			continue;
		fputs("usage: handoff [--packets N] [--flows N] [--rules N] [--rounds N] "
		      "[--milliseconds N] [--mode N]\n",
			stderr);
		return 2;
	}
	make(b);
	for (uint32_t round = 0; round < b->job.rounds; round++)
		for (int mode = 0; mode < MODE_COUNT; mode++)
			if (!b->job.has_only || b->job.only == (uint32_t)mode)
				measure(b, (enum mode)mode, &results[mode], round);
	print(b, results);
	stop(b);
	return 0;
}
