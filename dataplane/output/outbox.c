#include "dataplane/output/outbox.h"

#include "config/thread/backoff.h"
#include "config/thread/ring.h"
#include "inspect/flow/pages.h"

enum { CHUNK_WORDS = OUTBOX_CHUNK / RECORD_ALIGN };

/* Records stand one behind the other, each in whole words. */
struct chunk {
	uint32_t used; /* words */
	uint64_t words[CHUNK_WORDS];
};

struct outbox {
	struct ring ring; /* of chunks */
	uint64_t n_chunks;
	struct chunk *chunks;
	struct chunk *filling; /* the maker's */
	/* The service's, who is at word `at` of it. */
	_Alignas(CACHE_LINE) struct chunk *reading;
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

static size_t chunks_size(const struct outbox *outbox)
{
	return outbox->n_chunks * sizeof(*outbox->chunks);
}

void outbox_destroy(struct outbox *outbox)
{
	if (outbox)
		pages_free(outbox->chunks, chunks_size(outbox));
	free(outbox);
}

struct outbox *outbox_create(uint32_t n_chunks, bool wait)
{
	struct outbox *outbox = cache_line_alloc(sizeof(*outbox));

	if (!outbox)
		return NULL;
	atomic_init(&outbox->wait, wait);
	outbox->n_chunks = n_chunks;
	outbox->chunks = pages_alloc(chunks_size(outbox));
	if (outbox->chunks)
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
	struct backoff backoff = {0};
	struct chunk *chunk;

	while (ring_room(&outbox->ring, outbox->n_chunks, 1) == 0) {
		if (!may_wait(outbox))
			return NULL;
		backoff_wait(&backoff);
	}
	chunk = &outbox->chunks[outbox->ring.put % outbox->n_chunks];
	chunk->used = 0;
	return chunk;
}

void outbox_flush(struct outbox *outbox)
{
	if (!outbox->filling || outbox->filling->used == 0)
		return;
	outbox->filling = NULL;
	outbox->ring.put++;
	ring_send(&outbox->ring);
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
	if (!outbox->reading && ring_available(&outbox->ring, 1) > 0)
		outbox->reading = &outbox->chunks[outbox->ring.got % outbox->n_chunks];
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
	outbox->at = 0;
	outbox->reading = NULL;
	outbox->ring.got++;
	ring_done(&outbox->ring);
}

uint32_t outbox_count(const struct outbox *outbox)
{
	return (uint32_t)ring_fill(&outbox->ring, outbox->n_chunks);
}
