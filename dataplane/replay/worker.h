/* A replay worker: a thread that takes blocks from its inbox, runs the packets it owns through
 * its lane in bursts, and gives the blocks back in the same order. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "dataplane/capture/block.h"
#include "dataplane/output/correlator.h"
#include "dataplane/output/writer.h"
#include "dataplane/pipeline/lane.h"

struct worker;

/* Starts worker `index`. `lane`, `writer` and `correlator` (which two may be NULL) are borrowed until worker_stop(). At most
 * `max_blocks` blocks are on their way at once. NULL: `error` says why. */
struct worker *worker_start(struct lane *lane, uint32_t index, struct writer *writer,
	struct correlator *correlator, uint32_t max_blocks, struct error *error);

/* Sends a block to the worker; there is room for max_blocks. */
void worker_send(struct worker *worker, struct block *block);

/* The oldest block that the worker has done, or NULL when there is none yet. */
struct block *worker_done(struct worker *worker);

/* Ends the thread and frees; the worker must have given back every block, the last one with
 * `last` set. */
void worker_stop(struct worker *worker);
