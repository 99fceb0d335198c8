/* The part of a capture that is in memory: read in large pieces, parsed in place, and lent to
 * callers that want packets without a copy. Bytes before `at` are used; those from `at` to `end`
 * are not yet. For the readers of capture formats, which move `at` and set `last`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/capture/capture_landmarks.h"
#include "dataplane/capture/capture_stream.h"

struct capture_window {
	struct capture_stream *stream;
	uint8_t *buffer; /* grows to the longest record, but not when lending */
	size_t room, piece;
	size_t at, end;
	size_t last;     /* where the record in hand begins */
	uint64_t before; /* bytes of the (decompressed) capture before the buffer's first one */
	bool lends;
	bool lent;      /* somebody holds records in the buffer: nothing may move */
	bool no_memory; /* the reason of a WINDOW_SHORT */
	struct capture_landmarks
		*landmarks; /* the readers add to them; borrowed; NULL: nobody asks */
	/* Where the records begin that are read, ascending; all others are passed by. NULL: all are read. Borrowed. */
	const uint64_t *picks;
	size_t n_picks, next_pick;
};

enum window_status {
	WINDOW_OK,
	WINDOW_SHORT, /* the end of the file, an error below (capture_stream_error), no memory */
	/* Lending: the bytes do not fit behind those that are held. When this comes depends on the
	 * records alone, and not on how they could be read. */
	WINDOW_FULL,
};

/* Bytes that a lending window has room for in one piece. */
enum { WINDOW_ROOM_MIN = 262144 + 8192 };

/* Borrows the stream, of which it reads `piece` bytes at a time. false: no memory. */
bool capture_window_init(
	struct capture_window *window, struct capture_stream *stream, size_t piece);
void capture_window_fini(struct capture_window *window);

/* From now on records that are held stay until the exchange, in a buffer of `room` bytes, at least
 * WINDOW_ROOM_MIN. Before the first is held only. false: no memory. */
bool capture_window_lend(struct capture_window *window, size_t room);
/* Gives the buffer away (the caller frees it) and takes `empty` of the same size, from malloc(),
 * for the records to come; NULL: there are none to come. `kept` (NULL: nobody) points into the
 * last record, which goes along into the new buffer. */
uint8_t *capture_window_exchange(
	struct capture_window *window, uint8_t *empty, const uint8_t **kept);

enum window_status capture_window_fill(struct capture_window *window, size_t need);
void capture_window_hold_first(struct capture_window *window, const uint8_t **data);

/* Whether `need` bytes, at most WINDOW_ROOM_MIN, lie at `at`; reads on until they do. */
static inline enum window_status capture_window_have(struct capture_window *window, size_t need)
{
	return window->end - window->at >= need ? WINDOW_OK : capture_window_fill(window, need);
}

/* When lending, the record in hand stays from now on. `*data` points into it, and goes along. */
static inline void capture_window_hold(struct capture_window *window, const uint8_t **data)
{
	if (window->lends && !window->lent)
		capture_window_hold_first(window, data);
}

/* Takes the next `n` bytes, however many, away without keeping them, and gives the last four (of
 * at least as many). `at` stays, and what is held. false: as WINDOW_SHORT. */
bool capture_window_drop(struct capture_window *window, uint64_t n, uint8_t tail[4]);

/* The place of `at` in the capture. */
static inline uint64_t capture_window_offset(const struct capture_window *window)
{
	return window->before + window->at;
}

/* Only the records that begin at these offsets (ascending, borrowed) are read, and what lies before `at` now. Not when lending. false: the capture cannot be read in its middle. */
bool capture_window_pick(struct capture_window *window, const uint64_t *picks, size_t n);

enum window_pick {
	PICK_HERE, /* `at` is where the next record begins that is wanted */
	PICK_NONE, /* there are no more of them */
	PICK_GONE, /* the file has become shorter, or cannot be read any more */
};
enum window_pick capture_window_next_pick(struct capture_window *window);
