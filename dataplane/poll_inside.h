/* A worker's inside, for the files that take packets through it and publish its counters. */
#pragma once

#include <pthread.h>

#include "dataplane/clock.h"
#include "dataplane/patience.h"
#include "dataplane/poll.h"
#include "dataplane/poll_load.h"
#include "dataplane/simulate.h"

struct poller {
	struct poll_params params;
	pthread_t thread;
	struct clock clock;
	uint64_t now_ns, slice_at, records_at;
	struct patience patience;
	struct poll_load load;
	struct simulation simulation;
	struct tally tally;
	uint64_t number; /* packets received, for messages */
	struct packet packets[BURST_MAX];
	struct rte_mbuf *mbufs[BURST_MAX];
	enum reason why[BURST_MAX];
	/* What other threads read. */
	_Alignas(64) struct tally_board board;
	_Atomic uint64_t seen;
	_Atomic int reached;
	atomic_bool done;
};

/* The first `n` of its mbufs, as `queue` gave them: through the lane or to other workers. */
void poll_received(struct poller *poller, const struct poll_queue *queue, uint32_t n);
/* The first `n` of its packets, as worker `from` handed them over; `fragments` of them are here for
 * their ports alone. */
void poll_taken(struct poller *poller, uint32_t from, uint32_t n, uint64_t fragments);
/* Shows others the counters as they are now. */
void poll_publish(struct poller *poller);
