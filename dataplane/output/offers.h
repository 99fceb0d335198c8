/* What live workers offer to one thread: a queue of references to their packets (packet_queue.h), and what became
 * of those that did not get into it. A worker never waits. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/output/packet_queue.h"
#include "inspect/record/sink.h"

struct offers;

/* `room` for so many packets of each worker. NULL: no memory. */
struct offers *offers_create(uint32_t room, uint32_t n_workers);
/* With all that waits. NULL is legal. */
void offers_destroy(struct offers *offers);

/* Worker `worker` alone: of the burst's packets those of `offered`, whose mbufs stay its own. Only those of `want` are
 * wanted: the others are left out by policy; `shed`: all are. */
struct offering {
	uint64_t offered, want;
	bool shed;
};
void offers_put(struct offers *offers, uint32_t worker, const struct packet_burst *burst,
	const struct offering *offering);

/* The thread's queue. */
struct packet_queue *offers_queue(struct offers *offers);
/* The thread has ended: what waits is lost. */
void offers_drop(struct offers *offers);

/* Any thread: what became of all that was offered. `taken`: of what the thread has taken, read before; NULL: nothing is
 * known of that. */
struct output_ledger offers_ledger(
	const struct offers *offers, const struct output_ledger *taken);
