/* An outbox: the way of records from the one thread that makes them to a service thread. They are made
 * in a chunk of memory, a place of a ring (config/thread/ring.h). Without an empty chunk it waits or refuses, as it was told. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/record/sink.h"

struct outbox;

/* `n_chunks`: 1 to 2^22, of OUTBOX_CHUNK bytes. `wait`: full, it waits. NULL: no memory. */
enum { OUTBOX_CHUNK = 256 * 1024 };
struct outbox *outbox_create(uint32_t n_chunks, bool wait);
/* NULL is legal. Neither end may be in use; records that are still in it are gone. */
void outbox_destroy(struct outbox *outbox);

/* --- the maker's thread --- */

/* As a sink: see sink.h. Longer records than RECORD_MAX are refused. */
struct record *outbox_take(void *outbox, enum record_type type, size_t len);
static inline struct sink outbox_sink(struct outbox *outbox)
{
	return (struct sink){outbox, outbox_take};
}
/* Sends what was made so far. */
void outbox_flush(struct outbox *outbox);
/* It waits from now on. */
void outbox_wait(struct outbox *outbox);

/* --- the service thread --- */

/* false: nothing was sent. Otherwise outbox_peek() has a record until all of a chunk are dropped. */
bool outbox_open(struct outbox *outbox);
/* The oldest record of the chunk; NULL: it has no more. */
const struct record *outbox_peek(const struct outbox *outbox);
void outbox_drop(struct outbox *outbox);

/* --- any thread --- */

/* It never waits from now on, whatever its maker says later. */
void outbox_hurry(struct outbox *outbox);
/* Chunks sent that the service is not done with. */
uint32_t outbox_count(const struct outbox *outbox);
