#include "dataplane/replay/lookahead.h"

#include <string.h>

void lookahead_init(struct lookahead *lookahead, const struct fragment_params *params)
{
	memset(lookahead, 0, sizeof(*lookahead));
	lookahead->params = *params;
}

static struct fragment_first *first_at(struct lookahead *l, uint32_t position)
{
	return &l->firsts[position % LOOKAHEAD_PACKETS];
}

/* Keeps the packet in slot `i` if it is a first fragment that a worker would learn from. */
static void look_at(struct lookahead *l, const struct block *block, uint32_t i)
{
	const uint16_t odd = PACKET_LATER_FRAGMENT | PACKET_PORTS_CUT;
	struct fragment_key key;
	const struct packet *p = &block->packets[i];

	if (block->why[i] != REASON_inspected || !(p->flags & PACKET_FRAGMENT) ||
		p->flags & odd)
		return;
	fragment_key_make(&key, &l->params, p);
	fragment_first_make(first_at(l, l->end++), &key, p);
}

/* Looks at the packets from number `from` on, `end` not included. Blocks behind the one that `end`
 * is in or at are not asked for: the reader may be writing `next` there. */
static void look(struct lookahead *l, uint64_t from, uint64_t end)
{
	const struct block *b = l->block;

	for (;;) {
		uint64_t until = block_end(b) < end ? block_end(b) : end;

		if (from < b->first_number)
			from = b->first_number;
		for (; from < until; from++)
			look_at(l, b, (uint32_t)(from - b->first_number));
		if (block_end(b) >= end)
			return;
		b = b->next;
	}
}

bool lookahead_packet(struct lookahead *lookahead, struct packet *p)
{
	struct lookahead *l = lookahead;
	uint64_t end = p->number + 1 + LOOKAHEAD_PACKETS;
	struct fragment_key key;

	if (end > l->block->ahead_end)
		end = l->block->ahead_end;
	if (l->looked_end <= p->number)
		l->looked_end = p->number + 1;
	while (l->begin != l->end && first_at(l, l->begin)->number <= p->number)
		l->begin++;
	if (l->looked_end < end) {
		look(l, l->looked_end, end);
		l->looked_end = end;
	}
	fragment_key_make(&key, &l->params, p);
	for (uint32_t i = l->begin; i != l->end; i++) {
		const struct fragment_first *first = first_at(l, i);

		if (!fragment_first_fits(first, &l->params, &key, p->time_ns))
			continue;
		fragment_first_teach(first, p);
		if (!first->cut)
			p->flags |= PACKET_FIRST_AHEAD;
		return true;
	}
	return false;
}
