#include "inspect/output/event_files.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/log/error.h"
#include "config/log/log.h"
#include "inspect/output/file_series.h"
#include "inspect/output/record_file.h"

struct event_files {
	struct output_ledger *ledger;
	struct file_series *series;
	const char *what;
	struct record_file *record_file;
	bool fixed;
	uint64_t limit; /* of a fixed one; 0: none */
	bool full;
	bool lost; /* by a file before */
};

static void end_file(struct event_files *f)
{
	bool whole;

	if (f->record_file == NULL)
		return;
	whole = record_file_flush(f->record_file);
	if (f->fixed || record_file_size(f->record_file) > 0)
		whole = record_file_close(f->record_file) && whole;
	else
		whole = record_file_discard(f->record_file) && whole;
	f->record_file = NULL;
	f->lost = !whole || f->lost;
}

static bool open_file(void *owner, const char *path, int flags)
{
	struct event_files *f = owner;
	struct record_file *next = record_file_open(path, flags, RECORD_FILE_ALONE, f->ledger);

	if (next == NULL)
		return false;
	end_file(f);
	f->record_file = next;
	return true;
}

struct event_files *event_files_open(const struct event_files_params *params,
	struct output_ledger *ledger, struct error *error)
{
	struct event_files *f = calloc(1, sizeof(*f));
	const struct file_series_params series = {
		.dir = params->dir,
		.folder = params->folder,
		.prefix = params->prefix,
		.suffix = ".jsonl",
		.name = params->name,
		.max_file_size = params->max_file_size,
		.max_file_age_ns = params->max_file_age_ns,
		.max_files = params->max_files,
		.max_total_size = params->max_total_size,
		.now_ns = params->now_ns,
		.ctx = params->ctx,
		.open = open_file,
		.owner = f,
	};

	if (f == NULL) {
		error_set(error, "%s: no memory", params->dir);
		return NULL;
	}
	f->ledger = ledger;
	f->what = params->what;
	f->fixed = params->name != NULL;
	f->series = file_series_open(&series, error);
	if (f->series != NULL)
		return f;
	free(f);
	return NULL;
}

void event_files_limit(struct event_files *f, uint64_t bytes)
{
	f->limit = f->fixed ? bytes : 0;
}

/* Once full it stays so, or short lines would go on where long ones end. */
static bool __attribute__((cold)) is_full(struct event_files *f, size_t len)
{
	if (!f->full && record_file_size(f->record_file) + len > f->limit) {
		f->full = true;
		log_warning("events.max_total_size is reached: further %s are left out, "
			    "and counted",
			f->what);
	}
	return f->full;
}

void event_files_put(struct event_files *f, const char *line, size_t len)
{
	if (f->limit != 0 && is_full(f, len)) {
		f->ledger->by_policy++;
		return;
	}
	file_series_settle(f->series);
	if (file_series_is_full(f->series, record_file_size(f->record_file), len))
		(void)file_series_next(f->series);
	record_file_add(f->record_file, line, len);
	record_file_end(f->record_file, 1);
}

bool event_files_flush(struct event_files *f)
{
	bool whole = record_file_flush(f->record_file);

	file_series_retry(f->series);
	if (record_file_size(f->record_file) > 0 && file_series_is_old(f->series))
		(void)file_series_next(f->series);
	return whole && !f->lost;
}

bool event_files_close(struct event_files *f)
{
	bool whole;

	if (f == NULL)
		return true;
	(void)event_files_flush(f);
	end_file(f);
	whole = !f->lost;
	file_series_close(f->series);
	free(f);
	return whole;
}

uint64_t event_files_removed(const struct event_files *f, uint64_t *bytes)
{
	return file_series_removed(f->series, bytes);
}
