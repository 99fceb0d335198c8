/* A worker's inside, for the files that take packets through it and publish its counters. */
#pragma once

#include "config/thread/thread.h"
#include "dataplane/live/poll.h"
#include "dataplane/live/poll_load.h"
#include "dataplane/live/rx_pause.h"
#include "dataplane/port/clock.h"

struct poller {
	struct poll_params params;
	struct thread thread;
	struct clock clock;
	uint64_t now_ns, slice_at, records_at;
	uint64_t told, told_at; /* alerts' facts that were sent, and when */
	struct rx_pause rx_pause;
	struct poll_load load;
	struct tally tally;
	uint64_t number; /* packets received, for messages */
	struct packet packets[BURST_MAX];
	struct rte_mbuf *mbufs[BURST_MAX];
	uint32_t numbers[BURST_MAX]; /* of those that were handed over, in the hand-off */
	uint64_t taken;              /* places of the burst with packets of others */
	uint32_t turn;               /* the worker whose ring is looked at next */
	enum reason why[BURST_MAX];
	/* Written by the worker, read by any thread. */
	_Alignas(64) struct tally_board board;
	_Atomic uint64_t seen; /* the ticks of its latest round */
	_Atomic int reached;   /* the enum poll_phase that it has taken up */
	atomic_bool done;      /* it has sent and published all it had */
};

/* The first `n` of its mbufs, as `queue` gave them: through the lane or to other workers. Takes what
 * others have handed over as far as it makes the burst full. */
void poll_received(struct poller *poller, const struct poll_queue *queue, uint32_t n);
/* A burst of what other workers have handed over. false: nothing. */
bool poll_taken(struct poller *poller);
/* Shows others the counters as they are now. */
void poll_publish(struct poller *poller);
