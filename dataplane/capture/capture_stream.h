/* The bytes of one capture file, decompressed, from a file, a pipe or standard input. gzip (any
 * number of members) and zstd (any number of frames) are recognised by their first bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/log/error.h"

struct capture_stream;

/* Counts the bytes that the stream has taken from the file: written by the reading thread, read
 * by any. */
struct capture_stream_progress {
	uint64_t bytes;
};

/* `path` "-" is standard input, which is not closed at the end. `buffer` is the number of bytes
 * of its buffer. `progress` must outlive the stream. NULL: `error` says why,
 * without the path. Blocks until the first bytes of a pipe are there. */
struct capture_stream *capture_stream_open(const char *path, size_t buffer,
	struct capture_stream_progress *progress, struct error *error);

/* The decompressed bytes: at most `room` of them, and no more is waited for than the first. 0: the
 * end; -1: an error, see capture_stream_error(). */
ssize_t capture_stream_read(struct capture_stream *stream, uint8_t *out, size_t room);

/* Goes on at another byte of the file. false: it is compressed, or no regular file, or refused. */
bool capture_stream_seek(struct capture_stream *stream, uint64_t offset);

/* What went wrong (a read error, damaged or cut compressed data), or NULL. All that
 * comes before the damage has been delivered. Owned by the stream. */
const char *capture_stream_error(const struct capture_stream *stream);

/* How the bytes are compressed: "gzip", "zstd", or NULL. */
const char *capture_stream_compression(const struct capture_stream *stream);

/* Bytes of the file as stored, or 0 when it is not a regular file. */
uint64_t capture_stream_size(const struct capture_stream *stream);

/* NULL is legal. */
void capture_stream_close(struct capture_stream *stream);
