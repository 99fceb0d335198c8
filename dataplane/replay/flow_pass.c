#include "dataplane/replay/flow_pass.h"

#include <stdlib.h>

#include "config/model/model.h"
#include "dataplane/pipeline/lane.h"

static const struct model no_model = {0};

struct flow_pass {
	struct settings settings; /* a copy: what it points to is the caller's */
	struct snapshot_slot slot;
	struct lane *lane;
	struct reader *reader;
};

/* Nothing but flows. Every session is inspected: what is not would reach none. */
static void settings_copy(struct flow_pass *pass, const struct settings *settings)
{
	struct settings *s = &pass->settings;

	*s = *settings;
	s->dpi.enabled = false;
	s->events.flow = false;
	s->events.flow_start = false;
	s->flow_logs.enabled = false;
	s->detect.alerts = false;
	s->packets.record = RECORD_NONE;
	s->sessions.unknown = UNKNOWN_INSPECT;
}

static struct record *refuse(void *ctx, enum record_type type, size_t len)
{
	(void)ctx;
	(void)type;
	(void)len;
	return NULL;
}

static bool make_lane(struct flow_pass *pass, enum decap_mode mode, struct error *error)
{
	const struct lane_params params = {
		.settings = &pass->settings,
		.n_lanes = 1,
		.mode = mode,
		.sink = {.take = refuse},
		.slot = &pass->slot,
	};
	struct snapshot *snapshot =
		snapshot_create(&no_model, NULL, &pass->settings, 1, 1, error);

	if (!snapshot)
		return false;
	snapshot_publish(&pass->slot, snapshot);
	pass->lane = lane_create(&params, error);
	if (pass->lane)
		pass->lane->records = true;
	return pass->lane != NULL;
}

struct flow_pass *flow_pass_create(const struct settings *settings,
	const struct reader_params *reader, struct error *error)
{
	struct flow_pass *pass = calloc(1, sizeof(*pass));
	struct reader_params params = *reader;

	error_set(error, "not enough memory to read it");
	if (!pass)
		return NULL;
	settings_copy(pass, settings);
	params.settings = &pass->settings;
	params.n_workers = 1;
	pass->reader = reader_create(&params);
	if (pass->reader && make_lane(pass, params.mode, error))
		return pass;
	flow_pass_destroy(pass);
	return NULL;
}

bool flow_pass_run(struct flow_pass *pass, struct reader_watch watch, struct error *error)
{
	struct worker *worker =
		worker_start(pass->lane, 0, NULL, NULL, reader_max_blocks(pass->reader), error);

	if (!worker) {
		reader_abandon(pass->reader, NULL, 0);
		return false;
	}
	reader_run(pass->reader, &worker, watch);
	worker_stop(worker);
	return true;
}

void flow_pass_destroy(struct flow_pass *pass)
{
	if (!pass)
		return;
	lane_destroy(pass->lane);
	reader_destroy(pass->reader);
	snapshot_destroy(snapshot_publish(&pass->slot, NULL));
	free(pass);
}
