#include "config/log/log.h"
#include "dataplane/output/suricata.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/processors.h"
#include "dataplane/replay/replay_inside.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "config/log/error.h"

enum { EAL_MEMORY_MB = 512 };

static const struct model no_model = {0};

/* The reader has no processor of its own: it takes a fifth to a half of the time and sleeps the
 * rest. */
static uint32_t count_workers(const struct replay_params *params)
{
	uint32_t n = params->n_workers ? params->n_workers : params->settings->capture.workers;
	cpu_set_t cpus;

	if (n == 0)
		n = processors_allowed(&cpus);
	return n < WORKERS_MAX ? n : WORKERS_MAX;
}

/* Two writers would spoil it for each other. */
static bool is_one_file(const struct replay_params *p, struct error *error)
{
	static const char *const own[] = {"summary.json", "events/flows.jsonl",
		"events/transactions.jsonl", "alerts/alerts.jsonl", "packets/packets.pcapng"};
	char path[PATH_MAX];
	struct stat file, other;

	if (!p->output_dir || !p->packet_file || stat(p->packet_file, &file) != 0)
		return false;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", p->output_dir, own[i]);
		if (stat(path, &other) != 0 || file.st_dev != other.st_dev ||
			file.st_ino != other.st_ino)
			continue;
		error_set(error,
			"%s: is %s of the output directory, too; choose another one with -w",
			p->packet_file, own[i]);
		return true;
	}
	return false;
}

static bool open_packets(struct replay *replay, struct error *error)
{
	const struct replay_params *p = replay->params;
	const struct packet_files_params recording = {
		.dir = p->output_dir, .name = "packets.pcapng"};

	if (p->packet_file) {
		replay->packets = packet_file_open(p->packet_file, error);
		if (!replay->packets)
			return false;
	}
	if (p->settings->packets.record == RECORD_NONE)
		return !is_one_file(p, error);
	replay->recording = packet_files_open(&recording, error);
	return replay->recording && !is_one_file(p, error);
}

/* What needs no thread: everything that can go wrong before the first packet. */
static enum replay_status open_files(struct replay *replay, struct error *error)
{
	const struct replay_params *p = replay->params;
	struct input_counters counters;

	if (p->inner) {
		replay->inner = inner_filter_create(
			p->inner, p->settings, p->model ? p->model : &no_model, error);
		if (!replay->inner) {
			log_error_lines(error->text);
			error->text[0] = '\0';
			return REPLAY_USAGE;
		}
	}
	replay->input = input_open(p->captures, p->n_captures, p->bpf, error);
	if (!replay->input)
		return REPLAY_USAGE;
	input_counters(replay->input, &counters);
	if (counters.readable == 0) {
		error->text[0] = '\0'; /* the input's own sentences say it all */
		return REPLAY_FAILED;
	}
	replay->output = p->output_dir
				 ? output_open(p->output_dir, p->settings, p->force, error)
				 : output_open_none(error);
	if (!replay->output)
		return REPLAY_FAILED;
	if (!open_packets(replay, error))
		return REPLAY_FAILED;
	return output_add_sinks(replay->output, p->settings, true, error) ? REPLAY_DONE
									  : REPLAY_FAILED;
}

/* Somebody asked to end: then no feed waits for its reader. */
static bool keep_waiting(void *ctx)
{
	struct replay *replay = ctx;

	return !replay->params->stop();
}

/* What takes rights, and system calls that are refused later. */
static int open_feeds(struct replay *replay, struct error *error)
{
	const struct feeds_watch watch = {replay, keep_waiting};

	replay->feeds = replay_feeds_open(replay->params->settings,
		replay->params->model ? replay->params->model : &no_model, watch, error);
	return !replay->feeds && error->text[0] ? -1 : 0;
}

static int begin_feeds(struct replay *replay, struct error *error)
{
	const char *dir = replay->params->output_dir ? output_dir(replay->output) : NULL;

	return !replay->feeds || replay_feeds_begin(
					 replay->feeds, dir, replay->params->model, error)
		       ? 0
		       : -1;
}

static int make_reader(struct replay *replay, struct error *error)
{
	const struct reader_params params = {
		.settings = replay->params->settings,
		.input = replay->input,
		.packets = replay->packets,
		.recording = replay->recording,
		.feeds = replay->feeds,
		.suricata = replay->params->suricata,
		.n_workers = replay->n_workers,
		.mode = replay->params->input,
		.inner = replay->inner,
	};

	replay->reader = reader_create(&params);
	if (replay->reader)
		return 0;
	error_set(error, "not enough memory for the reader");
	return -1;
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
static int start_eal(struct replay *replay, struct error *error)
{
	if (!replay->params->model || !has_rules(replay->params->model))
		return 0;
	if (eal_start_offline(EAL_MEMORY_MB, error))
		return -1;
	replay->eal = true;
	return 0;
}

static int make_snapshot(struct replay *replay, struct error *error)
{
	const struct model *model = replay->params->model ? replay->params->model : &no_model;
	struct snapshot *snapshot;

	snapshot = snapshot_create(model, replay->params->lists, replay->params->settings, 1,
		replay->n_workers, error);
	if (!snapshot)
		return -1;
	snapshot->geo = replay->params->geo;
	snapshot_publish(&replay->slot, snapshot);
	if (!output_owners(replay->output, model)) {
		error_set(error, "not enough memory for the owners of flow logs");
		return -1;
	}
	return 0;
}

static int make_outboxes(struct replay *replay, struct error *error)
{
	const struct settings *settings = replay->params->settings;
	struct correlator_params correlator = {
		.n_outboxes = replay->n_workers + (replay->params->suricata != NULL),
		.replay = true,
		.tables = totals_tables_asked(settings),
		.settings = settings,
		.writer_index = replay->n_workers,
	};

	/* One outbox more is the correlator's. */
	replay->writer = correlator.writer = writer_create(replay->n_workers + 1, true, error);
	if (replay->writer)
		replay->correlator = correlator_create(&correlator, error);
	return replay->correlator ? 0 : -1;
}

static int make_lanes(struct replay *replay, struct error *error)
{
	if (make_outboxes(replay, error))
		return -1;
	for (uint32_t i = 0; i < replay->n_workers; i++) {
		const struct lane_params params = {
			.settings = replay->params->settings,
			.index = i,
			.n_lanes = replay->n_workers,
			.mode = replay->params->input,
			.sink = writer_sink(replay->writer, i),
			.facts = correlator_sink(replay->correlator, i),
			.slot = &replay->slot,
		};

		replay->lanes[i] = lane_create(&params, error);
		if (!replay->lanes[i])
			return -1;
		replay->lanes[i]->records = replay->packets || replay->recording ||
					    replay->feeds || replay->params->suricata;
	}
	return 0;
}

/* Once there are lanes: what names applications have is one of theirs to say. */
static int start_services(struct replay *replay, struct error *error)
{
	if (!output_label(replay->output, replay->lanes[0]->dpi)) {
		error_set(error, "not enough memory for names of applications");
		return -1;
	}
	output_locate(replay->output, replay->params->geo);
	if (correlator_run(replay->correlator, error) ||
		writer_run(replay->writer, replay->output, error))
		return -1;
	return replay->params->suricata ? suricata_listen(replay->params->suricata,
						  replay->correlator, replay->n_workers, error)
					: 0;
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
static int run_threads(struct replay *replay, struct error *error)
{
	struct reader_watch watch = {replay, go_on};
	uint32_t started = 0;
	int result = 0;

	while (started < replay->n_workers && result == 0) {
		replay->workers[started] =
			worker_start(replay->lanes[started], started, replay->writer,
				replay->correlator, reader_max_blocks(replay->reader), error);
		if (replay->workers[started])
			started++;
		else
			result = -1;
	}
	if (result == 0)
		reader_run(replay->reader, replay->workers, watch);
	else
		reader_abandon(replay->reader, replay->workers, started);
	for (uint32_t i = 0; i < started; i++)
		worker_stop(replay->workers[i]);
	progress_end(&replay->progress);
	return result;
}

/* What is worth knowing of the captures, what they had wrong, and an early end. */
static enum replay_status say_input_errors(const struct replay *replay)
{
	unsigned n = replay->input ? input_error_count(replay->input) : 0;

	for (unsigned i = 0; replay->input && i < replay->params->n_captures; i++)
		if (input_note(replay->input, i))
			log_info("%s", input_note(replay->input, i));
	for (unsigned i = 0; i < n; i++)
		log_error("%s", input_error(replay->input, i));
	if (replay->stopped)
		log_warning("interrupted: the packets read so far were processed");
	return n > 0 || replay->stopped ? REPLAY_FAILED : REPLAY_DONE;
}

/* Closing still writes. False when anything was lost, which was said. */
static bool close_outputs(struct replay *replay)
{
	bool ok = true;

	writer_stop(replay->writer);
	if (replay->packets)
		ok = packet_file_close(replay->packets);
	ok = packet_files_close(replay->recording) && ok;
	if (replay->output)
		ok = output_close(replay->output) && ok;
	return ok;
}

static void replay_free(struct replay *replay)
{
	suricata_end(replay->params->suricata); /* its thread tells facts to the correlator */
	for (uint32_t i = 0; i < replay->n_workers; i++)
		lane_destroy(replay->lanes[i]);
	replay_feeds_destroy(replay->feeds);
	correlator_destroy(replay->correlator);
	reader_destroy(replay->reader);
	input_close(replay->input);
	inner_filter_destroy(replay->inner);
	snapshot_destroy(snapshot_publish(&replay->slot, NULL));
	if (replay->eal)
		eal_stop();
	free(replay);
}

/* Who tells the writer something ends before it. */
static enum replay_status give_up(struct replay *replay)
{
	suricata_end(replay->params->suricata);
	if (replay->correlator)
		correlator_stop(replay->correlator);
	return REPLAY_FAILED;
}

static enum replay_status run(struct replay *replay, struct error *error)
{
	if (make_reader(replay, error) || make_snapshot(replay, error) ||
		make_lanes(replay, error) || start_services(replay, error) ||
		begin_feeds(replay, error) || run_threads(replay, error))
		return give_up(replay);
	replay_look_at_sessions(replay);
	suricata_end(replay->params->suricata);
	correlator_stop(replay->correlator);
	writer_stop(replay->writer);
	replay->writer = NULL;
	replay->lost = !output_flush(replay->output) || replay->lost;
	replay->lost = !suricata_is_whole(replay->params->suricata) || replay->lost;
	replay->lost = !output_stop_sinks(replay->output, 0) || replay->lost;
	if (replay->packets && !packet_file_flush(replay->packets))
		replay->lost = true;
	if (replay->recording && !packet_files_flush(replay->recording))
		replay->lost = true;
	replay->lost = !replay_feeds_end(replay->feeds) || replay->lost;
	return REPLAY_DONE;
}

enum replay_status replay_run(const struct replay_params *params,
	void (*report)(void *ctx, const struct summary *summary), void *ctx)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	enum replay_status status, input_status;
	struct error error = {0};

	if (!replay) {
		log_error("not enough memory");
		return REPLAY_FAILED;
	}
	replay->params = params;
	replay->n_workers = count_workers(params);
	replay->progress = progress_begin(params->progress);
	clock_gettime(CLOCK_MONOTONIC, &replay->began);
	status = start_eal(replay, &error) || open_feeds(replay, &error) ? REPLAY_FAILED
									 : REPLAY_DONE;
	if (status == REPLAY_DONE && params->confine)
		params->confine(ctx);
	if (status == REPLAY_DONE)
		status = open_files(replay, &error);
	if (status == REPLAY_DONE)
		status = run(replay, &error);
	/* Results of an earlier run must not stand there as if they were this one's. */
	if (status == REPLAY_FAILED && !replay->output && params->force && params->output_dir)
		output_clear(params->output_dir);
	if (status != REPLAY_DONE && error.text[0])
		log_error("%s", error.text);
	input_status = say_input_errors(replay);
	if (status == REPLAY_DONE)
		status = replay_summarize(replay, report, ctx);
	if (!close_outputs(replay) && status == REPLAY_DONE)
		status = REPLAY_FAILED;
	replay_free(replay);
	return status != REPLAY_DONE ? status : input_status;
}
