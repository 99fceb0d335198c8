/* The threads of a replay put together by hand, so that a test can look in between: input, reader,
 * workers with lanes, writer, output. Follow the order of the functions. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/settings/settings.h"
#include "dataplane/output/writer.h"
#include "dataplane/pipeline/lane.h"
#include "dataplane/replay/reader.h"
#include "dataplane/replay/worker.h"
#include "inspect/output/output.h"
#include "inspect/packets/packet_file.h"
#include "support/folder.h"

struct rig {
	struct folder folder;
	char dir[128], capture[128], packet_path[128]; /* in `folder` */
	struct settings settings;
	enum decap_mode mode; /* DECAP_MIRROR, if it is not set before rig_open() */
	struct snapshot_slot slot;
	struct input *input;
	struct output *output;
	struct packet_file *packets; /* NULL: nothing is recorded */
	struct writer *writer;
	struct reader *reader;
	struct lane *lanes[WORKERS_MAX];
	struct worker *workers[WORKERS_MAX];
	uint32_t n_workers;
};

/* The folder and settings of small tables without DPI; the capture is the caller's to write. */
void rig_begin(struct rig *rig, uint32_t n_workers);
/* As --set. */
void rig_set(struct rig *rig, const char *assignment);
/* Opens the capture, makes the output and the reader. */
void rig_open(struct rig *rig, bool record);
/* The writer, the lanes and the threads. */
void rig_start(struct rig *rig);
/* Runs to the end; stops the workers and the writer. */
void rig_run(struct rig *rig, struct reader_watch watch);
void rig_end(struct rig *rig);

/* A watch that never stops. */
struct reader_watch rig_patience(void);
/* A lane of its own with these settings; follows `slot`, to which rig_snapshot gave one. */
void rig_snapshot(
	struct snapshot_slot *slot, const struct settings *settings, uint32_t n_lanes);
struct lane *rig_lane(const struct settings *settings, const struct snapshot_slot *slot,
	uint32_t index, uint32_t n_lanes, enum decap_mode mode, struct sink sink,
	struct sink facts);
/* A limit of the lane was hit: the run says that it is not deterministic. */
bool rig_limited(const struct lane *lane);
