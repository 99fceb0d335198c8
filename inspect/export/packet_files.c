#include "inspect/export/packet_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "inspect/export/file_series.h"

/* A file is begun again only where it gets somewhere. */
enum { ROOM = 1024 * 1024, PATIENCE_MAX = 60 };

struct packet_files {
	struct output_ledger ledger;
	struct file_series *series;
	struct packet_file *file;
	bool fixed;
	uint64_t offered, written; /* by the ledger when the file was begun */
	/* Flushes until a broken file is replaced. Files that break before they took anything,
	 * where the disk says it has room, make it longer. */
	unsigned wait, patience;
	bool lost; /* by a file before, at its end */
};

static bool has_room(const struct packet_files *f)
{
	uint64_t want = file_series_file_size(f->series);
	struct statvfs disk;

	if (want == 0 || want > ROOM)
		want = ROOM;
	if (statvfs(file_series_folder(f->series), &disk) != 0)
		return true; /* open() will say */
	return (uint64_t)disk.f_bavail * disk.f_frsize >= want;
}

static void end_file(struct packet_files *f)
{
	bool broken;

	if (f->file == NULL)
		return;
	broken = packet_file_is_broken(f->file);
	if (!broken || f->ledger.written > f->written) {
		f->patience = 0;
		f->lost = !packet_file_close(f->file) || f->lost;
		return;
	}
	packet_file_discard(f->file); /* nothing is in it */
	f->patience = f->patience * 2 + 1 < PATIENCE_MAX ? f->patience * 2 + 1 : PATIENCE_MAX;
}

static bool open_file(void *owner, const char *path, int flags)
{
	struct packet_files *f = owner;
	struct packet_file *next;

	if (f->file != NULL && !has_room(f)) {
		errno = ENOSPC;
		return false;
	}
	next = packet_file_begin(path, flags, &f->ledger);
	if (next == NULL)
		return false;
	end_file(f);
	f->file = next;
	f->wait = f->patience;
	f->offered = f->ledger.offered;
	f->written = f->ledger.written;
	if (!f->fixed)
		(void)packet_file_flush(next); /* a file that readers take */
	return true;
}

struct packet_files *packet_files_open(
	const struct packet_files_params *params, char *error, size_t error_size)
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
		snprintf(error, error_size, "%s: no memory", params->dir);
		return NULL;
	}
	f->fixed = params->name != NULL;
	f->series = file_series_open(&series, error, error_size);
	if (f->series != NULL)
		return f;
	free(f);
	return NULL;
}

void packet_files_write(struct packet_files *f, const struct packet_record *record)
{
	uint64_t size = f->ledger.offered == f->offered ? 0 : packet_file_size(f->file);

	if (!packet_file_is_broken(f->file) &&
		file_series_is_full(f->series, size, record->cap + PACKET_FILE_EXTRA))
		(void)file_series_next(f->series, NULL);
	packet_file_write(f->file, record);
}

/* Once a flush at most, so that a disk that stays full costs nothing. */
static void begin_again(struct packet_files *f)
{
	if (f->fixed)
		return;
	if (f->wait > 0) {
		f->wait--;
		return;
	}
	if (!has_room(f))
		return;
	if (file_series_next(f->series, "packets are lost and counted as lost_disk") &&
		!packet_file_is_broken(f->file))
		fprintf(stderr, "periscope: %s: packets are recorded again\n",
			file_series_folder(f->series));
}

bool packet_files_flush(struct packet_files *f)
{
	(void)packet_file_flush(f->file);
	file_series_retry(f->series);
	if (packet_file_is_broken(f->file))
		begin_again(f);
	else if (file_series_is_old(f->series) && f->ledger.offered > f->offered)
		(void)file_series_next(f->series, NULL);
	return f->ledger.lost_disk == 0 && !f->lost;
}

bool packet_files_close(struct packet_files *f)
{
	bool whole;

	if (f == NULL)
		return true;
	(void)packet_file_flush(f->file);
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
