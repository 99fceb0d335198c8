/* What goes to Suricata, and what is noted of it. */
#include <netinet/in.h>

#include "config/log/now.h"
#include "dataplane/output/suricata_inside.h"
#include "decap/decap.h"
#include "decap/link.h"

bool suricata_open(struct suricata *s, struct error *error)
{
	const struct feed_params feed = {&s->feed_settings, !s->params.is_live, true};

	if (s->sent != NULL)
		s->forgotten_before += sent_flows_forgotten(s->sent);
	sent_flows_destroy(s->sent);
	s->sent = sent_flows_create(SENT_FLOWS);
	if (s->sent == NULL) {
		error_set(error, "detect.suricata: no memory");
		return false;
	}
	s->packets = s->moved_ns = s->written = 0;
	s->feed = feed_open(&feed, error);
	if (s->feed != NULL)
		feed_set_tags(s->feed, s->tags);
	return s->feed != NULL;
}

void suricata_close(struct suricata *s)
{
	const struct output_ledger *l;

	if (s->feed == NULL)
		return;
	feed_end(s->feed);
	l = feed_ledger(s->feed);
	s->ledger.offered += l->offered;
	s->ledger.written += l->written;
	s->ledger.by_policy += l->by_policy;
	s->ledger.lost_queue += l->lost_queue;
	s->ledger.lost_disk += l->lost_disk;
	feed_close(s->feed);
	s->feed = NULL;
}

/* The VLAN ids that Suricata will see. */
static struct sent_vlans vlans_of(
	struct suricata *s, const struct packet_record *record, const struct packet *p)
{
	struct sent_vlans vlans = {.n = 0};
	uint16_t own[2] = {0, 0};

	if (record->has_vni) {
		struct point_tag tag = point_tags_of(s->tags, &record->key);

		s->shared_tags += point_tag_is_shared(tag);
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

void suricata_note(struct suricata *s, const struct packet_record *record)
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

void suricata_kill(struct suricata *s, enum suricata_patience why)
{
	int fine = SURICATA_IS_FINE;

	if (atomic_compare_exchange_strong(&s->killed_for, &fine, why))
		spawner_end_program(s->params.spawner, true);
}

void suricata_watch(struct suricata *s)
{
	uint64_t now = now_monotonic(), written = feed_ledger(s->feed)->written;

	if (s->moved_ns == 0 || written != s->written) {
		s->moved_ns = now;
		s->written = written;
	}
	if (now - s->moved_ns > s->params.settings->detect.suricata.timeout)
		suricata_kill(s, SURICATA_TAKES_NOTHING);
}
