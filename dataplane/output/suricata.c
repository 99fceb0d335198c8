#include "dataplane/output/suricata_inside.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/log/log.h"
#include "config/log/now.h"
#include "config/model/model.h"
#include "decap/decap.h"
#include "decap/link.h"

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
	const struct feed_params feed = {&s->feed_settings, true, true};

	s->feed_settings = own_feed;
	s->sent = sent_flows_create(SENT_FLOWS);
	s->tags = point_tags_open(NULL, s->params.settings, error);
	if (s->sent == NULL)
		error_set(error, "detect.suricata: no memory");
	if (s->sent == NULL || s->tags == NULL)
		return false;
	if (s->params.model != NULL)
		point_tags_configure(s->tags, s->params.model);
	s->feed = feed_open(&feed, error);
	if (s->feed == NULL)
		return false;
	feed_set_tags(s->feed, s->tags);
	return true;
}

struct suricata *suricata_start(const struct suricata_params *params, struct error *error)
{
	struct suricata *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		error_set(error, "detect.suricata: no memory");
		return NULL;
	}
	s->params = *params;
	s->eve = -1;
	if (make(s, error) && suricata_launch(s, error))
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
	/* No fact of a worker's has to wait for one of its alerts: which is first says the packets' time. */
	correlator_flush(correlator, index, UINT64_MAX);
	return thread_start(&s->thread, "suricata", suricata_read, s, error);
}

/* The VLAN ids that Suricata will see. */
static struct sent_vlans vlans_of(
	struct suricata *s, const struct packet_record *record, const struct packet *p)
{
	struct sent_vlans vlans = {.n = 0};
	uint16_t own[2] = {0, 0};

	if (record->has_vni) {
		struct point_tag tag = point_tags_of(s->tags, &record->key);

		vlans.id[vlans.n++] = tag.outer;
		vlans.id[vlans.n++] = tag.inner;
	}
	link_vlans(cursor_make(p->frame, p->frame_cap, p->frame_wire), p->frame_link, own);
	for (int i = 0; i < 2 && vlans.n < EVE_VLANS && own[i] <= LINK_VLAN_MAX && own[i] != 0;
		i++)
		vlans.id[vlans.n++] = own[i];
	return vlans;
}

/* Of a fragment, the first included, Suricata tells neither ports nor type, and of IPv6 no protocol but its own; of
 * what it puts together it does. */
static void note_fragment(struct suricata *s, const struct sent_vlans *vlans,
	const struct packet *p, const struct sent_flow *flow)
{
	struct packet bare = *p;

	bare.src_port = bare.dst_port = bare.icmp_id = 0;
	bare.icmp_type = bare.icmp_code = 0;
	if (p->ip_version == 6)
		bare.protocol = IPPROTO_FRAGMENT;
	bare.flags = 0;
	sent_flows_add(s->sent, s->packets + 1, vlans, &bare, flow);
}

/* Before it is sent: an alert may be there before we look again. */
static void note(struct suricata *s, const struct packet_record *record)
{
	struct packet p = {.data = record->frame,
		.cap = record->cap,
		.wire = record->wire,
		.link = record->link};
	const struct sent_flow flow = {.flow_id = record->flow_id,
		.time_ns = record->time_ns,
		.direction = record->direction,
		.is_tagged = record->has_vni};
	struct sent_vlans vlans;

	if (record->flow_id == 0 || decap_plain(&p) != REASON_inspected)
		return;
	vlans = vlans_of(s, record, &p);
	sent_flows_add(s->sent, s->packets + 1, &vlans, &p, &flow);
	if (p.flags & PACKET_FRAGMENT)
		note_fragment(s, &vlans, &p, &flow);
}

/* It is given up when it takes nothing for too long. */
static void wait_for_it(struct suricata *s)
{
	uint64_t now = now_monotonic(), written = feed_ledger(s->feed)->written;

	if (s->moved_ns == 0 || written != s->written) {
		s->moved_ns = now;
		s->written = written;
	}
	if (now - s->moved_ns > s->params.settings->detect.suricata.timeout &&
		!atomic_exchange(&s->hangs, true))
		spawner_end_program(s->params.spawner, true);
	feed_wait(s->feed, WAIT_MS);
}

void suricata_send(struct suricata *s, const struct packet_record *record)
{
	uint64_t left_out;

	if (s == NULL)
		return;
	left_out = feed_ledger(s->feed)->by_policy;
	note(s, record);
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
	s->ledger = *feed_ledger(s->feed);
	feed_close(s->feed);
	s->feed = NULL;
	thread_join(&s->thread);
}

bool suricata_is_whole(const struct suricata *s)
{
	return s == NULL ||
	       (!s->failed && s->ledger.lost_queue == 0 && s->ledger.lost_disk == 0);
}

struct suricata_stats suricata_stats(const struct suricata *s)
{
	if (s == NULL)
		return (struct suricata_stats){.offered = 0};
	return (struct suricata_stats){
		.offered = s->ledger.offered,
		.written = s->ledger.written,
		.by_policy = s->ledger.by_policy,
		.lost_ids = s->ledger.lost_queue + s->ledger.lost_disk,
		.alerts = s->alerts,
		.unreadable = s->unreadable,
		.flow_unknown = s->flow_unknown,
		.flows_forgotten = sent_flows_forgotten(s->sent),
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
	if (s->thread.started)
		spawner_end_program(s->params.spawner, true);
	suricata_end(s);
	feed_close(s->feed);
	point_tags_close(s->tags);
	sent_flows_destroy(s->sent);
	if (s->eve >= 0)
		close(s->eve);
	eve_alert_free(&s->alert);
	free(s);
}
