#include "dataplane/retrieval/time_order.h"

#include <stdlib.h>
#include <string.h>

struct held {
	struct packet packet;
	struct packet_record record;
	struct index_flow flow;
	uint8_t frame[];
};

struct place {
	uint64_t time_ns, number; /* the order in which they were put */
	struct held *held;
};

struct time_order {
	void *ctx;
	bool (*take)(void *ctx, const struct retrieved *packet);
	struct place heap[TIME_ORDER_PACKETS];
	uint32_t n;
	uint64_t bytes; /* of the frames that are held */
	uint64_t put, backwards;
	uint64_t newest_ns, given_ns;
	bool failed;
};

struct time_order *time_order_create(
	void *ctx, bool (*take)(void *ctx, const struct retrieved *packet))
{
	struct time_order *order = calloc(1, sizeof(*order));

	if (!order)
		return NULL;
	order->ctx = ctx;
	order->take = take;
	return order;
}

void time_order_destroy(struct time_order *order)
{
	if (!order)
		return;
	for (uint32_t i = 0; i < order->n; i++)
		free(order->heap[i].held);
	free(order);
}

/* ---- the heap ---- */

static bool is_before(const struct place *a, const struct place *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->number < b->number;
}

/* Its children are 2 * at + 1 and 2 * at + 2. */
static uint32_t parent_of(uint32_t at)
{
	return at == 0 ? 0 : (at - 1) / 2;
}

static void push(struct time_order *order, struct place place)
{
	uint32_t at = order->n++;

	while (at != 0 && is_before(&place, &order->heap[parent_of(at)])) {
		order->heap[at] = order->heap[parent_of(at)];
		at = parent_of(at);
	}
	order->heap[at] = place;
}

static struct held *pop(struct time_order *order)
{
	struct held *first = order->heap[0].held;
	struct place moving = order->heap[--order->n];
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < order->n) {
		if (child + 1 < order->n &&
			is_before(&order->heap[child + 1], &order->heap[child]))
			child++;
		if (!is_before(&order->heap[child], &moving))
			break;
		order->heap[at] = order->heap[child];
		at = child;
	}
	order->heap[at] = moving;
	return first;
}

/* ---- packets ---- */

static struct held *copy(const struct retrieved *r)
{
	struct held *held = malloc(sizeof(*held) + r->record->cap);
	struct packet *p;

	if (!held)
		return NULL;
	memcpy(held->frame, r->record->frame, r->record->cap);
	held->record = *r->record;
	held->record.frame = held->frame;
	held->flow = *r->flow;
	p = &held->packet;
	*p = *r->packet;
	p->frame = p->data = held->frame;
	p->cap = p->frame_cap;
	p->wire = p->frame_wire;
	if (p->ip)
		p->ip = held->frame + (r->packet->ip - r->packet->frame);
	return held;
}

/* Gives the oldest. */
static bool give(struct time_order *order)
{
	struct held *held = pop(order);
	const struct retrieved retrieved = {&held->packet, &held->record, &held->flow};
	uint64_t time_ns = held->record.time_ns;
	bool more;

	if (time_ns < order->given_ns)
		order->backwards++;
	else
		order->given_ns = time_ns;
	order->bytes -= held->record.cap;
	more = order->take(order->ctx, &retrieved);
	free(held);
	return more;
}

static bool is_due(const struct time_order *order)
{
	uint64_t oldest = order->heap[0].time_ns;

	return order->n == TIME_ORDER_PACKETS || order->bytes > TIME_ORDER_BYTES ||
	       oldest < order->given_ns ||
	       (order->newest_ns > oldest && order->newest_ns - oldest > TIME_ORDER_NS);
}

bool time_order_end(struct time_order *order)
{
	while (order->n > 0)
		if (!give(order))
			return false;
	return true;
}

/* Nothing that is held has to do with what comes. */
static bool step_back(struct time_order *order)
{
	if (!time_order_end(order))
		return false;
	order->newest_ns = order->given_ns = 0;
	order->backwards++;
	return true;
}

bool time_order_put(struct time_order *order, const struct retrieved *packet)
{
	struct held *held = copy(packet);
	uint64_t time_ns = packet->record->time_ns;

	order->failed = !held;
	if (!held)
		return false;
	if (time_ns + TIME_ORDER_NS < order->newest_ns && !step_back(order)) {
		free(held);
		return false;
	}
	if (time_ns > order->newest_ns)
		order->newest_ns = time_ns;
	order->bytes += held->record.cap;
	push(order, (struct place){time_ns, order->put++, held});
	while (order->n > 0 && is_due(order))
		if (!give(order))
			return false;
	return true;
}

uint64_t time_order_backwards(const struct time_order *order)
{
	return order->backwards;
}

bool time_order_failed(const struct time_order *order)
{
	return order->failed;
}
