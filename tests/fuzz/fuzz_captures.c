/* The readers of captures: the input is a file of any kind. Its packets are read one by one and
 * without a copy, by buffers that are exchanged; both ways must give the same packets, the same
 * sentence and the same counters, whatever the bytes are. */
#include "dataplane/capture/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/log/error.h"
#include "tests/fuzz/demand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HELD = 8 };

/* What a way of reading gave: a checksum over all that is said of the packets, and their bytes. */
struct given {
	uint64_t sum;
	struct input_counters counters;
	char error[1024];
};

static void add(struct given *g, uint64_t value)
{
	g->sum = (g->sum ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	g->sum ^= g->sum >> 29;
}

static void take(struct given *g, const struct input_packet *p)
{
	demand(p->cap <= p->wire && p->time_ns <= INT64_MAX);
	add(g, p->cap);
	add(g, p->wire);
	add(g, p->time_ns);
	add(g, p->number);
	add(g, (uint64_t)p->link);
	for (uint32_t i = 0; i < p->cap; i++)
		add(g, p->data[i]);
}

static void finish(struct given *g, struct input *input)
{
	input_counters(input, &g->counters);
	if (input_error_count(input) > 0)
		snprintf(g->error, sizeof(g->error), "%s", input_error(input, 0));
	input_close(input);
}

static struct input *open_path(const char *path)
{
	struct error error;
	struct input *input = input_open(&path, 1, NULL, &error);

	demand(input);
	return input;
}

static void read_copied(struct given *g, const char *path)
{
	struct input *input = open_path(path);
	struct input_packet p;

	while (input_next(input, &p) == 1)
		take(g, &p);
	finish(g, input);
}

/* Holds some packets before it looks at them; the last one goes along now and then. */
static void read_lent(struct given *g, const char *path)
{
	struct input *input = open_path(path);
	struct input_packet held[HELD];
	uint8_t *spare = malloc(INPUT_ROOM_MIN);
	bool lends = input_lend(input, INPUT_ROOM_MIN);
	unsigned n = 0, kept = 0;
	int got;

	do {
		got = input_next(input, &held[n]);
		n += got == 1;
		if (got == 1 && n < HELD && lends)
			continue;
		kept = lends && got == 1 && held[n - 1].number % 3 == 0;
		for (unsigned i = 0; i < n - kept; i++)
			take(g, &held[i]);
		if (lends)
			spare = input_exchange(input, spare, kept ? &held[n - 1] : NULL);
		held[0] = held[kept ? n - 1 : 0];
		n = kept;
	} while (got != 0);
	finish(g, input);
	free(spare);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct given copied = {.sum = 0}, lent = {.sum = 0};
	char path[DEMAND_PATH];
	int fd = demand_file(data, size, path);

	read_copied(&copied, path);
	read_lent(&lent, path);
	demand(copied.sum == lent.sum);
	demand(copied.counters.delivered == lent.counters.delivered);
	demand(copied.counters.link_excluded == lent.counters.link_excluded);
	demand(strcmp(copied.error, lent.error) == 0);
	close(fd);
	return 0;
}
