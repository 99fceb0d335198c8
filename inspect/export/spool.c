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

static int open_path(const char *path)
{
	if (strcmp(path, "-") == 0)
		return dup(STDOUT_FILENO);
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
}

struct spool *spool_open(
	const char *path, enum spool_after_loss after_loss, struct output_ledger *ledger)
{
	struct spool *w = malloc(sizeof(*w));
	char *copy = strdup(path);
	int fd = w == NULL || copy == NULL ? -1 : open_path(path);

	if (fd < 0) {
		int cause = w == NULL || copy == NULL ? ENOMEM : errno;

		free(copy);
		free(w);
		errno = cause;
		return NULL;
	}
	w->ledger = ledger;
	w->after_loss = after_loss;
	w->fd = fd;
	w->lost = false;
	w->good = 0;
	w->pending = 0;
	w->used = 0;
	w->path = copy;
	return w;
}

static void lose(struct spool *w, int cause)
{
	w->ledger->lost_disk += w->pending;
	if (cause != 0 && !w->lost)
		fprintf(stderr,
			"periscope: %s: %s; records are lost and counted as lost_disk\n",
			w->path, strerror(cause));
	w->lost = true;
}

bool spool_flush(struct spool *w)
{
	int cause = 0;

	if (w->used == 0)
		return !w->lost;
	if (w->lost && w->after_loss == SPOOL_STOP) {
		lose(w, 0);
	} else if ((cause = write_all(w->fd, w->buffer, w->used)) != 0) {
		/* Fails on a pipe, where nothing can be taken back. */
		(void)!ftruncate(w->fd, w->good);
		lose(w, cause);
	} else {
		w->ledger->written += w->pending;
		w->good += (off_t)w->used;
	}
	w->pending = 0;
	w->used = 0;
	return !w->lost;
}

void spool_add(struct spool *w, const void *bytes, size_t len)
{
	assert(len <= sizeof(w->buffer) - w->used);
	memcpy(w->buffer + w->used, bytes, len);
	w->used += len;
}

void spool_end(struct spool *w, unsigned records)
{
	w->pending += records;
	if (w->used >= BATCH)
		spool_flush(w);
}

bool spool_close(struct spool *w)
{
	bool whole;

	if (w == NULL)
		return true;
	whole = spool_flush(w);
	/* A network file system may report only now that it could not keep what it took. */
	if (close(w->fd) != 0) {
		fprintf(stderr, "periscope: %s: %s\n", w->path, strerror(errno));
		whole = false;
	}
	free(w->path);
	free(w);
	return whole;
}
