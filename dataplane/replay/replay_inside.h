/* What the files of a replay share: replay.c runs it, replay_summary.c sums it up. Private to replay. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "dataplane/output/correlator.h"
#include "dataplane/output/writer.h"
#include "dataplane/replay/progress.h"
#include "dataplane/replay/reader.h"
#include "dataplane/replay/replay.h"

struct replay {
	const struct replay_params *params;
	uint32_t n_workers;
	struct inner_filter *inner; /* of --inner; NULL: none */
	struct input *input;
	struct output *output;
	struct packet_file *packets;    /* of -w; NULL: none */
	struct packet_files *recording; /* of the settings; NULL: none */
	struct replay_feeds *feeds;     /* NULL: none */
	struct writer *writer;
	struct correlator *correlator;
	struct reader *reader;
	struct snapshot_slot slot;
	struct lane *lanes[WORKERS_MAX];
	struct worker *workers[WORKERS_MAX];
	struct progress progress;
	struct timespec began;
	bool stopped, lost, eal;
};

/* After the workers have ended: alerts of what is the matter with sessions (inspect/detect/mirror_watch.h). */
void replay_look_at_sessions(struct replay *replay);
/* After reader and writer have ended: writes summary.json and shows it with `report`. REPLAY_FAILED, and said:
 * it could not be made, something was lost before, or the ledger is open. */
enum replay_status replay_summarize(const struct replay *replay,
	void (*report)(void *ctx, const struct summary *summary), void *ctx);
