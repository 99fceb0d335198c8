#include "dataplane/output/suricata_inside.h"

#include <stdlib.h>
#include <unistd.h>

#include "config/model/model.h"

enum { WAIT_MS = 100 };

static const struct settings_feed own_feed = {
	.name = "suricata",
	.kind = FEED_PIPE,
	.what = RECORD_ACCEPTED,
	.tag = FEED_TAG_QINQ,
	.times = FEED_TIMES_US, /* as Suricata reckons */
};

static bool make(struct suricata *s, struct error *error)
{
	s->tags = point_tags_open(NULL, s->params.settings, error);
	if (s->tags == NULL)
		return false;
	if (s->params.model != NULL)
		point_tags_configure(s->tags, s->params.model);
	return suricata_open(s, error);
}

struct suricata *suricata_start(const struct suricata_params *params, struct error *error)
{
	struct suricata *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		error_set(error, "detect.suricata: no memory");
		return NULL;
	}
	s->params = *params;
	s->eve = s->listens.fd = -1;
	s->ends_within_ns = params->settings->detect.suricata.timeout;
	s->feed_settings = own_feed;
	if (params->settings->detect.suricata.attach != NULL
			? suricata_attach(s, error)
			: make(s, error) && suricata_launch(s, error))
		return s;
	suricata_destroy(s);
	return NULL;
}

int suricata_listen(
	struct suricata *s, struct correlator *correlator, uint32_t index, struct error *error)
{
	s->correlator = correlator;
	s->index = index;
	s->sink = correlator_sink(correlator, index);
	/* It can wait for room, as no worker can: then Suricata waits, and what it does not take meanwhile is lost_ids. */
	correlator_wait(correlator, index);
	/* No fact of a worker's has to wait for one of its alerts: which is first says the packets' time. */
	correlator_flush(correlator, index, UINT64_MAX);
	if (s->offers != NULL && suricata_feed(s, error))
		return -1;
	return thread_start(&s->thread, "suricata",
		suricata_is_attached(s) ? suricata_read_attached : suricata_read, s, error);
}

/* It is given up when it takes nothing for too long. */
static void wait_for_it(struct suricata *s)
{
	suricata_watch(s);
	feed_wait(s->feed, WAIT_MS);
}

void suricata_send(struct suricata *s, const struct packet_record *record)
{
	uint64_t left_out;

	if (s == NULL)
		return;
	left_out = feed_ledger(s->feed)->by_policy;
	suricata_note(s, record);
	atomic_store_explicit(&s->last_ns, record->time_ns, memory_order_relaxed);
	for (s->moved_ns = 0; !feed_put(s->feed, record);)
		wait_for_it(s);
	s->packets += feed_ledger(s->feed)->by_policy == left_out;
}

void suricata_end(struct suricata *s)
{
	if (s == NULL || s->feed == NULL)
		return;
	for (s->moved_ns = 0; feed_is_behind(s->feed);)
		wait_for_it(s);
	/* It may have ended while there was nothing to send. */
	if (!atomic_load(&s->has_ended))
		atomic_store(&s->is_ending, true);
	suricata_close(s);
	thread_join(&s->thread);
}

bool suricata_is_whole(const struct suricata *s)
{
	return s == NULL ||
	       (!s->failed && s->ledger.lost_queue == 0 && s->ledger.lost_disk == 0);
}

static struct output_ledger ledger_of(const struct suricata *s)
{
	struct output_ledger fed;

	if (s->offers == NULL)
		return s->ledger;
	fed = shared_ledger_get(&s->fed);
	return offers_ledger(s->offers, &fed);
}

static bool is_running(const struct suricata *s)
{
	if (suricata_is_attached(s))
		return atomic_load(&s->is_there);
	return s->offers != NULL && atomic_load(&s->phase) == SURICATA_FED &&
	       !atomic_load(&s->is_ending);
}

struct suricata_stats suricata_stats(const struct suricata *s)
{
	struct output_ledger ledger;

	if (s == NULL)
		return (struct suricata_stats){.offered = 0};
	ledger = ledger_of(s);
	return (struct suricata_stats){
		.running = is_running(s),
		.restarts = atomic_load(&s->restarts),
		.offered = ledger.offered,
		.written = ledger.written,
		.by_policy = ledger.by_policy,
		.lost_ids = ledger.lost_queue + ledger.lost_disk,
		.alerts = s->alerts,
		.unreadable = s->unreadable,
		.flow_unknown = s->flow_unknown,
		.shared_tags = atomic_load(&s->shared_tags),
		.flows_forgotten = s->offers != NULL ? atomic_load(&s->forgotten)
						     : sent_flows_forgotten(s->sent),
	};
}

uint64_t suricata_unheard(const struct suricata *s)
{
	return s == NULL ? 0 : s->unheard;
}

void suricata_destroy(struct suricata *s)
{
	if (s == NULL)
		return;
	if (s->thread.started && !suricata_is_attached(s))
		spawner_end_program(s->params.spawner, true);
	if (s->offers != NULL)
		suricata_stop(s, 0);
	else
		suricata_end(s);
	suricata_close(s);
	suricata_command_close(s->command);
	offers_destroy(s->offers);
	if (!suricata_is_attached(s))
		point_tags_close(s->tags);
	else
		unix_unlisten(&s->listens);
	sent_flows_destroy(s->sent);
	if (s->eve >= 0)
		close(s->eve);
	eve_alert_free(&s->alert);
	free(s);
}
