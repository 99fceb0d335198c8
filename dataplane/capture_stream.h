/* The bytes of one capture file as libpcap wants to read them: decompressed, buffered, from a
 * file, a pipe or standard input. gzip (any number of members) and zstd (any number of frames) are
 * told by the first bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct capture_stream;

/* What the stream adds to for every byte that it takes from the file; atomically, so that another
 * thread may look. */
struct capture_stream_progress {
	uint64_t bytes;
};

/* `path` "-" is standard input, which is not closed at the end. `buffer` is the number of bytes
 * of each of its (one or two) buffers. `progress` must outlive the stream. NULL: `error` says why,
 * without the path. Blocks until the first bytes of a pipe are there. */
struct capture_stream *capture_stream_open(const char *path, size_t buffer,
	struct capture_stream_progress *progress, char *error, size_t error_size);

/* The decompressed bytes. Whoever closes it (fclose, pcap_close) does so before
 * capture_stream_close; the stream itself never does. It takes from the stream no more than it is
 * asked for, until capture_stream_buffer() gives it a buffer (false: no memory). */
FILE *capture_stream_file(struct capture_stream *stream);
bool capture_stream_buffer(struct capture_stream *stream);

/* The same bytes without the FILE, which must not have a buffer: at most `room` of them. 0: the
 * end; -1: an error, see capture_stream_error(). */
ssize_t capture_stream_read(struct capture_stream *stream, uint8_t *out, size_t room);

/* What went wrong below the FILE (a read error, damaged or cut compressed data), or NULL. All that
 * comes before the damage has been delivered. Owned by the stream. */
const char *capture_stream_error(const struct capture_stream *stream);

/* The first bytes that were read through the FILE so far, at most 4; returns how many. */
size_t capture_stream_head(const struct capture_stream *stream, uint8_t head[4]);

/* Bytes of the file as stored, or 0 when it is not a regular file. */
uint64_t capture_stream_size(const struct capture_stream *stream);

/* NULL is legal. */
void capture_stream_close(struct capture_stream *stream);
