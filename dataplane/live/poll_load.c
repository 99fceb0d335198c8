#include "dataplane/live/poll_load.h"

#include <rte_cycles.h>

static void see_queue(struct worker_load_look *look, uint32_t percent)
{
	if (percent > look->queue)
		look->queue = percent;
}

static void look_at_ring(
	struct worker_load_look *look, const struct poll_params *params, uint32_t from)
{
	struct handoff_pair pair = handoff_pair(params->handoff, from, params->index);

	see_queue(look, pair.fill * 100 / HANDOFF_RING);
	look->refused += pair.full;
}

static struct worker_load_look look_at(
	const struct poll_params *params, const struct tally *tally, uint64_t ticks, bool whole)
{
	struct worker_load_look look = {
		.missed = atomic_load_explicit(params->missed, memory_order_relaxed),
		.memory = params->lane->dpi ? dpi_stats(params->lane->dpi).memory_bytes : 0,
		.whole = whole,
		.ticks = ticks,
		.busy_ticks = tally->busy_ticks,
		.empty_polls = tally->empty_polls,
	};

	for (uint32_t q = 0; q < params->n_queues; q++)
		see_queue(&look, port_fill(params->queues[q].port, params->queues[q].queue));
	for (uint32_t from = 0; params->handoff && from < params->n_workers; from++)
		if (from != params->index)
			look_at_ring(&look, params, from);
	return look;
}

/* Whether some worker has given it up. */
static bool shed(struct poll_load *load, const struct poll_params *params,
	enum overload_step what, enum overload_step step)
{
	_Atomic uint32_t *shedding = &params->shedding[what];
	bool sheds = step >= what;

	if (sheds != load->sheds[what])
		atomic_fetch_add_explicit(
			shedding, sheds ? 1 : UINT32_MAX, memory_order_relaxed);
	load->sheds[what] = sheds;
	return atomic_load_explicit(shedding, memory_order_relaxed) > 0;
}

void poll_load_init(struct poll_load *load, const struct poll_params *params)
{
	*load = (struct poll_load){.no_recording = false};
	worker_load_init(&load->worker_load, params->settings, params->n_workers,
		params->n_queues > 0, rte_get_tsc_hz());
}

void poll_load_judge(struct poll_load *load, const struct poll_params *params,
	const struct tally *tally, uint64_t ticks, uint64_t now_ns, bool whole)
{
	struct worker_load_look look;
	enum overload_step step;

	/* A round can be long when it matters: so bursts are looked at, but not each. */
	if (!whole && ticks - load->worker_load.last.ticks < load->worker_load.every_ticks)
		return;
	look = look_at(params, tally, ticks, whole);
	/* What the appliance itself lost is missing in the flows' sequence numbers, too. */
	if (worker_load_judge(&load->worker_load, &look, now_ns, &step))
		flow_table_lost_here(params->lane->flows);
	if (load->worker_load.marks.dpi)
		dpi_shed(params->lane->dpi, shed(load, params, OVERLOAD_DPI, step));
	if (load->worker_load.marks.recording)
		load->no_recording = shed(load, params, OVERLOAD_RECORDING, step);
}
