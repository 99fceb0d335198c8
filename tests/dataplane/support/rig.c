#include "dataplane/support/rig.h"

#include <CUnit/Basic.h>
#include <string.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "dataplane/capture/input.h"

enum { ERROR = 512 };

static const struct model no_model = {0};

void rig_set(struct rig *rig, const char *assignment)
{
	struct error error;

	CU_ASSERT_EQUAL_FATAL(settings_set(&rig->settings, assignment, &error), 0);
}

void rig_begin(struct rig *rig, uint32_t n_workers)
{
	memset(rig, 0, sizeof(*rig));
	rig->n_workers = n_workers;
	rig->folder = folder_make();
	folder_path(&rig->folder, "out", rig->dir, sizeof(rig->dir));
	folder_path(&rig->folder, "in.pcap", rig->capture, sizeof(rig->capture));
	folder_path(&rig->folder, "out.pcap", rig->packet_path, sizeof(rig->packet_path));
	settings_init(&rig->settings);
	rig_set(rig, "flow.capacity=4096");
	rig_set(rig, "sessions.capacity=64");
	rig_set(rig, "dpi.enabled=false");
}

void rig_snapshot(struct snapshot_slot *slot, const struct settings *settings, uint32_t n_lanes)
{
	struct error error;
	struct snapshot *snapshot =
		snapshot_create(&no_model, NULL, settings, 1, n_lanes, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(snapshot);
	CU_ASSERT_PTR_NULL(snapshot_publish(slot, snapshot));
}

struct lane *rig_lane(const struct settings *settings, const struct snapshot_slot *slot,
	uint32_t index, uint32_t n_lanes, enum decap_mode mode, struct sink sink,
	struct sink facts)
{
	const struct lane_params params = {.settings = settings,
		.index = index,
		.n_lanes = n_lanes,
		.mode = mode,
		.sink = sink,
		.facts = facts,
		.slot = slot};
	struct error error;
	struct lane *lane = lane_create(&params, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(lane);
	return lane;
}

void rig_open(struct rig *rig, bool record)
{
	const char *const paths[] = {rig->capture};
	struct reader_params params = {
		.settings = &rig->settings, .n_workers = rig->n_workers, .mode = rig->mode};
	struct error error = {0};

	rig->input = input_open(paths, 1, NULL, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig->input);
	rig->output = output_open(rig->dir, &rig->settings, false, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig->output);
	if (record) {
		rig->packets = packet_file_open(rig->packet_path, &error);
		CU_ASSERT_PTR_NOT_NULL_FATAL(rig->packets);
	}
	params.input = rig->input;
	params.packets = rig->packets;
	rig->reader = reader_create(&params);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig->reader);
}

void rig_start(struct rig *rig)
{
	struct error error;

	rig_snapshot(&rig->slot, &rig->settings, rig->n_workers);
	rig->writer = writer_start(rig->output, rig->n_workers, true, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig->writer);
	for (uint32_t i = 0; i < rig->n_workers; i++) {
		rig->lanes[i] = rig_lane(&rig->settings, &rig->slot, i, rig->n_workers,
			rig->mode, writer_sink(rig->writer, i), (struct sink){NULL, NULL});
		rig->lanes[i]->records = rig->packets != NULL;
		rig->workers[i] = worker_start(rig->lanes[i], i, rig->writer, NULL,
			reader_max_blocks(rig->reader), &error);
		CU_ASSERT_PTR_NOT_NULL_FATAL(rig->workers[i]);
	}
}

void rig_run(struct rig *rig, struct reader_watch watch)
{
	reader_run(rig->reader, rig->workers, watch);
	for (uint32_t i = 0; i < rig->n_workers; i++)
		worker_stop(rig->workers[i]);
	writer_stop(rig->writer);
	CU_ASSERT_TRUE(output_flush(rig->output));
	if (rig->packets) {
		CU_ASSERT_TRUE(packet_file_close(rig->packets));
	}
}

void rig_end(struct rig *rig)
{
	for (uint32_t i = 0; i < rig->n_workers; i++)
		lane_destroy(rig->lanes[i]);
	reader_destroy(rig->reader);
	CU_ASSERT_TRUE(output_close(rig->output));
	input_close(rig->input);
	snapshot_destroy(snapshot_publish(&rig->slot, NULL));
	settings_fini(&rig->settings);
	folder_remove(&rig->folder);
}

static bool rx_pause(void *ctx, uint64_t packets)
{
	(void)ctx;
	(void)packets;
	return true;
}

struct reader_watch rig_patience(void)
{
	return (struct reader_watch){NULL, rx_pause};
}

bool rig_limited(const struct lane *lane)
{
	struct counters counters;

	lane_count(lane, &counters);
	return counters_limited(&counters);
}
