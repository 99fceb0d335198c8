#include "inspect/output/line_queue.h"

#include <assert.h>

#include "config/thread/ring.h"

struct line_queue {
	struct ring ring; /* of bytes */
	size_t size;      /* a power of two */
	char *bytes;
};

struct line_queue *line_queue_create(size_t size)
{
	struct line_queue *queue = cache_line_alloc(sizeof(*queue));

	if (queue == NULL)
		return NULL;
	queue->size = 4096;
	while (queue->size < size)
		queue->size *= 2;
	queue->bytes = malloc(queue->size);
	if (queue->bytes != NULL)
		return queue;
	free(queue);
	return NULL;
}

void line_queue_destroy(struct line_queue *queue)
{
	if (queue != NULL)
		free(queue->bytes);
	free(queue);
}

/* `len` bytes from position `at` on, in two pieces. */
static void pieces_at(
	const struct line_queue *queue, uint64_t at, size_t len, struct iovec piece[2])
{
	size_t begin = at & (queue->size - 1), first = queue->size - begin;

	first = first < len ? first : len;
	/* An iovec has no const, and only the producer writes through this one. */
	piece[0] = (struct iovec){(char *)(size_t)(queue->bytes + begin), first};
	piece[1] = (struct iovec){(char *)(size_t)queue->bytes, len - first};
}

bool line_queue_put(struct line_queue *queue, const char *line, size_t len)
{
	struct iovec piece[2];

	if (ring_room(&queue->ring, queue->size, len) < len)
		return false;
	pieces_at(queue, queue->ring.put, len, piece);
	memcpy(piece[0].iov_base, line, piece[0].iov_len);
	memcpy(piece[1].iov_base, line + piece[0].iov_len, piece[1].iov_len);
	queue->ring.put += len;
	ring_send(&queue->ring);
	return true;
}

size_t line_queue_peek(struct line_queue *queue, struct iovec piece[2])
{
	size_t len = ring_available(&queue->ring, queue->size);

	pieces_at(queue, queue->ring.got, len, piece);
	return len;
}

void line_queue_drop(struct line_queue *queue, size_t len)
{
	assert(len <= queue->ring.seen_sent - queue->ring.got);
	queue->ring.got += len;
	ring_done(&queue->ring);
}

size_t line_queue_fill(const struct line_queue *queue)
{
	return ring_fill(&queue->ring, queue->size);
}

size_t line_queue_size(const struct line_queue *queue)
{
	return queue->size;
}
