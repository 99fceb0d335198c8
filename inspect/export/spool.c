#include "inspect/export/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert((int)RECORD_SIZE_MAX <= (int)SPOOL_RECORD_MAX, "any event fits");

enum { BATCH = 256 * 1024, ROOM = BATCH + SPOOL_RECORD_MAX };

struct spool {
	struct output_ledger *ledger;
	enum spool_after_loss after_loss;
	int fd;
	bool lost;
	off_t good;       /* size of the file as far as it was written well */
	uint64_t pending; /* records in the buffer */
	size_t used;
	char *path;
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
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | flags, 0666);
}

struct spool *spool_open(const char *path, int flags, enum spool_after_loss after_loss,
	struct output_ledger *ledger)
{
	struct spool *spool = malloc(sizeof(*spool));
	char *copy = strdup(path);
	int fd = spool == NULL || copy == NULL ? -1 : open_path(path, flags);

	if (fd < 0) {
		int cause = spool == NULL || copy == NULL ? ENOMEM : errno;

		free(copy);
		free(spool);
		errno = cause;
		return NULL;
	}
	spool->ledger = ledger;
	spool->after_loss = after_loss;
	spool->fd = fd;
	spool->lost = false;
	spool->good = 0;
	spool->pending = 0;
	spool->used = 0;
	spool->path = copy;
	return spool;
}

static void lose(struct spool *spool, int cause)
{
	spool->ledger->lost_disk += spool->pending;
	if (cause != 0 && !spool->lost)
		fprintf(stderr,
			"periscope: %s: %s; records are lost and counted as lost_disk\n",
			spool->path, strerror(cause));
	spool->lost = true;
}

bool spool_flush(struct spool *spool)
{
	int cause = 0;

	if (spool->used == 0)
		return !spool->lost;
	if (spool->lost && spool->after_loss == SPOOL_STOP) {
		lose(spool, 0);
	} else if ((cause = write_all(spool->fd, spool->buffer, spool->used)) != 0) {
		/* Fails on a pipe, where nothing can be taken back. */
		(void)!ftruncate(spool->fd, spool->good);
		lose(spool, cause);
	} else {
		spool->ledger->written += spool->pending;
		spool->good += (off_t)spool->used;
	}
	spool->pending = 0;
	spool->used = 0;
	return !spool->lost;
}

bool spool_has_lost(const struct spool *spool)
{
	return spool->lost;
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

bool spool_close(struct spool *spool)
{
	bool whole;

	if (spool == NULL)
		return true;
	whole = spool_flush(spool);
	/* A network file system may report only now that it could not keep what it took. */
	if (close(spool->fd) != 0) {
		fprintf(stderr, "periscope: %s: %s\n", spool->path, strerror(errno));
		whole = false;
	}
	free(spool->path);
	free(spool);
	return whole;
}
