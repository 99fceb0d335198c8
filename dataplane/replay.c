#include "dataplane/replay.h"

#include "dataplane/eal.h"
#include "dataplane/gather.h"
#include "dataplane/progress.h"
#include "dataplane/reader.h"
#include "dataplane/writer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { EAL_MEMORY_MB = 512 };

struct replay {
	const struct replay_params *params;
	uint32_t n_workers;
	struct input *input;
	struct output *output;
	struct packet_file *packets;
	struct writer *writer;
	struct reader *reader;
	struct snapshot_slot slot;
	struct lane *lanes[WORKERS_MAX];
	struct worker *workers[WORKERS_MAX];
	struct progress progress;
	struct timespec began;
	bool plain, stopped, lost, eal;
};

static const struct model no_model = {0};

static void say(const char *sentence)
{
	fprintf(stderr, "periscope: %s\n", sentence);
}

static uint32_t count_workers(const struct replay_params *params)
{
	uint32_t n = params->n_workers ? params->n_workers : params->settings->capture.workers;

	if (n == 0) {
		long cpus = sysconf(_SC_NPROCESSORS_ONLN);

		/* One CPU is the reader's. */
		n = cpus > 2 ? (uint32_t)cpus - 1 : 1;
	}
	return n < WORKERS_MAX ? n : WORKERS_MAX;
}

/* What needs no thread: everything that can go wrong before the first packet. */
static enum replay_status open_files(struct replay *replay, char error[REPLAY_ERROR])
{
	const struct replay_params *p = replay->params;
	struct input_counters counters;

	replay->input = input_open(p->captures, p->n_captures, p->bpf, error, REPLAY_ERROR);
	if (!replay->input)
		return REPLAY_USAGE;
	input_counters(replay->input, &counters);
	if (counters.readable == 0) {
		error[0] = '\0'; /* the input's own sentences say it all */
		return REPLAY_FAILED;
	}
	replay->output = output_open(p->output_dir, p->force, error, REPLAY_ERROR);
	if (!replay->output)
		return REPLAY_FAILED;
	if (p->packet_file) {
		replay->packets = packet_file_open(p->packet_file, error, REPLAY_ERROR);
		if (!replay->packets)
			return REPLAY_FAILED;
	}
	return output_add_sinks(replay->output, p->settings, true, error, REPLAY_ERROR)
		       ? REPLAY_DONE
		       : REPLAY_FAILED;
}

static int make_reader(struct replay *replay, char error[REPLAY_ERROR])
{
	const struct reader_params params = {
		replay->params->settings, replay->input, replay->packets, replay->n_workers};

	replay->reader = reader_create(&params);
	if (!replay->reader) {
		snprintf(error, REPLAY_ERROR, "not enough memory for the reader");
		return -1;
	}
	if (replay->params->input == REPLAY_AUTO)
		replay->plain = !reader_sniff(replay->reader);
	else
		replay->plain = replay->params->input == REPLAY_PLAIN;
	return 0;
}

static bool has_rules(const struct model *model)
{
	for (uint32_t f = 0; f < model->n_filters; f++)
		for (int d = 0; d < MODEL_DIRECTIONS; d++)
			if (model->filters[f].rules[d].count > 0)
				return true;
	return false;
}

/* EAL takes a tenth of a second to start, and only compiled rules need it. */
static int start_eal(struct replay *replay, char error[REPLAY_ERROR])
{
	if (!replay->params->model || !has_rules(replay->params->model))
		return 0;
	if (eal_start_offline(EAL_MEMORY_MB, error, REPLAY_ERROR))
		return -1;
	replay->eal = true;
	return 0;
}

static int make_snapshot(struct replay *replay, char error[REPLAY_ERROR])
{
	const struct model *model = replay->params->model ? replay->params->model : &no_model;
	struct snapshot *snapshot;

	snapshot = snapshot_create(
		model, replay->params->settings, 1, replay->n_workers, error, REPLAY_ERROR);
	if (!snapshot)
		return -1;
	snapshot_publish(&replay->slot, snapshot);
	if (!output_owners(replay->output, model)) {
		snprintf(error, REPLAY_ERROR, "not enough memory for the owners of flow logs");
		return -1;
	}
	return 0;
}

static int make_lanes(struct replay *replay, char error[REPLAY_ERROR])
{
	replay->writer =
		writer_start(replay->output, replay->n_workers, true, error, REPLAY_ERROR);
	if (replay->writer)
		writer_slow(replay->writer, replay->params->settings->simulate.disk_delay);
	for (uint32_t i = 0; replay->writer && i < replay->n_workers; i++) {
		const struct lane_params params = {
			.settings = replay->params->settings,
			.index = i,
			.n_lanes = replay->n_workers,
			.plain = replay->plain,
			.sink = writer_sink(replay->writer, i),
			.slot = &replay->slot,
		};

		replay->lanes[i] = lane_create(&params, error, REPLAY_ERROR);
		if (!replay->lanes[i])
			return -1;
		replay->lanes[i]->records = replay->packets != NULL;
	}
	return replay->writer ? 0 : -1;
}

static bool go_on(void *ctx, uint64_t packets)
{
	struct replay *replay = ctx;
	struct input_counters counters;

	input_counters(replay->input, &counters);
	replay->stopped = replay->params->stop();
	progress_show(&replay->progress, packets, counters.bytes_read, counters.bytes_total);
	return !replay->stopped;
}

/* Threads that were started must be ended: with a last block when the reader never ran. */
static int run_threads(struct replay *replay, char error[REPLAY_ERROR])
{
	struct reader_watch watch = {replay, go_on};
	uint32_t started = 0;
	int result = 0;

	while (started < replay->n_workers && result == 0) {
		replay->workers[started] = worker_start(replay->lanes[started], started,
			replay->writer, reader_max_blocks(replay->reader), error, REPLAY_ERROR);
		if (replay->workers[started])
			started++;
		else
			result = -1;
	}
	if (result == 0)
		reader_run(replay->reader, replay->workers, replay->plain, watch);
	else
		reader_abandon(replay->reader, replay->workers, started);
	for (uint32_t i = 0; i < started; i++)
		worker_stop(replay->workers[i]);
	progress_end(&replay->progress);
	return result;
}

static double seconds_since(const struct timespec *began)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - began->tv_sec) +
	       (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

static void add_output(
	struct summary *s, const char *name, bool enabled, const struct output_ledger *ledger)
{
	s->outputs[s->n_outputs].name = name;
	s->outputs[s->n_outputs].enabled = enabled;
	if (enabled)
		s->outputs[s->n_outputs].ledger = *ledger;
	s->n_outputs++;
}

static struct summary summarize(const struct replay *replay, const struct gathered *g)
{
	const struct settings *settings = replay->params->settings;
	struct input_counters input;
	struct rusage usage;
	struct summary s = {
		.input = replay->plain ? "plain" : "mirror",
		.ledger = &g->ledger,
		.deterministic = !g->overflowed,
		.sessions = g->sessions,
		.totals = g->totals,
		.dpi = replay->lanes[0]->dpi,
		.dpi_stats = g->dpi,
		.flows = g->flows,
		.worker_packets = g->worker_packets,
		.n_workers = replay->n_workers,
		.tenants = g->tenants,
		.n_tenants = settings->n_tenants,
		.rules = g->rules,
		.n_rules = g->n_rules,
		.direction_unknown = g->direction_unknown,
		.n_captures = replay->params->n_captures,
		.duration_s = seconds_since(&replay->began),
		.version = replay->params->version,
	};

	input_counters(replay->input, &input);
	s.bpf_excluded = input.bpf_excluded;
	s.time_backwards = input.time_backwards;
	getrusage(RUSAGE_SELF, &usage);
	s.memory_peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
	add_output(&s, "events", settings->events.flow && settings->events.file,
		&g->outputs[RECORD_EVENT]);
	for (uint32_t i = 0; i < g->n_sinks; i++)
		add_output(&s, g->sinks[i].name, true, &g->sinks[i].ledger);
	add_output(&s, "flow_logs", settings->flow_logs.enabled, &g->outputs[RECORD_FLOW_LOG]);
	add_output(&s, "packets", replay->packets != NULL,
		replay->packets ? packet_file_ledger(replay->packets) : NULL);
	return s;
}

static bool write_summary(const struct replay *replay, const struct summary *summary)
{
	char path[PATH_MAX], sentence[PATH_MAX + 128];
	FILE *file;
	bool ok;

	snprintf(path, sizeof(path), "%s/summary.json", output_dir(replay->output));
	file = fopen(path, "w");
	ok = file && summary_json(summary, file);
	ok = file && fclose(file) == 0 && ok;
	if (!ok) {
		snprintf(sentence, sizeof(sentence), "%s: could not write: %m", path);
		say(sentence);
	}
	return ok;
}

static bool outputs_close(const struct summary *s)
{
	for (uint32_t i = 0; i < s->n_outputs; i++) {
		const struct output_ledger *l = &s->outputs[i].ledger;

		if (l->offered != l->written + l->by_policy + l->lost_queue + l->lost_disk)
			return false;
	}
	return true;
}

static enum replay_status finish(
	struct replay *replay, void (*report)(void *, const struct summary *), void *ctx)
{
	struct gathered g;
	struct summary summary;
	enum replay_status result = replay->lost ? REPLAY_FAILED : REPLAY_DONE;

	if (!gather(&g, replay->params->settings, replay->lanes, replay->n_workers,
		    replay->output)) {
		say("not enough memory for the summary");
		result = REPLAY_FAILED;
	} else {
		g.ledger.received = reader_received(replay->reader);
		g.ledger.in_flight = reader_in_flight(replay->reader);
		g.overflowed = g.overflowed || reader_overflowed(replay->reader);
		summary = summarize(replay, &g);
		if (!write_summary(replay, &summary))
			result = REPLAY_FAILED;
		report(ctx, &summary);
		if (!ledger_closes(&g.ledger) || !outputs_close(&summary)) {
			say("the ledger does not close: packets or records were lost without "
			    "being counted");
			result = REPLAY_FAILED;
		}
	}
	gathered_free(&g);
	return result;
}

/* What the captures had wrong, and an early end. */
static enum replay_status say_input_errors(const struct replay *replay)
{
	unsigned n = replay->input ? input_error_count(replay->input) : 0;

	for (unsigned i = 0; i < n; i++)
		say(input_error(replay->input, i));
	if (replay->stopped)
		say("interrupted: the packets read so far were processed");
	return n > 0 || replay->stopped ? REPLAY_FAILED : REPLAY_DONE;
}

/* Closing still writes. False when anything was lost, which was said. */
static bool close_outputs(struct replay *replay)
{
	bool ok = true;

	writer_stop(replay->writer);
	if (replay->packets)
		ok = packet_file_close(replay->packets);
	if (replay->output)
		ok = output_close(replay->output) && ok;
	return ok;
}

static void replay_free(struct replay *replay)
{
	for (uint32_t i = 0; i < replay->n_workers; i++)
		lane_destroy(replay->lanes[i]);
	reader_destroy(replay->reader);
	input_close(replay->input);
	snapshot_destroy(snapshot_publish(&replay->slot, NULL));
	if (replay->eal)
		eal_stop();
	free(replay);
}

static enum replay_status run(struct replay *replay, char error[REPLAY_ERROR])
{
	if (make_reader(replay, error) || make_snapshot(replay, error) ||
		make_lanes(replay, error) || run_threads(replay, error))
		return REPLAY_FAILED;
	writer_stop(replay->writer);
	replay->writer = NULL;
	replay->lost = !output_flush(replay->output);
	replay->lost = !output_stop_sinks(replay->output, 0) || replay->lost;
	if (replay->packets && !packet_file_flush(replay->packets))
		replay->lost = true;
	return REPLAY_DONE;
}

enum replay_status replay_run(const struct replay_params *params,
	void (*report)(void *ctx, const struct summary *summary), void *ctx)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	enum replay_status status, input_status;
	char error[REPLAY_ERROR] = "";

	if (!replay) {
		say("not enough memory");
		return REPLAY_FAILED;
	}
	replay->params = params;
	replay->n_workers = count_workers(params);
	replay->progress = progress_begin(params->progress);
	clock_gettime(CLOCK_MONOTONIC, &replay->began);
	status = start_eal(replay, error) ? REPLAY_FAILED : REPLAY_DONE;
	if (status == REPLAY_DONE && params->confine)
		params->confine(ctx);
	if (status == REPLAY_DONE)
		status = open_files(replay, error);
	if (status == REPLAY_DONE)
		status = run(replay, error);
	if (status != REPLAY_DONE && error[0])
		say(error);
	input_status = say_input_errors(replay);
	if (status == REPLAY_DONE)
		status = finish(replay, report, ctx);
	if (!close_outputs(replay) && status == REPLAY_DONE)
		status = REPLAY_FAILED;
	replay_free(replay);
	return status != REPLAY_DONE ? status : input_status;
}
