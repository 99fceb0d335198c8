/* Packets on their way from live workers to one thread that takes them somewhere: the recorder's, a feed's.
 *
 *     worker -> ring (one a worker) -> thread
 *
 * Nothing is copied: a ring holds the packet's mbuf, and what a record says of it. A worker makes no system
 * call and never waits: what does not fit stays the worker's.
 *
 * Who owns an mbuf: the worker, until packet_queue_put() takes it over or, where other queues may want the
 * packet, too, takes a reference; then the queue, which gives it back once it was taken. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/ledger.h"
#include "decap/packet.h"
#include "inspect/packets/packet_file.h"

struct rte_mbuf;
struct packet_queue;

/* Packets of a port's few large buffers that may wait, over all workers; see port_is_large(). */
enum { PACKET_QUEUE_LARGE = 256 };

/* Packets of a burst that are at their end: those of `mask`, and why each ended where it ended. */
struct packet_burst {
	struct rte_mbuf *const *mbufs;
	const struct packet *packets;
	const enum reason *why;
	uint64_t mask;
};

/* The packets that one worker may have in its ring, where so many are `asked` for: as many, or a few more. */
uint32_t packet_queue_room(uint32_t asked);
/* NULL: no memory. `room` as that has it. */
struct packet_queue *packet_queue_create(uint32_t room, uint32_t n_workers);
/* With all that is in it. NULL is legal. */
void packet_queue_destroy(struct packet_queue *queue);

/* Worker `worker` alone: those of `want`, of each frame as many bytes as `keep` has at its place in the burst (NULL: all
 * of it); returns which there was room for. `shares`: the mbufs stay the worker's, too, and the queue has a reference of its
 * own; else these are the queue's from now on. */
uint64_t packet_queue_put(struct packet_queue *queue, uint32_t worker,
	const struct packet_burst *burst, uint64_t want, const uint32_t *keep, bool shares);

/* The thread's. false: not now; the packet stays, and those of its worker behind it. */
struct packet_taker {
	void *ctx;
	bool (*take)(void *ctx, const struct packet_record *record);
};

/* The thread: takes a burst of each worker, at most. Returns how many packets were taken. */
uint32_t packet_queue_take(struct packet_queue *queue, const struct packet_taker *taker);
/* The thread, or who has ended it: gives all mbufs back. Returns how many packets there were. */
uint64_t packet_queue_drop(struct packet_queue *queue);

/* Any thread: packets that wait, and the room for them, over all workers. */
uint32_t packet_queue_fill(const struct packet_queue *queue, uint32_t *size);
