#include "dataplane/live/worker_load.h"

#include "dataplane/pipeline/lane.h"

enum { WINDOWS_A_SECOND = 5 };

/* The lower mark is at most the upper one, or a step would come and go at once. */
static struct overload_mark mark(uint32_t high, uint32_t low)
{
	return (struct overload_mark){high, low < high ? low : high};
}

void worker_load_init(struct worker_load *worker_load, const struct settings *settings,
	uint32_t n_workers, bool receives, uint64_t hz)
{
	*worker_load = (struct worker_load){
		.marks =
			{
				.queue = mark(settings->overload.queue_high,
					settings->overload.queue_low),
				.busy = mark(settings->overload.busy_high,
					settings->overload.busy_low),
				.memory = mark(settings->overload.memory_high,
					settings->overload.memory_low),
				.enter_ns = settings->overload.enter,
				.next_ns = settings->overload.next,
				.leave_ns = settings->overload.leave,
				.dpi = settings->dpi.enabled && settings->overload.shed_dpi,
				.recording = settings_takes_packets(settings) &&
					     settings->overload.shed_recording,
			},
		.receives = receives,
		.memory_limit = lane_dpi_limit(settings, n_workers),
		.window_ticks = hz / WINDOWS_A_SECOND,
		.every_ticks = hz / 1000,
	};
}

/* Who finds, now and then, that there is nothing to do keeps up, however much he did. */
static void look_at_time(struct worker_load *worker_load, const struct worker_load_look *look)
{
	uint64_t passed = look->ticks - worker_load->window.ticks;
	uint64_t busy = look->busy_ticks - worker_load->window.busy_ticks;

	if (worker_load->window.ticks == 0) {
		worker_load->window = *look;
		return;
	}
	if (passed < worker_load->window_ticks)
		return;
	worker_load->busy = look->empty_polls == worker_load->window.empty_polls
				    ? (uint32_t)(busy * 100 / passed)
				    : 0;
	worker_load->window = *look;
}

/* Of a limit that may be passed by far; 0: there is none. */
static uint32_t percent_of(uint64_t memory, uint64_t limit)
{
	if (limit == 0)
		return 0;
	return memory < limit ? (uint32_t)(memory * 100 / limit) : 100;
}

bool worker_load_judge(struct worker_load *worker_load, const struct worker_load_look *look,
	uint64_t now_ns, enum overload_step *step)
{
	bool missed = look->missed != worker_load->last.missed;
	struct overload_sample sample = {
		.queue = look->queue,
		.memory = percent_of(look->memory, worker_load->memory_limit),
		.missed = missed && worker_load->receives,
		.refused = look->refused != worker_load->last.refused,
	};

	if (look->whole)
		look_at_time(worker_load, look);
	sample.busy = worker_load->busy;
	worker_load->last = *look;
	*step = overload_judge(&worker_load->overload, &worker_load->marks, &sample, now_ns);
	return missed || sample.refused;
}
