/* What reading a capture costs a packet: input_next(), and the copy into a block. Prints the
 * median of runs of 1,024 packets, so that what else the machine does between them does not
 * count.
 *
 *   build/bench/read CAPTURE */
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "config/log/error.h"
#include "config/log/now.h"
#include "dataplane/capture/block.h"
#include "dataplane/capture/input.h"

enum { RUNS_MAX = 1 << 20 };

/* One run; its ns, or -1 at the end of the input. */
static double run(struct input *input, struct block *block)
{
	uint64_t began = now_monotonic();
	struct input_packet packet;

	block_reset(block);
	for (uint32_t i = 0; i < BLOCK_SLOTS; i++) {
		if (!input_next(input, &packet))
			return -1;
		if (!block_fits(block, packet.cap))
			block_reset(block);
		block->n_slots++;
		memcpy(block->data + block->n_bytes, packet.data, packet.cap);
		block->n_bytes += packet.cap;
	}
	return (double)(now_monotonic() - began);
}

int main(int argc, char **argv)
{
	static double runs[RUNS_MAX];
	const char *path = argc == 2 ? argv[1] : "";
	struct error error = {"usage: read CAPTURE"};
	struct input *input = argc == 2 ? input_open(&path, 1, NULL, &error) : NULL;
	struct block *block = block_create(1, false, false);
	double ns;
	int n = 0;

	if (!input || !block) {
		fprintf(stderr, "read: %s\n", error.text);
		return 2;
	}
	while (n < RUNS_MAX && (ns = run(input, block)) >= 0)
		runs[n++] = ns / BLOCK_SLOTS;
	if (n)
		printf("%.1f\n", bench_median(runs, (size_t)n));
	input_close(input);
	block_destroy(block);
	return 0;
}
