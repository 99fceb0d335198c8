#include "dataplane/pipeline/simulate.h"

#include "config/log/now.h"

#include <rte_mbuf.h>

#include <stdio.h>

void simulation_init(
	struct simulation *simulation, const struct settings *settings, uint32_t worker)
{
	*simulation = (struct simulation){.drop_every = settings->simulate.drop_every};
	if (settings->simulate.stall_worker != worker)
		return;
	simulation->stall_ns = settings->simulate.stall_for;
	simulation->stall_every_ns = settings->simulate.stall_every;
}

uint32_t simulation_drop(struct simulation *simulation, struct rte_mbuf **mbufs, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (++simulation->counted < simulation->drop_every) {
			mbufs[kept++] = mbufs[i];
			continue;
		}
		simulation->counted = 0;
		simulation->dropped++;
		rte_pktmbuf_free(mbufs[i]);
	}
	return kept;
}

void simulate_work(uint64_t ns)
{
	uint64_t end = now_monotonic() + ns;

	while (now_monotonic() < end)
		;
}

/* Each begins with "; ". */
bool simulate_describe(const struct settings *settings, char *text, size_t size)
{
	const uint64_t stall = settings->simulate.stall_for;
	FILE *out = fmemopen(text, size, "w");
	long begin;

	text[0] = '\0';
	if (!out)
		return false;
	begin = ftell(out);
	if (settings->simulate.drop_every)
		fprintf(out, "; one of %u packets is dropped", settings->simulate.drop_every);
	if (settings->simulate.dpi_delay)
		fprintf(out, "; nDPI takes %.6f s longer a packet",
			(double)settings->simulate.dpi_delay / 1e9);
	if (settings->simulate.disk_delay)
		fprintf(out, "; the disk takes %.6f s longer a batch",
			(double)settings->simulate.disk_delay / 1e9);
	if (stall)
		fprintf(out, "; worker %u stands still for %.3f s every %.3f s",
			settings->simulate.stall_worker, (double)stall / 1e9,
			(double)settings->simulate.stall_every / 1e9);
	begin = ftell(out) - begin;
	fclose(out);
	return begin > 0;
}
