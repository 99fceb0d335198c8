#include "dataplane/output/outbox.h"

#include "dataplane/output/ring.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { CHUNK_WORDS = OUTBOX_CHUNK / RECORD_ALIGN };

/* Records stand one behind the other, each in whole words. */
struct chunk {
	uint32_t used; /* words */
	uint64_t words[CHUNK_WORDS];
};

struct outbox {
	struct ring *full, *empty; /* chunks: maker -> service, service -> maker */
	struct chunk *filling;     /* the maker's */
	struct chunk *reading;     /* the service's, who is at word `at` of it */
	uint32_t at;
	atomic_bool wait;  /* written and read by the maker */
	atomic_bool hurry; /* written by any thread, read by the maker */
};

_Static_assert((int)RECORD_MAX <= (int)OUTBOX_CHUNK && sizeof(uint64_t) == RECORD_ALIGN,
	"the longest record fits, and is aligned");

static uint32_t words_of(size_t len)
{
	return (uint32_t)((len + RECORD_ALIGN - 1) / RECORD_ALIGN);
}

static void free_chunks(struct ring *ring)
{
	struct chunk *chunk;

	while (ring && (chunk = ring_pop(ring)))
		free(chunk);
	ring_destroy(ring);
}

void outbox_destroy(struct outbox *outbox)
{
	if (!outbox)
		return;
	free_chunks(outbox->full);
	free_chunks(outbox->empty);
	free(outbox->filling);
	free(outbox->reading);
	free(outbox);
}

static bool add_chunks(struct outbox *outbox, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct chunk *chunk = malloc(sizeof(*chunk));

		if (!chunk)
			return false;
		chunk->used = 0;
		ring_push(outbox->empty, chunk);
	}
	return true;
}

/* A ring holds one less than its size, which is a power of two. */
static uint32_t ring_size(uint32_t n)
{
	uint32_t size = 2;

	while (size <= n)
		size *= 2;
	return size;
}

struct outbox *outbox_create(uint32_t n_chunks, bool wait)
{
	struct outbox *outbox = calloc(1, sizeof(*outbox));

	if (!outbox)
		return NULL;
	atomic_init(&outbox->wait, wait);
	outbox->full = ring_create(ring_size(n_chunks));
	outbox->empty = ring_create(ring_size(n_chunks));
	if (outbox->full && outbox->empty && add_chunks(outbox, n_chunks))
		return outbox;
	outbox_destroy(outbox);
	return NULL;
}

static bool may_wait(const struct outbox *outbox)
{
	return atomic_load_explicit(&outbox->wait, memory_order_relaxed) &&
	       !atomic_load_explicit(&outbox->hurry, memory_order_relaxed);
}

static struct chunk *take_empty(struct outbox *outbox)
{
	struct chunk *chunk = ring_pop(outbox->empty);
	struct backoff backoff = {0};

	while (!chunk && may_wait(outbox)) {
		backoff_wait(&backoff);
		chunk = ring_pop(outbox->empty);
	}
	return chunk;
}

void outbox_flush(struct outbox *outbox)
{
	if (!outbox->filling || outbox->filling->used == 0)
		return;
	ring_push(outbox->full, outbox->filling); /* has room for every chunk */
	outbox->filling = NULL;
}

struct record *outbox_take(void *ctx, enum record_type type, size_t len)
{
	struct outbox *outbox = ctx;
	uint32_t words = words_of(len);
	struct record *record;

	if (len > RECORD_MAX)
		return NULL;
	if (outbox->filling && words > CHUNK_WORDS - outbox->filling->used)
		outbox_flush(outbox);
	if (!outbox->filling)
		outbox->filling = take_empty(outbox);
	if (!outbox->filling)
		return NULL;
	record = (struct record *)&outbox->filling->words[outbox->filling->used];
	outbox->filling->used += words;
	*record = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	return record;
}

void outbox_wait(struct outbox *outbox)
{
	atomic_store_explicit(&outbox->wait, true, memory_order_relaxed);
}

void outbox_hurry(struct outbox *outbox)
{
	atomic_store_explicit(&outbox->hurry, true, memory_order_relaxed);
}

bool outbox_open(struct outbox *outbox)
{
	if (!outbox->reading)
		outbox->reading = ring_pop(outbox->full);
	return outbox->reading != NULL;
}

const struct record *outbox_peek(const struct outbox *outbox)
{
	return outbox->reading ? (const struct record *)&outbox->reading->words[outbox->at]
			       : NULL;
}

void outbox_drop(struct outbox *outbox)
{
	outbox->at += words_of(outbox_peek(outbox)->len);
	if (outbox->at < outbox->reading->used)
		return;
	outbox->reading->used = 0;
	outbox->at = 0;
	ring_push(outbox->empty, outbox->reading); /* has room for every chunk */
	outbox->reading = NULL;
}

uint32_t outbox_count(const struct outbox *outbox)
{
	return ring_count(outbox->full);
}
