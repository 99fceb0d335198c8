#include "inspect/stream/reorder.h"

#include <netinet/in.h>
#include <string.h>

#include "decap/packet.h"

enum {
	ROOM_FIRST = 4,    /* slots of a side; doubled when full */
	BEHIND = 1u << 31, /* from here on a difference of sequence numbers is negative */
};

/* A piece is the first member: who is given a piece gives back the held packet. */
struct held {
	struct piece piece;
	uint8_t bytes[];
};

struct held_slot {
	uint32_t seq, arrival;
	struct held *held;
};

static uint32_t data_len(const struct piece *piece)
{
	return piece->wire > piece->payload ? piece->wire - piece->payload : 0;
}

static bool is_ahead(uint32_t number, uint32_t of)
{
	return number - of - 1 < REORDER_GAP_MAX;
}

static bool is_before(uint32_t number, uint32_t of)
{
	return number - of >= BEHIND;
}

static bool is_settled(const struct reorder *order)
{
	return (order->known[0] && order->known[1]) || order->is_shown;
}

/* Until both sides' beginnings are known, all waits but what shows one. */
static bool waits_for_beginning(const struct reorder *order, const struct piece *piece)
{
	if (piece->tcp_flags & TCP_RST)
		return false;
	return !(piece->tcp_flags & TCP_SYN) ||
	       (piece->tcp_flags & TCP_ACK && !order->known[!piece->from_hi]);
}

bool reorder_is_early(const struct reorder *order, const struct piece *piece)
{
	bool side = piece->from_hi;

	if (piece->protocol != IPPROTO_TCP)
		return false;
	if (!is_settled(order))
		return waits_for_beginning(order, piece);
	if (!data_len(piece))
		return false;
	if (order->known[side] && is_ahead(piece->seq, order->next[side]))
		return true;
	return piece->tcp_flags & TCP_ACK && order->known[!side] &&
	       is_ahead(piece->ack, order->next[!side]);
}

/* Whether `piece` begins where the last one of its side ended; without data, if it answers the other. */
static bool follows(const struct reorder *order, const struct piece *piece)
{
	bool side = piece->from_hi;

	if (!order->ended[side] || piece->seq != order->end[side])
		return false;
	return data_len(piece) || (order->ended[!side] && piece->ack == order->end[!side]);
}

bool reorder_shows(struct reorder *order, const struct piece *piece)
{
	bool side = piece->from_hi;

	if (piece->protocol != IPPROTO_TCP || is_settled(order))
		return false;
	if (!follows(order, piece))
		order->row = 0;
	else
		order->row++;
	order->end[side] = piece_data_seq(piece) + data_len(piece);
	order->ended[side] = true;
	order->is_shown = order->row == REORDER_ROW;
	return order->is_shown;
}

bool reorder_is_late(const struct reorder *order, const struct piece *piece)
{
	bool side = piece->from_hi;

	if (piece->protocol != IPPROTO_TCP ||
		(piece->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return false;
	return order->has_data && order->known[side] && order->known[!side] &&
	       order->next[side] - piece->seq - 1 < REORDER_GAP_MAX;
}

void reorder_saw(struct reorder *order, const struct piece *piece)
{
	bool side = piece->from_hi, syn = piece->tcp_flags & TCP_SYN;
	uint32_t len = data_len(piece), end = piece->seq + len + syn;

	if (piece->protocol != IPPROTO_TCP)
		return;
	/* An acknowledgment alone shows a gap, and does not close it; nor does it show a beginning. */
	if (!syn && !len && (!order->known[side] || is_ahead(piece->seq, order->next[side])))
		return;
	if (!syn && order->known[side] && is_before(end, order->next[side]))
		return;
	order->next[side] = end + (piece->tcp_flags & TCP_FIN ? 1 : 0);
	order->known[side] = true;
	order->has_data |= len != 0;
	/* A SYN-ACK tells where the other side begins. */
	if (syn && piece->tcp_flags & TCP_ACK && !order->known[!side]) {
		order->next[!side] = piece->ack;
		order->known[!side] = true;
	}
}

/* The bytes of data that arrived. */
static uint32_t arrived(const struct piece *piece)
{
	return piece->cap > piece->payload ? piece->cap - piece->payload : 0;
}

/* Where both have bytes, they are the same; `b` does not begin before `a`. */
static bool agree_behind(const struct piece *a, const struct piece *b)
{
	uint32_t n_a = arrived(a), n_b = arrived(b),
		 skip = piece_data_seq(b) - piece_data_seq(a), n;

	if (skip >= n_a)
		return true;
	n = n_a - skip < n_b ? n_a - skip : n_b;
	return !memcmp(a->ip + a->payload + skip, b->ip + b->payload, n);
}

/* Of two that are 2^31 apart each is before the other. */
static bool agree(const struct piece *a, const struct piece *b)
{
	return is_before(piece_data_seq(b), piece_data_seq(a)) ? agree_behind(b, a)
							       : agree_behind(a, b);
}

bool reorder_differs(const struct reorder *order, const struct piece *piece)
{
	const struct held_side *side = &order->held[piece->from_hi];
	uint32_t end = piece_data_seq(piece) + arrived(piece);

	for (unsigned i = 0; i < side->n && is_before(side->at[i].seq, end); i++)
		if (!agree(&side->at[i].held->piece, piece))
			return true;
	return false;
}

static bool side_grow(struct held_side *side, struct memory *memory, struct memory_list *list)
{
	unsigned room = side->room ? 2u * side->room : ROOM_FIRST;
	struct held_slot *at;

	if (side->n < side->room)
		return true;
	at = memory_alloc(memory, list, room * sizeof(*at));
	if (!at)
		return false;
	if (side->n)
		memcpy(at, side->at, side->n * sizeof(*at));
	memory_free(side->at);
	side->at = at;
	side->room = (uint8_t)room;
	return true;
}

/* Most come behind those that are there. */
static void side_put(struct held_side *side, const struct held_slot *slot)
{
	unsigned i = side->n++;

	for (; i && is_before(slot->seq, side->at[i - 1].seq); i--)
		side->at[i] = side->at[i - 1];
	side->at[i] = *slot;
}

static uint32_t size_of(const struct piece *piece)
{
	return (uint32_t)sizeof(struct held) + piece->cap;
}

bool reorder_hold(struct reorder *order, struct memory *memory, struct memory_list *list,
	const struct piece *piece, uint32_t most)
{
	struct held_side *side = &order->held[piece->from_hi];
	struct held_slot slot = {.seq = piece->seq, .arrival = order->arrivals};

	if (!most || order->held[0].n + order->held[1].n == REORDER_HELD_MAX ||
		(reorder_holds(order) && order->bytes + size_of(piece) > most) ||
		!side_grow(side, memory, list))
		return false;
	slot.held = memory_alloc(memory, list, size_of(piece));
	if (!slot.held)
		return false;
	slot.held->piece = *piece;
	slot.held->piece.ip = slot.held->bytes;
	memcpy(slot.held->bytes, piece->ip, piece->cap);
	side_put(side, &slot);
	order->bytes += size_of(piece);
	order->arrivals++;
	return true;
}

static struct piece *side_take(struct reorder *order, bool of)
{
	struct held_side *side = &order->held[of];
	struct piece *piece = &side->at[0].held->piece;

	side->n--;
	memmove(side->at, side->at + 1, side->n * sizeof(*side->at));
	order->bytes -= size_of(piece);
	return piece;
}

/* Which of the two sides' first packets goes first: that which the other acknowledges, or came first. Both
 * hold some. */
static bool first_side(const struct reorder *order)
{
	const struct held_slot *lo = order->held[0].at, *hi = order->held[1].at;
	bool lo_answers = is_before(hi->seq, lo->held->piece.ack);
	bool hi_answers = is_before(lo->seq, hi->held->piece.ack);

	if (lo_answers != hi_answers)
		return lo_answers;
	return is_before(hi->arrival, lo->arrival);
}

struct piece *reorder_next(struct reorder *order)
{
	bool ready[2], side;

	for (int i = 0; i < 2; i++)
		ready[i] = order->held[i].n &&
			   !reorder_is_early(order, &order->held[i].at[0].held->piece);
	if (!ready[0] && !ready[1])
		return NULL;
	side = ready[0] && ready[1] ? first_side(order) : ready[1];
	return side_take(order, side);
}

struct piece *reorder_give_up(struct reorder *order, bool *gap)
{
	bool side, both = order->held[0].n && order->held[1].n;
	struct piece *piece;

	if (!reorder_holds(order))
		return NULL;
	side = both ? first_side(order) : order->held[1].n != 0;
	piece = side_take(order, side);
	*gap = is_settled(order) && reorder_is_early(order, piece);
	if (piece->tcp_flags & TCP_ACK && order->known[!side] &&
		is_ahead(piece->ack, order->next[!side]))
		order->next[!side] = piece->ack;
	return piece;
}
