/* A live worker: a thread that polls its receive queues and the rings from other workers, and
 * takes the packets through its lane.
 *
 *     rx burst -> decap, session, direction -> owner -+-> filter, flow, dpi   (own packets)
 *             |                                       +-> ring                (to the worker that owns the flow)
 *             +-> ring -> exception thread            (what is no mirror traffic)
 *
 * It counts a packet as received where it came in, and in a bucket where it ended. It reads the
 * clock once a burst. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "dataplane/exception/exception.h"
#include "dataplane/live/handoff.h"
#include "dataplane/output/correlator.h"
#include "dataplane/output/feeds.h"
#include "dataplane/output/recorder.h"
#include "dataplane/output/suricata.h"
#include "dataplane/output/tally.h"
#include "dataplane/output/worker_view.h"
#include "dataplane/output/writer.h"
#include "dataplane/pipeline/lane.h"
#include "dataplane/port/port.h"

enum { POLL_QUEUES_MAX = 128 };

/* What all workers shall do; written by the control thread. */
enum poll_phase {
	POLL_RUN,
	POLL_DRAIN, /* receive nothing more, finish what is in the rings */
	POLL_END,   /* end all flows, send all records, return */
};

struct poll_queue {
	struct port *port;
	uint32_t queue;
	struct exception_port
		*exception; /* for what is no mirror traffic; NULL: it is dropped */
};

struct poll_params {
	uint32_t index, n_workers;
	uint32_t n_receivers; /* the first of the workers, which have queues */
	struct poll_queue queues[POLL_QUEUES_MAX];
	uint32_t n_queues;
	uint64_t ports_hold; /* packets that those queues hold until they are read */
	int cpu;             /* to run on alone; -1: any */
	bool sleep;          /* without packets, sleep a little */
	struct lane *lane;
	struct writer *writer;
	struct correlator *correlator; /* NULL: no facts are made */
	struct handoff *handoff;       /* NULL with one worker */
	/* Written by the control thread, read by workers: an enum poll_phase, and how many packets
	 * were lost at the ports so far. */
	const _Atomic int *phase;
	const _Atomic uint64_t *missed;
	struct worker_view_board *view;
	const struct settings *settings;
	/* For each overload_step: how many workers are in it. Each worker adds itself and takes itself
	 * off, and all read it: when one sheds, all do, since a worker that has time again hands over
	 * faster than others can take. */
	_Atomic uint32_t *shedding;
	struct recorder *recorder; /* NULL: packets are not recorded */
	struct feeds *feeds;       /* NULL: there are none */
	struct suricata *suricata; /* NULL: it is not wanted */
};

struct poller;

/* Starts the thread. Everything in `params` is borrowed until poll_join(). NULL: `error` says why. */
struct poller *poll_start(const struct poll_params *params, struct error *error);
/* Waits for the thread, whose `phase` must be POLL_END, and frees. */
void poll_join(struct poller *poller);

/* Any thread. */
void poll_read(struct poller *poller, struct tally *tally);
/* The latest phase that the worker has taken up, with all it sent before in the rings. */
enum poll_phase poll_reached(struct poller *poller);
/* Counter of the CPU (TSC) at the latest round. */
uint64_t poll_seen(struct poller *poller);
/* True once all records are with the writer: poll_join() will not wait. */
bool poll_done(struct poller *poller);
