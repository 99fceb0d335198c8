/* What inspection and export cost a packet: a capture that lies in memory goes through a lane that
 * only counts flows, one that inspects as well, and one that makes records of them, too, which take
 * turns. Flows end within it. Prints one JSON object: ns of processor time a packet, medians;
 * `dpi` and `export` are what each lane takes more than the one before.
 *
 *   build/bench/lane CAPTURE [ROUNDS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/lane_stand.h"
#include "config/log/error.h"
#include "config/log/now.h"
#include "dataplane/capture/input.h"

enum { ROUNDS_MAX = 100 };

enum kind { COUNTED, INSPECTED, RECORDED, KINDS };

struct capture {
	struct input_packet *packets; /* whose data lie in `bytes` */
	uint8_t *bytes;
	size_t n, n_room, size, size_room;
};

static void *grow(void *memory, size_t *room, size_t wanted, size_t each)
{
	if (wanted <= *room)
		return memory;
	*room = 2 * wanted;
	memory = realloc(memory, *room * each);
	if (!memory)
		bench_fail("capture", "no memory");
	return memory;
}

/* Until all is read `data` is an offset: the bytes may still move. */
static void keep(struct capture *c, const struct input_packet *packet)
{
	c->bytes = grow(c->bytes, &c->size_room, c->size + packet->cap, 1);
	c->packets = grow(c->packets, &c->n_room, c->n + 1, sizeof(*packet));
	memcpy(c->bytes + c->size, packet->data, packet->cap);
	c->packets[c->n++] = *packet;
	c->size += packet->cap;
}

static struct capture read_capture(const char *path)
{
	struct capture c = {0};
	struct error error;
	struct input *input = input_open(&path, 1, NULL, &error);
	struct input_packet packet;
	size_t at = 0;

	if (!input)
		bench_fail("capture", error.text);
	while (input_next(input, &packet))
		keep(&c, &packet);
	if (input_error_count(input) > 0)
		bench_fail("capture", input_error(input, 0));
	input_close(input);
	for (size_t i = 0; i < c.n; at += c.packets[i++].cap)
		c.packets[i].data = c.bytes + at;
	if (c.n == 0)
		bench_fail(path, "no packets");
	return c;
}

static void run_burst(struct lane *lane, const struct input_packet *in, uint32_t n)
{
	struct packet packets[BURST_MAX];
	enum reason why[BURST_MAX];

	for (uint32_t i = 0; i < n; i++) {
		struct packet *p = &packets[i];

		p->data = in[i].data;
		p->cap = in[i].cap;
		p->wire = in[i].wire;
		p->time_ns = in[i].time_ns;
		p->number = in[i].number;
		p->link = in[i].link;
	}
	pipeline_packets(lane, packets, n, in[0].time_ns, why);
}

/* A lane of its own each time, which is not counted, nor is nDPI's start. */
static double run(const struct capture *c, enum kind kind, uint64_t *inspected)
{
	const struct lane_stand_params params = {
		.sessions = 8, .dpi = kind >= INSPECTED, .records = kind == RECORDED};
	struct lane_stand *stand = lane_stand_create(&params);
	uint64_t began = now_of(CLOCK_THREAD_CPUTIME_ID), took;

	for (size_t i = 0; i < c->n; i += BURST_MAX)
		run_burst(stand->lane, &c->packets[i],
			c->n - i < BURST_MAX ? (uint32_t)(c->n - i) : BURST_MAX);
	lane_end(stand->lane, c->packets[c->n - 1].time_ns, FLOW_END_OF_INPUT);
	took = now_of(CLOCK_THREAD_CPUTIME_ID) - began;
	*inspected = stand->lane->ledger.reasons[REASON_inspected];
	lane_stand_destroy(stand);
	return (double)took / (double)c->n;
}

int main(int argc, char **argv)
{
	static double ns[KINDS][ROUNDS_MAX];
	int rounds = argc > 2 ? atoi(argv[2]) : 5;
	struct capture capture;
	double median[KINDS];
	uint64_t inspected = 0;

	if (argc < 2 || rounds < 1 || rounds > ROUNDS_MAX) {
		fputs("usage: lane CAPTURE [ROUNDS]\n", stderr);
		return 2;
	}
	capture = read_capture(argv[1]);
	for (int round = 0; round < rounds; round++)
		for (int kind = 0; kind < KINDS; kind++)
			ns[kind][round] = run(&capture, (enum kind)kind, &inspected);
	for (int kind = 0; kind < KINDS; kind++)
		median[kind] = bench_median(ns[kind], (size_t)rounds);
	printf("{\"packets\": %zu, \"inspected\": %llu, \"counted\": %.1f, \"dpi\": %.1f, "
	       "\"export\": %.1f}\n",
		capture.n, (unsigned long long)inspected, median[COUNTED],
		median[INSPECTED] - median[COUNTED], median[RECORDED] - median[INSPECTED]);
	free(capture.packets);
	free(capture.bytes);
	return 0;
}
