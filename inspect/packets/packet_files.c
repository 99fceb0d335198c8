#include "inspect/packets/packet_files.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/log/error.h"
#include "inspect/output/file_series.h"

struct packet_files {
	struct output_ledger ledger;
	struct file_series *series;
	struct packet_file *file;
	bool fixed;
	uint64_t offered, written; /* by the ledger when the file was begun */
	bool lost;                 /* by a file before, at its end */
};

/* For the files. */
static uint64_t offered(const struct packet_files *f)
{
	return f->ledger.offered - f->ledger.by_policy;
}

static void end_file(struct packet_files *f)
{
	if (f->file == NULL)
		return;
	(void)packet_file_flush(f->file);
	if (f->fixed || f->ledger.written > f->written)
		f->lost = !packet_file_close(f->file) || f->lost;
	else
		f->lost = !packet_file_discard(f->file) || f->lost;
	f->file = NULL;
}

static bool open_file(void *owner, const char *path, int flags)
{
	struct packet_files *f = owner;
	struct packet_file *next = packet_file_begin(path, flags, &f->ledger);

	if (next == NULL)
		return false;
	end_file(f);
	f->file = next;
	f->offered = offered(f);
	f->written = f->ledger.written;
	if (!f->fixed)
		(void)packet_file_flush(next); /* a file that readers take */
	return true;
}

struct packet_files *packet_files_open(
	const struct packet_files_params *params, struct error *error)
{
	struct packet_files *f = calloc(1, sizeof(*f));
	const struct file_series_params series = {
		.dir = params->dir,
		.folder = "packets",
		.prefix = "packets-",
		.suffix = ".pcapng",
		.companion = "-ip.pcapng",
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
	f->fixed = params->name != NULL;
	f->series = file_series_open(&series, error);
	if (f->series != NULL)
		return f;
	free(f);
	return NULL;
}

void packet_files_write(struct packet_files *f, const struct packet_record *record)
{
	uint64_t size = offered(f) == f->offered ? 0 : packet_file_size(f->file);

	file_series_settle(f->series);
	if (file_series_is_full(f->series, size, record->cap + PACKET_FILE_EXTRA))
		(void)file_series_next(f->series);
	packet_file_write(f->file, record);
}

void packet_files_leave_out(struct packet_files *f)
{
	f->ledger.offered++;
	f->ledger.by_policy++;
}

bool packet_files_flush(struct packet_files *f)
{
	bool has_packets = offered(f) > f->offered;

	(void)packet_file_flush(f->file);
	file_series_retry(f->series);
	if (has_packets && file_series_is_old(f->series))
		(void)file_series_next(f->series);
	return f->ledger.lost_disk == 0 && !f->lost;
}

bool packet_files_close(struct packet_files *f)
{
	bool whole;

	if (f == NULL)
		return true;
	(void)packet_files_flush(f);
	end_file(f);
	whole = f->ledger.lost_disk == 0 && !f->lost;
	file_series_close(f->series);
	free(f);
	return whole;
}

uint64_t packet_files_removed(const struct packet_files *f, uint64_t *bytes)
{
	return file_series_removed(f->series, bytes);
}

const struct output_ledger *packet_files_ledger(const struct packet_files *f)
{
	return &f->ledger;
}

uint64_t packet_files_ip_packets(const struct packet_files *f)
{
	return packet_file_ip_packets(f->file);
}
