/* Where the appliance's packets go: the recorder and the feeds, as far as the settings want them. */
#include "dataplane/live/appliance_inside.h"

#include <stdio.h>

#include "config/log/error.h"

int appliance_make_recorders(struct appliance *appliance, struct error *error)
{
	const struct settings *settings = appliance->params.settings;

	appliance->feeds = feeds_open(settings, appliance->n_workers, error);
	if (!appliance->feeds && error->text[0])
		return -1;
	if (appliance->params.suricata &&
		!suricata_make_queue(appliance->params.suricata, appliance->n_workers)) {
		error_set(error, "not enough memory for packets.queue");
		return -1;
	}
	if (settings->packets.record == RECORD_NONE)
		return 0;
	appliance->recorder = recorder_create(settings, appliance->n_workers);
	if (!appliance->recorder)
		error_set(error, "not enough memory for packets.queue");
	return appliance->recorder ? 0 : -1;
}

int appliance_start_recorders(struct appliance *appliance, struct error *error)
{
	const struct appliance_params *p = &appliance->params;

	if (appliance->feeds && feeds_start(appliance->feeds, p->output_dir, p->settings,
					appliance->current->policy.model, error))
		return -1;
	if (p->suricata)
		suricata_use_tags(p->suricata, feeds_tags(appliance->feeds));
	if (p->suricata && suricata_listen(p->suricata, appliance->correlator,
				   appliance->n_workers + 1, error))
		return -1;
	return appliance->recorder ? recorder_start(appliance->recorder, p->output_dir, error)
				   : 0;
}

bool appliance_records(const struct appliance *appliance)
{
	return appliance->recorder || appliance->feeds || appliance->params.suricata;
}

struct output_ledger recording_ledger(
	const struct recorder_counts *counts, const struct recorder *recorder)
{
	struct output_ledger ledger = recorder_ledger(recorder);

	ledger.offered = counts->offered;
	ledger.by_policy = counts->shed + counts->left_out;
	ledger.lost_queue += counts->lost;
	return ledger;
}

bool appliance_recording(const struct appliance *appliance,
	const struct appliance_counts *counts, struct output_ledger *ledger)
{
	if (appliance->recorder)
		*ledger = recording_ledger(
			&counts->sum.counters.recorder_counts, appliance->recorder);
	return appliance->recorder != NULL;
}

uint32_t appliance_recording_queue(const struct appliance *appliance, uint32_t *size)
{
	return recorder_queue(appliance->recorder, size);
}

uint64_t appliance_recording_removed(const struct appliance *appliance, uint64_t *bytes)
{
	return recorder_removed(appliance->recorder, bytes);
}

uint32_t appliance_feeds(const struct appliance *appliance)
{
	return feeds_count(appliance->feeds);
}

struct feed_state appliance_feed(const struct appliance *appliance, uint32_t index)
{
	return feeds_state(appliance->feeds, index);
}
