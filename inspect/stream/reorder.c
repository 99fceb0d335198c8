#include "inspect/stream/reorder.h"

#include <netinet/in.h>
#include <string.h>

#include "decap/packet.h"

/* A piece is the first member: who is given a piece gives back the held packet. */
struct held {
	struct piece piece;
	struct held *next;
	uint8_t bytes[];
};

static uint32_t data_len(const struct piece *piece)
{
	return piece->wire > piece->payload ? piece->wire - piece->payload : 0;
}

static bool is_ahead(uint32_t number, uint32_t of)
{
	return number - of - 1 < REORDER_GAP_MAX;
}

static bool is_blank(const struct reorder *order)
{
	return !order->known[0] && !order->known[1];
}

/* Whether what is held begins where `piece` ends, or answers it. */
static bool leads(const struct reorder *order, const struct piece *piece)
{
	const struct piece *first = &order->first->piece;
	uint32_t end = piece->seq + data_len(piece);

	return end == (piece->from_hi == first->from_hi ? first->seq : first->ack);
}

bool reorder_is_early(const struct reorder *order, const struct piece *piece)
{
	bool side = piece->from_hi;

	if (piece->protocol != IPPROTO_TCP || !data_len(piece))
		return false;
	if (is_blank(order))
		return !(piece->tcp_flags & TCP_SYN) && order->count < REORDER_BLANK_MAX &&
		       !(order->first && leads(order, piece));
	if (order->known[side] && is_ahead(piece->seq, order->next[side]))
		return true;
	return piece->tcp_flags & TCP_ACK && order->known[!side] &&
	       is_ahead(piece->ack, order->next[!side]);
}

bool reorder_is_over(const struct reorder *order, const struct piece *piece)
{
	if (!order->first || !is_blank(order))
		return false;
	return !data_len(piece) || (order->count == REORDER_BLANK_MAX && !leads(order, piece));
}

bool reorder_is_late(const struct reorder *order, const struct piece *piece)
{
	bool side = piece->from_hi;

	if (piece->protocol != IPPROTO_TCP ||
		(piece->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return false;
	return order->known[side] && order->known[!side] &&
	       order->next[side] - piece->seq - 1 < REORDER_GAP_MAX;
}

void reorder_saw(struct reorder *order, const struct piece *piece)
{
	bool side = piece->from_hi, syn = piece->tcp_flags & TCP_SYN;
	uint32_t end = piece->seq + data_len(piece) + syn;

	if (piece->protocol != IPPROTO_TCP)
		return;
	/* An acknowledgment alone shows a gap, and does not close it. */
	if (!syn && order->known[side] &&
		(end - order->next[side] >= 1u << 31 ||
			(!data_len(piece) && is_ahead(piece->seq, order->next[side]))))
		return;
	order->next[side] = end + (piece->tcp_flags & TCP_FIN ? 1 : 0);
	order->known[side] = true;
}

bool reorder_hold(struct reorder *order, struct memory *memory, struct memory_list *list,
	const struct piece *piece)
{
	struct held *held, **last = &order->first;

	if (order->count == REORDER_HELD_MAX)
		return false;
	held = memory_alloc(memory, list, sizeof(*held) + piece->cap);
	if (!held)
		return false;
	held->piece = *piece;
	held->piece.ip = held->bytes;
	held->next = NULL;
	memcpy(held->bytes, piece->ip, piece->cap);
	while (*last)
		last = &(*last)->next;
	*last = held;
	order->count++;
	return true;
}

struct piece *reorder_next(struct reorder *order, bool any)
{
	for (struct held **at = &order->first; *at; at = &(*at)->next) {
		struct held *held = *at;

		if (!any && reorder_is_early(order, &held->piece))
			continue;
		*at = held->next;
		order->count--;
		return &held->piece;
	}
	return NULL;
}
