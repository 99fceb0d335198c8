#include "inspect/output/line_queue.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct line_queue {
	size_t size; /* a power of two */
	/* Bytes put in so far: written by the producer, read by the consumer. */
	atomic_size_t head;
	/* Bytes dropped so far: written by the consumer, read by the producer. */
	atomic_size_t tail;
	char bytes[];
};

struct line_queue *line_queue_create(size_t size)
{
	struct line_queue *queue;
	size_t room = 4096;

	while (room < size)
		room *= 2;
	queue = malloc(sizeof(*queue) + room);
	if (queue == NULL)
		return NULL;
	queue->size = room;
	atomic_init(&queue->head, 0);
	atomic_init(&queue->tail, 0);
	return queue;
}

void line_queue_destroy(struct line_queue *queue)
{
	free(queue);
}

bool line_queue_put(struct line_queue *queue, const char *line, size_t len)
{
	size_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
	size_t tail = atomic_load_explicit(&queue->tail, memory_order_acquire);
	size_t at = head & (queue->size - 1), first = queue->size - at;

	if (len > queue->size - (head - tail))
		return false;
	first = first < len ? first : len;
	memcpy(queue->bytes + at, line, first);
	memcpy(queue->bytes, line + first, len - first);
	atomic_store(&queue->head, head + len);
	return true;
}

size_t line_queue_peek(const struct line_queue *queue, struct iovec piece[2])
{
	size_t head = atomic_load_explicit(&queue->head, memory_order_acquire);
	size_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
	size_t at = tail & (queue->size - 1), len = head - tail, first = queue->size - at;

	first = first < len ? first : len;
	/* An iovec has no const, and nobody writes through this one. */
	piece[0] = (struct iovec){(char *)(size_t)(queue->bytes + at), first};
	piece[1] = (struct iovec){(char *)(size_t)queue->bytes, len - first};
	return len;
}

void line_queue_drop(struct line_queue *queue, size_t len)
{
	size_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);

	assert(len <= line_queue_fill(queue));
	atomic_store_explicit(&queue->tail, tail + len, memory_order_release);
}

size_t line_queue_fill(const struct line_queue *queue)
{
	/* The tail first, so that the head cannot be behind it. */
	size_t tail = atomic_load_explicit(&queue->tail, memory_order_acquire);
	size_t fill = atomic_load(&queue->head) - tail;

	return fill < queue->size ? fill : queue->size;
}

size_t line_queue_size(const struct line_queue *queue)
{
	return queue->size;
}
