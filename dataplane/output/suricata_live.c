/* Suricata in the live appliance: the thread "ids" feeds it from a queue. */
#include <time.h>

#include "dataplane/output/suricata_inside.h"
#include "dataplane/pipeline/record.h"

enum { REST_MS = 2 };

/* --- the thread "ids" --- */

/* Of a Suricata that reads a feed, which flow it was is all that is wanted. */
static bool note_one(struct suricata *s, const struct packet_record *record)
{
	suricata_note(s, record);
	s->packets++;
	s->ledger.written++;
	return true;
}

static bool take_one(void *ctx, const struct packet_record *record)
{
	struct suricata *s = ctx;
	uint64_t left_out;

	if (suricata_is_attached(s))
		return note_one(s, record);
	if (!s->is_fed) {
		s->missed++;
		return true;
	}
	left_out = feed_ledger(s->feed)->by_policy;
	suricata_note(s, record);
	if (!feed_put(s->feed, record))
		return false;
	s->packets += feed_ledger(s->feed)->by_policy == left_out;
	return true;
}

static void publish(struct suricata *s)
{
	struct output_ledger sum = s->ledger;

	if (s->is_fed) {
		const struct output_ledger *l = feed_ledger(s->feed);

		s->forgotten = s->forgotten_before + sent_flows_forgotten(s->sent);
		sum.written += l->written;
		sum.by_policy += l->by_policy;
		sum.lost_queue += l->lost_queue;
		sum.lost_disk += l->lost_disk;
	}
	if (suricata_is_attached(s))
		s->forgotten = sent_flows_forgotten(s->sent);
	sum.lost_queue += s->missed;
	shared_ledger_set(&s->fed, &sum);
}

/* Whether it runs is the reading thread's to say; whose the feed is, this one's. */
static void follow(struct suricata *s)
{
	int phase = atomic_load(&s->phase);

	if (suricata_is_attached(s))
		return;
	if (phase == SURICATA_FED) {
		s->is_fed = true;
	} else if (s->is_fed) {
		suricata_close(s);
		s->is_fed = false;
	}
	if (phase == SURICATA_GONE)
		atomic_store(&s->phase, SURICATA_OFF);
}

/* At the end it goes on until all is given, or it is late. */
static bool ids_round(void *ctx)
{
	struct suricata *s = ctx;
	const struct packet_taker taker = {s, take_one};
	uint32_t n, size;

	if (s->ids.phase == SERVICE_LATE)
		return false;
	follow(s);
	n = packet_queue_take(offers_queue(s->offers), &taker);
	if (s->is_fed) {
		feed_send(s->feed);
		if (feed_is_behind(s->feed))
			suricata_watch(s);
		else
			s->moved_ns = 0;
	}
	publish(s);
	if (n > 0 || s->ids.phase == SERVICE_RUNS)
		return n > 0;
	if (packet_queue_fill(offers_queue(s->offers), &size) == 0 &&
		!(s->is_fed && feed_is_behind(s->feed)))
		return false;
	if (s->is_fed)
		feed_wait(s->feed, REST_MS);
	return true;
}

static void ids_rest(void *ctx)
{
	struct suricata *s = ctx;

	if (s->is_fed)
		feed_wait(s->feed, REST_MS);
	else
		nanosleep(&(struct timespec){.tv_nsec = REST_MS * 1000000L}, NULL);
	publish(s);
}

/* --- workers and the control thread --- */

bool suricata_make_queue(struct suricata *s, uint32_t n_workers)
{
	s->offers = offers_create(s->params.settings->packets.queue, n_workers);
	return s->offers != NULL;
}

int suricata_feed(struct suricata *s, struct error *error)
{
	const struct service_work work = {"ids", ids_round, NULL, ids_rest};

	atomic_store(&s->phase, SURICATA_FED);
	return service_start(&s->ids, &work, s, error);
}

void suricata_use_tags(struct suricata *s, struct point_tags *tags)
{
	if (suricata_is_attached(s))
		s->tags = tags;
}

void suricata_offer(
	struct suricata *s, uint32_t worker, const struct packet_burst *burst, bool shed)
{
	uint64_t offered = record_wanted(s->feed_settings.what, burst->why, burst->mask);

	offers_put(s->offers, worker, burst, &(struct offering){offered, offered, shed});
}

void suricata_configure(struct suricata *s, const struct model *model)
{
	if (s == NULL || suricata_is_attached(s))
		return; /* the feed's tags are */
	point_tags_configure(s->tags, model);
	atomic_store(&s->must_reload, true);
}

void suricata_stop(struct suricata *s, uint64_t ns)
{
	if (s == NULL || s->offers == NULL)
		return;
	service_stop(&s->ids, ns);
	offers_drop(s->offers);
	atomic_store(&s->ends_within_ns, ns);
	atomic_store(&s->is_ending, true);
	if (s->is_fed)
		suricata_close(s);
	s->is_fed = false;
	thread_join(&s->thread);
	suricata_close(s);
	publish(s);
}
