#include "dataplane/replay/distributor.h"

#include "dataplane/pipeline/lane.h"
#include "dataplane/pipeline/owner.h"
#include "dataplane/replay/lookahead.h"

#include <stdlib.h>

struct distributor {
	struct decap_params decap;
	struct decap_met met;
	const struct inner_filter *inner;
	const bool *recorded;
	uint32_t n_workers;
	struct session_table *sessions; /* empty: tells the tenant of a VNI */
	struct fragment_table *fragments;
	struct lookahead lookahead;
};

struct distributor *distributor_create(const struct settings *settings,
	const struct decap_params *decap, const struct inner_filter *inner,
	const bool *recorded, uint32_t n_workers)
{
	struct distributor *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->decap = *decap;
	d->inner = inner;
	d->recorded = recorded;
	d->n_workers = n_workers;
	d->sessions = lane_sessions(settings);
	d->fragments = lane_fragments(settings, 0);
	if (d->sessions && d->fragments) {
		lookahead_init(&d->lookahead, fragment_table_params(d->fragments));
		return d;
	}
	distributor_destroy(d);
	return NULL;
}

void distributor_destroy(struct distributor *distributor)
{
	if (!distributor)
		return;
	fragment_table_destroy(distributor->fragments);
	session_table_destroy(distributor->sessions);
	free(distributor);
}

/* It was decapsulated before it was written: its comment says which session it is of. */
static enum reason __attribute__((noinline))
take_recorded(struct distributor *d, struct block *block, uint32_t i)
{
	const struct input_place *place = &block->index->places[i];
	struct recorded *recorded = &block->index->recorded[i];
	struct packet *p = &block->packets[i];
	struct decap_params plain = d->decap;
	enum reason why;

	*recorded = recorded_read((const char *)p->data + place->comment, place->comment_len);
	plain.mode = DECAP_PLAIN;
	why = decap_packet(&plain, p, &d->met);
	if (recorded->has_vni) {
		p->flags |= PACKET_HAS_VNI;
		p->key = recorded->key;
	}
	return why;
}

/* Some captures are packet files of ours. */
static void __attribute__((noinline)) take_mixed(struct distributor *d, struct block *block)
{
	for (uint32_t i = 0; i < block->n_slots; i++)
		block->why[i] = d->recorded[block->index->captures[i]]
					? take_recorded(d, block, i)
					: decap_packet(&d->decap, &block->packets[i], &d->met);
}

void distributor_decap(struct distributor *distributor, struct block *block)
{
	struct distributor *d = distributor;

	if (d->recorded) {
		take_mixed(d, block);
		return;
	}
	for (uint32_t i = 0; i < block->n_slots; i++)
		block->why[i] = decap_packet(&d->decap, &block->packets[i], &d->met);
}

static void __attribute__((noinline)) learn_ports(struct distributor *d, struct packet *p)
{
	if (!fragment_table_packet(d->fragments, p) && !lookahead_packet(&d->lookahead, p))
		p->flags |= PACKET_NO_PORTS;
}

/* Later fragments have their ports by then, and go or stay as their first one does. */
static void __attribute__((noinline))
leave_out(struct distributor *d, struct block *block, uint32_t i)
{
	block->why[i] = inner_filter_judge(d->inner, &block->packets[i], block->why[i]);
}

/* The worker that owns the packet's flow; packets without one are dealt round. */
static uint32_t owner(struct distributor *d, struct block *block, uint32_t i)
{
	struct packet *p = &block->packets[i];

	if (block->why[i] == REASON_inspected && p->flags & PACKET_FRAGMENT)
		learn_ports(d, p);
	if (d->inner)
		leave_out(d, block, i);
	if (block->why[i] != REASON_inspected)
		return i % d->n_workers;
	if (d->n_workers == 1)
		return 0;
	p->tenant = p->flags & PACKET_HAS_VNI ? session_table_tenant_of(d->sessions, &p->key)
					      : (uint32_t)TENANT_PLAIN;
	return owner_of_flow(p, d->n_workers);
}

void distributor_deal(struct distributor *distributor, struct block *block)
{
	lookahead_block(&distributor->lookahead, block);
	for (uint32_t i = 0; i < block->n_slots; i++) {
		uint32_t w = owner(distributor, block, i);

		block_owned(block, w)[block->n_owned[w]++] = (uint16_t)i;
	}
}

uint64_t distributor_plain(const struct distributor *distributor)
{
	return distributor->met.plain;
}

uint64_t distributor_overflow(const struct distributor *distributor)
{
	return fragment_table_overwritten(distributor->fragments);
}
