/* Lines on their way from one thread to another: a ring of bytes (config/thread/ring.h). Only
 * whole lines go in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct line_queue;

/* Room for `size` bytes, more by rounding. NULL: no memory. */
struct line_queue *line_queue_create(size_t size);
/* NULL is legal. */
void line_queue_destroy(struct line_queue *queue);

/* Producer only. `line` is copied and ends with its newline. false: no room for all of it. */
bool line_queue_put(struct line_queue *queue, const char *line, size_t len);

/* Consumer only. All that is there, oldest first, in two pieces of which either may be empty; valid
 * until it is dropped. Returns the sum of their lengths. */
size_t line_queue_peek(struct line_queue *queue, struct iovec piece[2]);
/* Consumer only. Forgets the oldest `len` bytes, which it peeked at. */
void line_queue_drop(struct line_queue *queue, size_t len);

/* Any thread; bytes, already history. */
size_t line_queue_fill(const struct line_queue *queue);
size_t line_queue_size(const struct line_queue *queue);
