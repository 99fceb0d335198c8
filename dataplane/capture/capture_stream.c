#include "dataplane/capture/capture_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/error.h"
#include "dataplane/capture/capture_stream_codec.h"

enum { HEAD = 4 };

struct capture_stream {
	int fd;
	bool is_stdin; /* not ours to close */
	uint64_t size;
	struct capture_stream_progress *progress;

	/* Bytes of the file not yet used: the peeked ones, with a codec all. */
	uint8_t *in, *in_at;
	size_t in_len, in_room;
	bool at_end; /* of the file */
	bool held;   /* the codec filled the last room: it may have more, also without input */

	const struct codec *codec; /* NULL: not compressed */
	void *state;

	char error[160]; /* empty: none */
};

static ssize_t fd_read(struct capture_stream *s, void *out, size_t room)
{
	ssize_t n;

	do
		n = read(s->fd, out, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		snprintf(s->error, sizeof(s->error), "cannot read: %s", strerror(errno));
	else
		__atomic_fetch_add(&s->progress->bytes, (uint64_t)n, __ATOMIC_RELAXED);
	return n;
}

/* 0, or -1 with the error kept. */
static int in_fill(struct capture_stream *s)
{
	ssize_t n;

	if (s->in_len > 0 || s->at_end)
		return 0;
	n = fd_read(s, s->in, s->in_room);
	if (n < 0)
		return -1;
	s->at_end = n == 0;
	s->in_at = s->in;
	s->in_len = (size_t)n;
	return 0;
}

static ssize_t read_plain(struct capture_stream *s, uint8_t *out, size_t room)
{
	size_t n = s->in_len < room ? s->in_len : room;

	if (n == 0)
		return s->at_end ? 0 : fd_read(s, out, room);
	memcpy(out, s->in_at, n);
	s->in_at += n;
	s->in_len -= n;
	return (ssize_t)n;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the codec writes there */
static ssize_t read_compressed(struct capture_stream *s, uint8_t *out, size_t room)
{
	struct codec_io io = {.out = out, .out_room = room};
	const char *wrong;

	while (s->error[0] == '\0' && io.out_room == room && (s->held || in_fill(s) == 0)) {
		io.in = s->in_at;
		io.in_len = s->in_len;
		wrong = s->codec->step(s->state, &io);
		s->in_at += s->in_len - io.in_len;
		s->in_len = io.in_len;
		s->held = io.out_room == 0;
		if (wrong != NULL)
			snprintf(s->error, sizeof(s->error), "the %s data is damaged: %s",
				s->codec->name, wrong);
		if (!s->at_end || s->in_len > 0 || io.out_room < room)
			continue;
		if (s->codec->is_complete(s->state))
			return 0;
		if (wrong == NULL)
			snprintf(s->error, sizeof(s->error), "the %s data breaks off",
				s->codec->name);
	}
	/* What came before the damage is good; the error is for the next read. */
	return io.out_room < room ? (ssize_t)(room - io.out_room) : -1;
}

ssize_t capture_stream_read(struct capture_stream *s, uint8_t *out, size_t room)
{
	if (s->error[0] != '\0')
		return -1;
	return s->codec != NULL ? read_compressed(s, out, room) : read_plain(s, out, room);
}

bool capture_stream_seek(struct capture_stream *s, uint64_t offset)
{
	if (s->codec != NULL || s->size == 0 || offset > INT64_MAX ||
		lseek(s->fd, (off_t)offset, SEEK_SET) < 0)
		return false;
	s->in_len = 0;
	s->at_end = false;
	return true;
}

/* A zstd file may begin with a skippable frame: 0x184D2A50 to 0x184D2A5F, little endian. */
static const struct codec *codec_find(const uint8_t *at, size_t len)
{
	uint8_t first[HEAD] = {0};

	memcpy(first, at, len < HEAD ? len : HEAD);
	if (memcmp(first, "\x1f\x8b", 2) == 0)
		return &codec_gzip;
	if (memcmp(first, "\x28\xb5\x2f\xfd", 4) == 0 ||
		((first[0] & 0xf0) == 0x50 && memcmp(first + 1, "\x2a\x4d\x18", 3) == 0))
		return &codec_zstd;
	return NULL;
}

/* Looks at the first bytes; a pipe may bring them one by one. */
static int stream_detect(struct capture_stream *s)
{
	ssize_t n;

	while (s->in_len < HEAD && !s->at_end) {
		n = fd_read(s, s->in + s->in_len, s->in_room - s->in_len);
		if (n < 0)
			return -1;
		s->at_end = n == 0;
		s->in_len += (size_t)n;
	}
	if (s->in_len == 0) {
		snprintf(s->error, sizeof(s->error), "is empty");
		return -1;
	}
	s->codec = codec_find(s->in, s->in_len);
	if (s->codec == NULL)
		return 0;
	s->state = s->codec->create();
	if (s->state == NULL)
		snprintf(s->error, sizeof(s->error), "no memory");
	return s->state == NULL ? -1 : 0;
}

static void file_refused(struct capture_stream *s)
{
	struct rlimit limit = {0};

	if (errno == EMFILE && getrlimit(RLIMIT_NOFILE, &limit) == 0)
		snprintf(s->error, sizeof(s->error),
			"cannot open: this process may not open more than %llu files at once "
			"(ulimit -n)",
			(unsigned long long)limit.rlim_cur);
	else
		snprintf(s->error, sizeof(s->error), "cannot open: %s", strerror(errno));
}

static int file_open(struct capture_stream *s, const char *path)
{
	struct stat info;

	s->is_stdin = strcmp(path, "-") == 0;
	s->fd = s->is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (s->fd < 0 || fstat(s->fd, &info) != 0) {
		file_refused(s);
		return -1;
	}
	if (S_ISDIR(info.st_mode) || isatty(s->fd)) {
		snprintf(s->error, sizeof(s->error), "is a %s, not a capture",
			S_ISDIR(info.st_mode) ? "directory" : "terminal");
		return -1;
	}
	if (S_ISREG(info.st_mode)) {
		s->size = (uint64_t)info.st_size;
		posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return 0;
}

static int stream_start(struct capture_stream *s, const char *path, size_t buffer)
{
	if (file_open(s, path) != 0)
		return -1;
	s->in_room = buffer;
	s->in = s->in_at = malloc(buffer);
	if (s->in != NULL)
		return stream_detect(s);
	snprintf(s->error, sizeof(s->error), "no memory");
	return -1;
}

struct capture_stream *capture_stream_open(const char *path, size_t buffer,
	struct capture_stream_progress *progress, struct error *error)
{
	struct capture_stream *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		error_set(error, "no memory");
		return NULL;
	}
	s->fd = -1;
	s->progress = progress;
	if (stream_start(s, path, buffer) == 0)
		return s;
	error_set(error, "%s", s->error);
	capture_stream_close(s);
	return NULL;
}

const char *capture_stream_error(const struct capture_stream *stream)
{
	return stream->error[0] != '\0' ? stream->error : NULL;
}

const char *capture_stream_compression(const struct capture_stream *stream)
{
	return stream->codec != NULL ? stream->codec->name : NULL;
}

uint64_t capture_stream_size(const struct capture_stream *stream)
{
	return stream->size;
}

void capture_stream_close(struct capture_stream *stream)
{
	if (stream == NULL)
		return;
	if (stream->state != NULL)
		stream->codec->destroy(stream->state);
	if (stream->fd >= 0 && !stream->is_stdin)
		close(stream->fd);
	free(stream->in);
	free(stream);
}
