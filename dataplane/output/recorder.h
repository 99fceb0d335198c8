/* The recorder: takes decapsulated packets of live workers to packets/ (inspect/packets/packet_files.h)
 * on a thread of its own.
 *
 *     worker -> queue (packet_queue.h) -> recorder thread -> packets/packets-TIME.pcapng
 *
 * A worker never waits: a full queue loses the packet (lost_queue). Packets of one worker are written in its
 * order, so those of a flow in theirs; those of several workers as the thread finds them. The recorder must
 * have no mbuf of a port when the port is closed: recorder_stop() sees to that. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/settings/settings.h"
#include "dataplane/output/packet_queue.h"
#include "inspect/record/sink.h"

struct recorder;

/* NULL: no memory. No file and no thread yet. */
struct recorder *recorder_create(const struct settings *settings, uint32_t n_workers);
/* Opens the first file and starts the thread. 0, or -1 and `error`. */
int recorder_start(struct recorder *recorder, const char *dir, struct error *error);
/* The workers have ended: writes what is in the rings, for at most `ns`; what is left then is counted
 * as lost_queue. Closes the files. Legal without a start, twice, and with NULL. false: packets were
 * lost on the way to the disk. */
bool recorder_stop(struct recorder *recorder, uint64_t ns);
/* Stops and frees. NULL is legal. */
void recorder_destroy(struct recorder *recorder);

/* Worker `worker` alone. Takes over the mbufs of the packets that it keeps, and returns which those
 * are; all others stay the caller's. `shed`: keeps none, and counts them so. */
uint64_t recorder_offer(struct recorder *recorder, uint32_t worker,
	const struct packet_burst *burst, bool shed, struct recorder_counts *counts);

/* Any thread. What became of packets after the rings: `written` and `lost_disk`, and as `lost_queue`
 * what recorder_stop() left. */
struct output_ledger recorder_ledger(const struct recorder *recorder);
/* Packets that wait, and the room for them, over all workers. */
uint32_t recorder_queue(const struct recorder *recorder, uint32_t *size);
/* Files that were removed to stay within the bounds, and their bytes; while it runs. */
uint64_t recorder_removed(const struct recorder *recorder, uint64_t *bytes);
