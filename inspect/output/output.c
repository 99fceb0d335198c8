#include "inspect/output/output.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "config/settings/settings.h"
#include "inspect/output/event_files.h"
#include "inspect/output/event_sinks.h"
#include "inspect/output/flow_log_dir.h"
#include "inspect/output/output_dir.h"
#include "inspect/output/output_lock.h"
#include "inspect/proto/transaction.h"
#include "inspect/record/encoder/encoder.h"
#include "inspect/record/encoder/flow_log.h"
#include "inspect/record/observation_point.h"

struct output {
	struct output_ledger ledger[RECORD_KIND_COUNT];
	struct event_files *events[RECORD_KIND_COUNT]; /* of kinds of events; NULL: no files */
	struct flow_log_dir *flow_logs;
	struct event_sinks *sinks; /* NULL: none */
	struct output_lock *lock;
	struct names names;
	char line[LINE_SIZE_MAX]; /* only as much as is used is ever touched */
	char dir[];
};

static struct output *output_create(const char *dir)
{
	size_t len = strlen(dir);
	struct output *output = calloc(1, sizeof(*output) + len + 1);

	if (output == NULL)
		return NULL;
	memcpy(output->dir, dir, len + 1);
	return output;
}

static void output_free(struct output *output)
{
	event_sinks_destroy(output->sinks);
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
		event_files_close(output->events[kind]);
	flow_log_dir_destroy(output->flow_logs);
	output_lock_release(output->lock);
	labels_destroy(output->names.labels);
	places_destroy(output->names.places);
	free(output);
}

struct output *output_claim(const char *dir, struct error *error)
{
	struct output *output = output_create(dir);

	if (output == NULL) {
		error_set(error, "%s: no memory", dir);
		return NULL;
	}
	if (output_dir_make(dir, error))
		output->lock = output_lock_take(dir, error);
	if (output->lock != NULL)
		return output;
	output_free(output);
	return NULL;
}

static bool makes(const struct settings *settings, enum record_kind kind)
{
	switch (kind) {
	case RECORD_EVENT:
		return settings->events.flow;
	case RECORD_TRANSACTION_EVENT:
		return transaction_events_asked(settings);
	case RECORD_ALERT_EVENT:
		return settings->detect.alerts;
	case RECORD_FLOW_LOG:
		return settings->flow_logs.enabled;
	case RECORD_KIND_COUNT:
		break;
	}
	return false;
}

bool output_is_asked(const struct settings *settings, enum record_kind kind)
{
	return makes(settings, kind) && (!record_kind_is_event(kind) || settings->events.file);
}

const char *output_name(enum record_kind kind)
{
	static const char *const names[] = {
		[RECORD_EVENT] = "events",
		[RECORD_TRANSACTION_EVENT] = "transactions",
		[RECORD_ALERT_EVENT] = "alerts",
		[RECORD_FLOW_LOG] = "flow_logs",
	};

	return names[kind];
}

static bool begin(struct output *output, struct error *error)
{
	error_set(error, "%s: no memory", output->dir);
	output->flow_logs = flow_log_dir_create(output->dir, &output->ledger[RECORD_FLOW_LOG]);
	if (output->flow_logs == NULL)
		return false;
	error->text[0] = '\0';
	return true;
}

/* Where event files of a kind are, and what they are called: one, or one after the other. */
static const struct {
	const char *folder, *name, *prefix;
} event_names[] = {
	[RECORD_EVENT] = {"events", "flows.jsonl", "flows-"},
	[RECORD_TRANSACTION_EVENT] = {"events", "transactions.jsonl", "transactions-"},
	[RECORD_ALERT_EVENT] = {"alerts", "alerts.jsonl", "alerts-"},
};

static bool begin_events(struct output *output, const struct settings *settings,
	enum record_kind kind, struct event_files_params params, struct error *error)
{
	if (!output_is_asked(settings, kind))
		return true;
	params.dir = output->dir;
	params.folder = event_names[kind].folder;
	params.what = output_name(kind);
	params.prefix = event_names[kind].prefix;
	output->events[kind] = event_files_open(&params, &output->ledger[kind], error);
	return output->events[kind] != NULL;
}

/* One file of each kind, which ends at the bound of all. */
static bool begin_one(struct output *output, const struct settings *settings,
	enum record_kind kind, struct error *error)
{
	const struct event_files_params params = {.name = event_names[kind].name};

	if (!begin_events(output, settings, kind, params, error))
		return false;
	if (output->events[kind] != NULL)
		event_files_limit(output->events[kind], settings->events.max_total_size);
	return true;
}

bool output_begin(
	struct output *output, const struct settings *settings, bool force, struct error *error)
{
	return output_dir_empty(output->dir, force, error) && begin(output, error) &&
	       begin_one(output, settings, RECORD_EVENT, error) &&
	       begin_one(output, settings, RECORD_TRANSACTION_EVENT, error) &&
	       begin_one(output, settings, RECORD_ALERT_EVENT, error);
}

bool output_begin_live(
	struct output *output, const struct settings *settings, struct error *error)
{
	const struct event_files_params params = {
		.max_file_size = settings->events.max_file_size,
		.max_file_age_ns = settings->events.max_file_age,
		.max_files = settings->events.max_files,
		.max_total_size = settings->events.max_total_size,
	};

	if (!begin(output, error) ||
		!begin_events(output, settings, RECORD_EVENT, params, error) ||
		!begin_events(output, settings, RECORD_TRANSACTION_EVENT, params, error) ||
		!begin_events(output, settings, RECORD_ALERT_EVENT, params, error))
		return false;
	flow_log_dir_limit(output->flow_logs, settings->flow_logs.max_files,
		settings->flow_logs.max_total_size);
	return true;
}

struct output *output_open(
	const char *dir, const struct settings *settings, bool force, struct error *error)
{
	struct output *output = output_claim(dir, error);

	if (output == NULL || output_begin(output, settings, force, error))
		return output;
	output_free(output);
	return NULL;
}

struct output *output_open_none(struct error *error)
{
	struct output *output = output_create("");

	error_set(error, "no memory");
	if (output == NULL || begin(output, error))
		return output;
	output_free(output);
	return NULL;
}

void output_clear(const char *dir)
{
	struct error error;
	struct output *output = access(dir, F_OK) == 0 ? output_claim(dir, &error) : NULL;

	if (output == NULL)
		return;
	(void)output_dir_empty(dir, true, &error);
	output_free(output);
}

struct output *output_open_live(
	const char *dir, const struct settings *settings, struct error *error)
{
	struct output *output = output_claim(dir, error);

	if (output == NULL || output_begin_live(output, settings, error))
		return output;
	output_free(output);
	return NULL;
}

bool output_add_sinks(
	struct output *output, const struct settings *settings, bool wait, struct error *error)
{
	output->sinks = event_sinks_start(settings, wait, error);
	return output->sinks != NULL;
}

bool output_stop_sinks(struct output *output, uint64_t ns)
{
	bool whole = true;

	event_sinks_stop(output->sinks, ns);
	for (uint32_t i = 0; i < event_sinks_count(output->sinks); i++) {
		struct event_sink_state state = event_sinks_state(output->sinks, i);

		whole = whole && state.lost_queue + state.lost_disk == 0;
	}
	return whole;
}

const struct event_sinks *output_sinks(const struct output *output)
{
	return output->sinks;
}

void output_write(struct output *output, enum record_kind kind, uint64_t route,
	const char *bytes, size_t len)
{
	output->ledger[kind].offered++;
	if (kind == RECORD_FLOW_LOG) {
		flow_log_dir_write(output->flow_logs, route, bytes, len);
		return;
	}
	if (output->events[kind] != NULL)
		event_files_put(output->events[kind], bytes, len);
	if (output->sinks != NULL)
		event_sinks_put(output->sinks, bytes, len);
}

bool output_label(struct output *output, const struct dpi *dpi)
{
	struct names *names = &output->names;

	labels_destroy(names->labels);
	names->labels = dpi != NULL ? labels_create(dpi) : NULL;
	if (names->places == NULL)
		names->places = places_create();
	return names->places != NULL && (names->labels != NULL || dpi == NULL);
}

void output_locate(struct output *output, const struct geo *geo)
{
	places_use(output->names.places, geo);
}

static uint64_t route_of(const struct record *record)
{
	const struct window_record *window = (const struct window_record *)record;

	return record->type == RECORD_WINDOW
		       ? flow_log_route(window->last_s, window->observation_point.owner)
		       : 0;
}

void output_record(struct output *output, const struct record *record)
{
	for (const struct encoder *e = encoders; e < encoders + ENCODERS; e++) {
		struct text t = text_make(output->line, sizeof(output->line));

		if (e->type != record->type)
			continue;
		e->encode(&t, record, &output->names);
		assert(!t.full); /* bounded when it is compiled: a fault of ours */
		output->ledger[e->kind].cut += record->cut;
		output_write(output, e->kind, route_of(record), output->line,
			(size_t)(t.at - output->line));
	}
}

bool output_flush_kind(struct output *output, enum record_kind kind)
{
	if (kind == RECORD_FLOW_LOG)
		return flow_log_dir_flush(output->flow_logs);
	return output->events[kind] == NULL || event_files_flush(output->events[kind]);
}

bool output_flush(struct output *output)
{
	bool whole = true;

	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
		whole = output_flush_kind(output, (enum record_kind)kind) && whole;
	return whole;
}

bool output_close(struct output *output)
{
	bool whole = output->flow_logs == NULL || flow_log_dir_flush(output->flow_logs);

	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
		whole = event_files_close(output->events[kind]) && whole;
		output->events[kind] = NULL;
	}
	output_free(output);
	return whole;
}

uint64_t output_removed(const struct output *output, enum record_kind kind, uint64_t *bytes)
{
	*bytes = 0;
	if (kind == RECORD_FLOW_LOG)
		return flow_log_dir_removed(output->flow_logs, bytes);
	return output->events[kind] == NULL ? 0
					    : event_files_removed(output->events[kind], bytes);
}

const struct output_ledger *output_ledger(const struct output *output, enum record_kind kind)
{
	return &output->ledger[kind];
}

const char *output_dir(const struct output *output)
{
	return output->dir;
}

bool output_owner(
	struct output *output, uint32_t owner, const char *account, const char *region)
{
	return flow_log_dir_owner(output->flow_logs, owner, account, region);
}

bool output_owners(struct output *output, const struct model *model)
{
	for (uint32_t i = 0; i < model->n_sessions; i++) {
		const struct model_session *config = &model->sessions[i];

		if (!output_owner(output, observation_point_owner(config),
			    observation_point_account(config),
			    observation_point_region(config)))
			return false;
	}
	return true;
}
