/* A closer look at a flow's packets: what TCP's sequence numbers tell, and the flow's history. */
#include <netinet/in.h>
#include <string.h>

#include "inspect/flow/table_inside.h"

/* What the history has letters for, of each side. */
struct marks {
	uint32_t gaps[2], again[2];
};

static struct marks marks_of(const struct flow_table *table, uint32_t slot)
{
	const struct disorder *disorder = capture_loss_disorder(&table->seen, slot);

	return (struct marks){{capture_loss_gaps(&table->seen, slot, 0),
				      capture_loss_gaps(&table->seen, slot, 1)},
		{disorder->data_again[0], disorder->data_again[1]}};
}

static void marks_tell(struct flow_table *table, uint32_t slot, const struct marks *before)
{
	struct marks now = marks_of(table, slot);

	for (unsigned side = 0; side < 2; side++) {
		if (now.again[side] != before->again[side])
			history_again(&table->history[slot], side, now.again[side]);
		if (now.gaps[side] != before->gaps[side])
			history_gap(&table->history[slot], side, now.gaps[side]);
	}
}

/* Whether the packet's last byte was not shown before. */
static bool is_new(const struct flow_table *table, const struct flow *flow,
	const struct packet *p, unsigned side)
{
	uint32_t end = p->tcp_seq + (p->ip_len - p->payload);

	return !capture_loss_knows(&table->seen, &flow->seen, side) ||
	       (int32_t)(end - flow->seen.next[side]) > 0;
}

static uint64_t round_trip_ns(const struct history *history)
{
	return history->handshake_us == HISTORY_UNKNOWN
		       ? 0
		       : history->handshake_us * UINT64_C(1000);
}

/* Counts bytes that TCP acknowledged and nobody saw, and tells the observer. */
static void miss(struct flow_table *table, const struct flow *flow, uint64_t bytes)
{
	table->stats.acked_unseen += bytes;
	if (table->observer.unseen)
		table->observer.unseen(table->observer.ctx, flow, bytes);
}

void look_tcp(struct flow_table *table, struct flow *flow, const struct packet *p)
{
	uint32_t slot = slot_of(table, flow);
	struct history *history = &table->history[slot];
	bool src_is_lo = p->row->src_is_lo;
	struct marks before = {{0}, {0}};
	uint64_t missed;

	if (flow->seen.state & LOSS_BLOCK)
		before = marks_of(table, slot);
	history_tcp(history, flow, p, src_is_lo, is_new(table, flow, p, !src_is_lo));
	missed = capture_loss_look(&table->seen, slot, p, src_is_lo, round_trip_ns(history));
	if (flow->seen.state & LOSS_BLOCK)
		marks_tell(table, slot, &before);
	if (missed)
		miss(table, flow, missed);
}

void look_end(struct flow_table *table, struct flow *flow)
{
	uint32_t slot = slot_of(table, flow);
	struct marks before;
	uint64_t missed;

	if (!(flow->seen.state & LOSS_BLOCK))
		return;
	before = marks_of(table, slot);
	missed = capture_loss_settle(&table->seen, slot);
	if (missed == 0)
		return;
	marks_tell(table, slot, &before);
	miss(table, flow, missed);
}

static void turn(uint32_t sides[2], const struct flow *flow)
{
	uint32_t lo = sides[0];

	if (flow->flags & FLOW_CLIENT_IS_LO)
		return;
	sides[0] = sides[1];
	sides[1] = lo;
}

struct flow_course flow_table_course(const struct flow_table *table, const struct flow *flow)
{
	uint32_t slot = slot_of(table, flow);
	const struct history *history = &table->history[slot];
	struct flow_course course = flow_course_unknown();

	if (flow->key.protocol != IPPROTO_TCP && flow->key.protocol != IPPROTO_UDP)
		return course;
	history_text(history, flow, course.history);
	course.syn_ack_us = history->syn_ack_us;
	course.handshake_us = history->handshake_us;
	course.response_us = history->response_us;
	if (flow->key.protocol == IPPROTO_TCP) {
		const struct disorder *disorder = capture_loss_disorder(&table->seen, slot);

		course.is_tcp = true;
		course.unseen = capture_loss_unseen(&table->seen, slot);
		memcpy(course.retransmitted, disorder->retransmitted,
			sizeof(course.retransmitted));
		memcpy(course.out_of_order, disorder->out_of_order,
			sizeof(course.out_of_order));
		turn(course.retransmitted, flow);
		turn(course.out_of_order, flow);
	}
	return course;
}
