/* A stream of classic pcap to several readers at once, each of which gets a file header and then whole
 * records, from the moment on at which it joined:
 *
 *         done: what some reader has       head
 *     ----------+---------------------------+        `room` bytes, written over from the front
 *         ^           ^
 *         a reader    one that is slow
 *
 * A record is `written` once the kernel has taken all of it for one of them. A reader that is slower than
 * the others loses records (`readers_missed`) when their place is needed, so it never stops the others;
 * with `lossless` all wait for the slowest. What is not written when the last reader goes is lost_disk.
 *
 * Nothing here waits: feed_stream_put() refuses instead, and the caller polls. One thread. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decap/counters/counters.h"
#include "inspect/packets/pcapng.h"
#include "inspect/record/sink.h"

enum { FEED_READERS_MAX = 4, FEED_READER_NAME = 80 };

struct feed_stream;

struct feed_stream_params {
	const char *name; /* of the feed, for sentences; borrowed as all that follows */
	size_t room;      /* bytes, a power of two, at least FEED_STREAM_ROOM_MIN */
	bool lossless;
	bool is_quiet; /* who joins is not said */
	bool ns;       /* times are in nanoseconds, else in microseconds */
	struct output_ledger *ledger;
	struct feed_stats *stats;
};

enum { FEED_STREAM_ROOM_MIN = 1 << 19 }; /* more than the longest record has */

/* NULL: no memory. */
struct feed_stream *feed_stream_create(const struct feed_stream_params *params);
/* Closes the readers; what was not sent before is lost. */
void feed_stream_destroy(struct feed_stream *stream);

uint32_t feed_stream_readers(const struct feed_stream *stream);
/* One more reader, whose descriptor is non-blocking, and the stream's from now on; `who` is copied, for
 * sentences. false: there are FEED_READERS_MAX already, or no memory; the descriptor is the caller's. */
bool feed_stream_join(struct feed_stream *stream, int fd, bool is_socket, const char *who);

/* With a reader. false: no room before one of them has taken something. */
bool feed_stream_put(
	struct feed_stream *stream, uint64_t time_ns, const struct packet_bytes *bytes);
/* Gives readers what they take now. Those that have gone are said and forgotten. */
void feed_stream_send(struct feed_stream *stream);
/* Bytes that the slowest reader has not taken yet. */
uint64_t feed_stream_pending(const struct feed_stream *stream);

/* What poll(2) is to watch: that a reader takes more, or goes; returns how many of `fds`. And what it has
 * seen there: readers that have gone are forgotten. */
uint32_t feed_stream_watch(
	const struct feed_stream *stream, struct pollfd fds[FEED_READERS_MAX]);
void feed_stream_watched(struct feed_stream *stream, const struct pollfd fds[FEED_READERS_MAX]);
