#include "inspect/output/spool.h"

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

_Static_assert((int)LINE_SIZE_MAX <= (int)SPOOL_RECORD_MAX, "any event fits");

enum { BATCH = 256 * 1024, ROOM = BATCH + SPOOL_RECORD_MAX };

struct spool {
	struct output_ledger *ledger;
	int fd;       /* -1: closed since a batch failed */
	int flags;    /* to open it again */
	bool is_file; /* not a pipe, nor standard output: it can be opened again */
	bool ended;   /* takes nothing more */
	bool lost, said_again;
	bool behind_gap; /* the batch before failed */
	enum spool_order order;
	dev_t device;
	ino_t inode;
	off_t good;       /* size of the file as far as it was written well */
	uint64_t pending; /* records in the buffer */
	uint64_t failures;
	size_t used, head_len;
	char *path;
	char head[SPOOL_HEAD_MAX];
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
static void note_file(struct spool *spool)
{
	struct stat st;

	spool->is_file = fstat(spool->fd, &st) == 0 && S_ISREG(st.st_mode) &&
			 strcmp(spool->path, "-") != 0;
	spool->device = st.st_dev;
	spool->inode = st.st_ino;
}

struct spool *spool_open(
	const char *path, int flags, enum spool_order order, struct output_ledger *ledger)
{
	struct spool *spool = malloc(sizeof(*spool));
	char *copy = strdup(path);
	int fd = spool == NULL || copy == NULL ? -1 : open_path(path, O_TRUNC | flags);

	if (fd < 0) {
		int cause = spool == NULL || copy == NULL ? ENOMEM : errno;

		free(copy);
		free(spool);
		errno = cause;
		return NULL;
	}
	memset(spool, 0, offsetof(struct spool, buffer));
	spool->ledger = ledger;
	spool->fd = fd;
	spool->flags = flags & ~O_EXCL;
	spool->order = order;
	spool->path = copy;
	note_file(spool);
	return spool;
}

void spool_set_head(struct spool *spool)
{
	assert(spool->used <= sizeof(spool->head));
	memcpy(spool->head, spool->buffer, spool->used);
	spool->head_len = spool->used;
}

static int begin_again(const struct spool *spool, int fd)
{
	if (spool->order == SPOOL_SECTION && !spool->behind_gap)
		return ENOENT;
	return write_all(fd, spool->head, spool->head_len);
}

/* 0 or the errno. */
static int open_again(struct spool *spool)
{
	struct stat st;
	int fd = open_path(spool->path, spool->flags), cause = 0;

	if (fd < 0 && errno == ENOENT && make_parents(spool->path) == 0)
		fd = open_path(spool->path, spool->flags);
	if (fd < 0)
		return errno;
	if (fstat(fd, &st) != 0)
		cause = errno;
	else if (!S_ISREG(st.st_mode))
		cause = ESTALE;
	else if (st.st_size == 0) /* deleted, or emptied */
		cause = begin_again(spool, fd);
	else if (st.st_size != spool->good || st.st_dev != spool->device ||
		 st.st_ino != spool->inode)
		cause = ESTALE; /* somebody else's by now */
	if (cause == 0) {
		spool->good = st.st_size == 0 ? (off_t)spool->head_len : spool->good;
		spool->device = st.st_dev;
		spool->inode = st.st_ino;
		spool->fd = fd;
		return 0;
	}
	if (cause != ESTALE && st.st_size == 0)
		(void)!ftruncate(fd, 0);
	close(fd);
	return cause;
}

/* What a failed write left of a batch. */
static void take_back(struct spool *spool)
{
	bool cut = ftruncate(spool->fd, spool->good) == 0;

	if (spool->is_file) {
		close(spool->fd);
		spool->fd = -1;
	} else {
		spool->ended = !cut || spool->good == 0; /* its head is gone */
	}
}

static void close_deleted(struct spool *spool)
{
	struct stat st;

	if (!spool->is_file || spool->fd < 0 || fstat(spool->fd, &st) != 0 || st.st_nlink > 0)
		return;
	close(spool->fd);
	spool->fd = -1;
}

static int write_batch(struct spool *spool)
{
	int cause;

	close_deleted(spool);
	cause = spool->fd < 0 ? open_again(spool) : 0;
	if (cause != 0)
		return cause;
	cause = write_all(spool->fd, spool->buffer, spool->used);
	if (cause != 0)
		take_back(spool);
	return cause;
}

static void lose(struct spool *spool, int cause)
{
	spool->ledger->lost_disk += spool->pending;
	spool->failures++;
	if (!spool->lost)
		log_error("%s: %s; records are lost and counted as lost_disk", spool->path,
			strerror(cause));
	spool->lost = true;
	spool->behind_gap = true;
}

static void keep(struct spool *spool)
{
	spool->ledger->written += spool->pending;
	spool->good += (off_t)spool->used;
	if (spool->lost && !spool->said_again)
		log_info("%s: records are written again", spool->path);
	spool->said_again = spool->lost;
	spool->behind_gap = false;
}

bool spool_flush(struct spool *spool)
{
	int cause;

	if (spool->used == 0)
		return !spool->lost;
	cause = spool->ended ? EPIPE : write_batch(spool);
	if (cause == 0)
		keep(spool);
	else
		lose(spool, cause);
	spool->pending = 0;
	spool->used = 0;
	return !spool->lost;
}

uint64_t spool_failures(const struct spool *spool)
{
	return spool->failures;
}

uint64_t spool_size(const struct spool *spool)
{
	return (uint64_t)spool->good + spool->used;
}

void spool_add(struct spool *spool, const void *bytes, size_t len)
{
	assert(len <= sizeof(spool->buffer) - spool->used);
	memcpy(spool->buffer + spool->used, bytes, len);
	spool->used += len;
}

void spool_end(struct spool *spool, unsigned records)
{
	spool->pending += records;
	if (spool->used >= BATCH)
		spool_flush(spool);
}

/* false, said: a network file system may report only now that it could not keep what it took. */
static bool close_file(const struct spool *spool)
{
	if (spool->fd < 0 || close(spool->fd) == 0)
		return true;
	log_error("%s: %s", spool->path, strerror(errno));
	return false;
}

static void spool_free(struct spool *spool)
{
	free(spool->path);
	free(spool);
}

bool spool_close(struct spool *spool)
{
	bool whole;

	if (spool == NULL)
		return true;
	whole = spool_flush(spool);
	whole = close_file(spool) && whole;
	spool_free(spool);
	return whole;
}

bool spool_discard(struct spool *spool)
{
	bool whole = !spool->lost;

	(void)close_file(spool);
	(void)unlink(spool->path);
	spool_free(spool);
	return whole;
}
