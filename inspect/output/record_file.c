#include "inspect/output/record_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/log.h"
#include "inspect/output/output_dir.h"

_Static_assert((int)LINE_SIZE_MAX <= (int)RECORD_FILE_RECORD_MAX, "any event fits");

enum { BATCH = 256 * 1024, ROOM = BATCH + RECORD_FILE_RECORD_MAX };

struct record_file {
	struct output_ledger *ledger;
	int fd;       /* -1: closed since a batch failed */
	int flags;    /* to open it again */
	bool is_file; /* not a pipe, nor standard output: it can be opened again */
	bool ended;   /* takes nothing more */
	bool lost, said_again;
	bool behind_gap; /* the batch before failed */
	enum record_file_order order;
	dev_t device;
	ino_t inode;
	off_t good;       /* size of the file as far as it was written well */
	uint64_t pending; /* records in the buffer */
	uint64_t failures;
	size_t used, head_len;
	char *path;
	char head[RECORD_FILE_HEAD_MAX];
	char buffer[ROOM];
};

int write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int open_path(const char *path, int flags)
{
	if (strcmp(path, "-") == 0)
		return dup(STDOUT_FILENO);
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0666);
}

/* Which file it is. */
static void note_file(struct record_file *record_file)
{
	struct stat st;

	record_file->is_file = fstat(record_file->fd, &st) == 0 && S_ISREG(st.st_mode) &&
			       strcmp(record_file->path, "-") != 0;
	record_file->device = st.st_dev;
	record_file->inode = st.st_ino;
}

struct record_file *record_file_open(
	const char *path, int flags, enum record_file_order order, struct output_ledger *ledger)
{
	struct record_file *record_file = malloc(sizeof(*record_file));
	char *copy = strdup(path);
	int fd = record_file == NULL || copy == NULL ? -1 : open_path(path, O_TRUNC | flags);

	if (fd < 0) {
		int cause = record_file == NULL || copy == NULL ? ENOMEM : errno;

		free(copy);
		free(record_file);
		errno = cause;
		return NULL;
	}
	memset(record_file, 0, offsetof(struct record_file, buffer));
	record_file->ledger = ledger;
	record_file->fd = fd;
	record_file->flags = flags & ~O_EXCL;
	record_file->order = order;
	record_file->path = copy;
	note_file(record_file);
	return record_file;
}

void record_file_set_head(struct record_file *record_file)
{
	assert(record_file->used <= sizeof(record_file->head));
	memcpy(record_file->head, record_file->buffer, record_file->used);
	record_file->head_len = record_file->used;
}

static int begin_again(const struct record_file *record_file, int fd)
{
	if (record_file->order == RECORD_FILE_SECTION && !record_file->behind_gap)
		return ENOENT;
	return write_all(fd, record_file->head, record_file->head_len);
}

/* 0 or the errno. */
static int open_again(struct record_file *record_file)
{
	struct stat st;
	int fd = open_path(record_file->path, record_file->flags), cause = 0;

	if (fd < 0 && errno == ENOENT && make_parents(record_file->path) == 0)
		fd = open_path(record_file->path, record_file->flags);
	if (fd < 0)
		return errno;
	if (fstat(fd, &st) != 0)
		cause = errno;
	else if (!S_ISREG(st.st_mode))
		cause = ESTALE;
	else if (st.st_size == 0) /* deleted, or emptied */
		cause = begin_again(record_file, fd);
	else if (st.st_size != record_file->good || st.st_dev != record_file->device ||
		 st.st_ino != record_file->inode)
		cause = ESTALE; /* somebody else's by now */
	if (cause == 0) {
		record_file->good =
			st.st_size == 0 ? (off_t)record_file->head_len : record_file->good;
		record_file->device = st.st_dev;
		record_file->inode = st.st_ino;
		record_file->fd = fd;
		return 0;
	}
	if (cause != ESTALE && st.st_size == 0)
		(void)!ftruncate(fd, 0);
	close(fd);
	return cause;
}

/* What a failed write left of a batch. */
static void take_back(struct record_file *record_file)
{
	bool cut = ftruncate(record_file->fd, record_file->good) == 0;

	if (record_file->is_file) {
		close(record_file->fd);
		record_file->fd = -1;
	} else {
		record_file->ended = !cut || record_file->good == 0; /* its head is gone */
	}
}

static void close_deleted(struct record_file *record_file)
{
	struct stat st;

	if (!record_file->is_file || record_file->fd < 0 || fstat(record_file->fd, &st) != 0 ||
		st.st_nlink > 0)
		return;
	close(record_file->fd);
	record_file->fd = -1;
}

static int write_batch(struct record_file *record_file)
{
	int cause;

	close_deleted(record_file);
	cause = record_file->fd < 0 ? open_again(record_file) : 0;
	if (cause != 0)
		return cause;
	cause = write_all(record_file->fd, record_file->buffer, record_file->used);
	if (cause != 0)
		take_back(record_file);
	return cause;
}

static void lose(struct record_file *record_file, int cause)
{
	record_file->ledger->lost_disk += record_file->pending;
	record_file->failures++;
	if (!record_file->lost)
		log_error("%s: %s; records are lost and counted as lost_disk",
			record_file->path, strerror(cause));
	record_file->lost = true;
	record_file->behind_gap = true;
}

static void keep(struct record_file *record_file)
{
	record_file->ledger->written += record_file->pending;
	record_file->good += (off_t)record_file->used;
	if (record_file->lost && !record_file->said_again)
		log_info("%s: records are written again", record_file->path);
	record_file->said_again = record_file->lost;
	record_file->behind_gap = false;
}

bool record_file_flush(struct record_file *record_file)
{
	int cause;

	if (record_file->used == 0)
		return !record_file->lost;
	cause = record_file->ended ? EPIPE : write_batch(record_file);
	if (cause == 0)
		keep(record_file);
	else
		lose(record_file, cause);
	record_file->pending = 0;
	record_file->used = 0;
	return !record_file->lost;
}

uint64_t record_file_failures(const struct record_file *record_file)
{
	return record_file->failures;
}

uint64_t record_file_size(const struct record_file *record_file)
{
	return (uint64_t)record_file->good + record_file->used;
}

void record_file_add(struct record_file *record_file, const void *bytes, size_t len)
{
	assert(len <= sizeof(record_file->buffer) - record_file->used);
	memcpy(record_file->buffer + record_file->used, bytes, len);
	record_file->used += len;
}

void record_file_end(struct record_file *record_file, unsigned records)
{
	record_file->pending += records;
	if (record_file->used >= BATCH)
		record_file_flush(record_file);
}

/* false, said: a network file system may report only now that it could not keep what it took. */
static bool close_file(const struct record_file *record_file)
{
	if (record_file->fd < 0 || close(record_file->fd) == 0)
		return true;
	log_error("%s: %s", record_file->path, strerror(errno));
	return false;
}

static void record_file_free(struct record_file *record_file)
{
	free(record_file->path);
	free(record_file);
}

bool record_file_close(struct record_file *record_file)
{
	bool whole;

	if (record_file == NULL)
		return true;
	whole = record_file_flush(record_file);
	whole = close_file(record_file) && whole;
	record_file_free(record_file);
	return whole;
}

bool record_file_discard(struct record_file *record_file)
{
	bool whole = !record_file->lost;

	(void)close_file(record_file);
	(void)unlink(record_file->path);
	record_file_free(record_file);
	return whole;
}
