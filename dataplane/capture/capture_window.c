#include "dataplane/capture/capture_window.h"

#include <stdlib.h>
#include <string.h>

enum {
	DROP_PIECE = 16 * 1024,
	TAIL = 4,
	PICK_PIECE = 16 * 1024, /* read at once where only some records are wanted */
	PICK_GAP = 32 * 1024, /* up to here reading on costs less than another read elsewhere */
};

bool capture_window_init(struct capture_window *w, struct capture_stream *stream, size_t piece)
{
	*w = (struct capture_window){.stream = stream, .room = piece, .piece = piece};
	w->buffer = malloc(piece);
	return w->buffer != NULL;
}

void capture_window_fini(struct capture_window *w)
{
	free(w->buffer);
	*w = (struct capture_window){.buffer = NULL};
}

bool capture_window_lend(struct capture_window *w, size_t room)
{
	uint8_t *larger = realloc(w->buffer, room);

	if (larger == NULL)
		return false;
	w->buffer = larger;
	w->room = room;
	w->lends = true;
	return true;
}

uint8_t *capture_window_exchange(struct capture_window *w, uint8_t *empty, const uint8_t **kept)
{
	size_t from = kept != NULL ? w->last : w->at;
	uint8_t *full = w->buffer;

	if (empty != NULL)
		memcpy(empty, full + from, w->end - from);
	if (kept != NULL)
		*kept = empty + (*kept - (full + from));
	w->buffer = empty;
	w->before += from;
	w->end -= from;
	w->at -= from;
	w->last = 0;
	w->lent = kept != NULL;
	return full;
}

/* Moves what lies from `from` on to the start of the buffer. */
static void move_up(struct capture_window *w, size_t from)
{
	memmove(w->buffer, w->buffer + from, w->end - from);
	w->before += from;
	w->end -= from;
	w->at -= from;
}

void capture_window_hold_first(struct capture_window *w, const uint8_t **data)
{
	if (w->last > 0) {
		*data -= w->last;
		move_up(w, w->last);
		w->last = 0;
	}
	w->lent = true;
}

static bool make_room(struct capture_window *w, size_t need)
{
	uint8_t *larger;

	move_up(w, w->at);
	w->last = 0;
	if (w->room >= need)
		return true;
	larger = realloc(w->buffer, need);
	if (larger == NULL) {
		w->no_memory = true;
		return false;
	}
	w->buffer = larger;
	w->room = need;
	return true;
}

enum window_status capture_window_fill(struct capture_window *w, size_t need)
{
	if (w->lent && need > w->room - w->at)
		return WINDOW_FULL;
	if (!w->lent && !make_room(w, need))
		return WINDOW_SHORT;
	while (w->end - w->at < need) {
		size_t room = w->room - w->end;
		size_t most = w->picks ? PICK_PIECE : w->lends ? w->piece : room;
		ssize_t n = capture_stream_read(
			w->stream, w->buffer + w->end, room > most ? most : room);

		if (n <= 0)
			return WINDOW_SHORT;
		w->end += (size_t)n;
	}
	return WINDOW_OK;
}

static void tail_keep(uint8_t tail[TAIL], const uint8_t *from, size_t n)
{
	if (n >= TAIL) {
		memcpy(tail, from + n - TAIL, TAIL);
		return;
	}
	memmove(tail, tail + n, TAIL - n);
	memcpy(tail + TAIL - n, from, n);
}

bool capture_window_drop(struct capture_window *w, uint64_t n, uint8_t tail[TAIL])
{
	uint8_t scratch[DROP_PIECE], *at = w->buffer + w->at;
	size_t there = w->end - w->at;

	if (there > n)
		there = (size_t)n;
	tail_keep(tail, at, there);
	memmove(at, at + there, w->end - w->at - there);
	w->end -= there;
	w->before += there;
	for (n -= there; n > 0; n -= there) {
		ssize_t got = capture_stream_read(
			w->stream, scratch, n < DROP_PIECE ? (size_t)n : DROP_PIECE);

		if (got <= 0)
			return false;
		there = (size_t)got;
		tail_keep(tail, scratch, there);
		w->before += there;
	}
	return true;
}

bool capture_window_pick(struct capture_window *w, const uint64_t *picks, size_t n)
{
	uint64_t end = w->before + w->end;

	if (w->lends || w->lent || !capture_stream_seek(w->stream, end))
		return false;
	w->picks = picks;
	w->n_picks = n;
	return true;
}

/* To a byte behind those that are there. */
static bool go_to(struct capture_window *w, uint64_t offset)
{
	uint8_t tail[TAIL];

	if (offset - (w->before + w->end) <= PICK_GAP)
		return capture_window_drop(w, offset - capture_window_offset(w), tail);
	if (!capture_stream_seek(w->stream, offset))
		return false;
	w->before = offset;
	w->at = w->end = w->last = 0;
	return true;
}

enum window_pick capture_window_next_pick(struct capture_window *w)
{
	uint64_t here = capture_window_offset(w), offset;

	while (w->next_pick < w->n_picks && w->picks[w->next_pick] < here)
		w->next_pick++;
	if (w->next_pick == w->n_picks)
		return PICK_NONE;
	offset = w->picks[w->next_pick];
	if (offset < w->before + w->end)
		w->at = (size_t)(offset - w->before);
	else if (!go_to(w, offset))
		return PICK_GONE;
	return capture_window_have(w, 1) == WINDOW_OK ? PICK_HERE : PICK_GONE;
}
