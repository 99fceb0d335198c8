#include "inspect/flow/history.h"

#include <ctype.h>
#include <netinet/in.h>

#include "inspect/flow/capture_loss.h"

enum history_letter {
	LETTER_NONE,
	LETTER_SYN,
	LETTER_SYN_ACK,
	LETTER_ACK,
	LETTER_DATA,
	LETTER_FIN,
	LETTER_RST,
	LETTER_GAP,
	LETTER_AGAIN,
	LETTER_WINDOW,
	LETTER_FIN_RST,
	LETTER_MANY_FLAGS,
};

static const char letter_text[] = "?SHADFRGTWIQ";

enum history_state {
	FIRST_IS_LO = 1 << 0,
	CLIENT_IS_LO = 1 << 1, /* as the flow's flags said with the last packet */
	WAITS_SYN_ACK = 1 << 2,
	WAITS_ACK = 1 << 3,
	WAITS_RESPONSE = 1 << 4,
	HAS_SHAKEN = 1 << 5,    /* the handshake is over, or was not seen */
	HAS_REQUESTED = 1 << 6, /* the client has sent payload */
	SHAKES = WAITS_SYN_ACK | WAITS_ACK,
};

/* Of UDP: more packets than these are not waited through for the first payload. */
enum { UDP_WAIT_PACKETS = 32 };

static int32_t beyond(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* --- letters --- */

static unsigned letter_at(const struct history *h, unsigned i)
{
	return h->letters[i / HISTORY_PER_WORD] >> (i % HISTORY_PER_WORD * 5) & 31;
}

static unsigned letter_of(enum history_letter letter, unsigned side)
{
	return (unsigned)letter << 1 | side;
}

static void add(struct history *h, enum history_letter letter, unsigned side)
{
	uint64_t bits = letter_of(letter, side);

	if (h->n == HISTORY_LETTERS)
		return;
	h->letters[h->n / HISTORY_PER_WORD] |= bits << (h->n % HISTORY_PER_WORD * 5);
	h->n++;
}

static bool has(const struct history *h, enum history_letter letter, unsigned side)
{
	for (unsigned i = 0; i < h->n; i++)
		if (letter_at(h, i) == letter_of(letter, side))
			return true;
	return false;
}

static void add_once(struct history *h, enum history_letter letter, unsigned side)
{
	if (!has(h, letter, side))
		add(h, letter, side);
}

/* The first, the tenth, the hundredth, ... */
static void add_scaled(struct history *h, enum history_letter letter, unsigned side, uint32_t n)
{
	while (n >= 10 && n % 10 == 0)
		n /= 10;
	if (n == 1)
		add(h, letter, side);
}

/* The side's latest S, H or R; LETTER_NONE: it has none. */
static enum history_letter latest(const struct history *h, unsigned side)
{
	for (unsigned i = h->n; i-- > 0;) {
		unsigned letter = letter_at(h, i);

		if ((letter & 1) == side &&
			(letter >> 1 == LETTER_SYN || letter >> 1 == LETTER_SYN_ACK ||
				letter >> 1 == LETTER_RST))
			return (enum history_letter)(letter >> 1);
	}
	return LETTER_NONE;
}

/* S, H, R: once more when it is about another sequence number. */
static void add_control(
	struct history *h, enum history_letter letter, unsigned side, uint32_t seq)
{
	if (latest(h, side) != letter || h->syn_seq[side] != seq)
		add(h, letter, side);
	h->syn_seq[side] = seq;
}

static void add_fin(struct history *h, unsigned side, uint32_t end)
{
	if (!has(h, LETTER_FIN, side) || h->fin_end[side] != end)
		add(h, LETTER_FIN, side);
	h->fin_end[side] = end;
}

/* As Zeek has it, flags go before payload. */
static void add_letters(struct history *h, const struct packet *p, unsigned side, uint32_t len)
{
	switch (p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) {
	case TCP_SYN:
		add_control(h, p->tcp_flags & TCP_ACK ? LETTER_SYN_ACK : LETTER_SYN, side,
			p->tcp_seq);
		break;
	case TCP_FIN:
		add_fin(h, side, p->tcp_seq + len);
		break;
	case TCP_RST:
		add_control(h, LETTER_RST, side, p->tcp_seq);
		break;
	case TCP_FIN | TCP_RST:
	case TCP_FIN | TCP_RST | TCP_SYN:
		add_once(h, LETTER_FIN_RST, side);
		break;
	case TCP_SYN | TCP_FIN:
	case TCP_SYN | TCP_RST:
		add_once(h, LETTER_MANY_FLAGS, side);
		break;
	default:
		if (len > 0)
			add_once(h, LETTER_DATA, side);
		else if (p->tcp_flags & TCP_ACK)
			add_once(h, LETTER_ACK, side);
	}
}

/* Nobody minds the window of a RST, or when nothing more can come from the other side. */
static void add_window(struct history *h, const struct packet *p, unsigned side)
{
	if (p->tcp_window != 0 || p->tcp_flags & TCP_RST || has(h, LETTER_FIN, !side) ||
		has(h, LETTER_RST, side))
		return;
	if (h->zero_windows[side] < UINT16_MAX)
		add_scaled(h, LETTER_WINDOW, side, ++h->zero_windows[side]);
}

/* --- times --- */

static uint32_t us_since(uint64_t from_ns, uint64_t now_ns)
{
	uint64_t us = (now_ns - from_ns) / 1000;

	return now_ns < from_ns || us >= HISTORY_UNKNOWN ? HISTORY_UNKNOWN : (uint32_t)us;
}

static void shake(struct history *h, unsigned add, unsigned remove)
{
	h->state = (uint8_t)((h->state & ~remove) | add);
}

static void handshake_over(struct history *h)
{
	shake(h, HAS_SHAKEN, SHAKES);
}

/* What the client sends in the handshake. */
static void shake_client(struct history *h, const struct packet *p, unsigned side)
{
	bool syn = p->tcp_flags & TCP_SYN;
	int32_t ahead = beyond(p->tcp_ack, h->syn_seq[!side] + 1);

	if (syn && !(p->tcp_flags & TCP_ACK)) {
		/* Sent again it is the same handshake; add_control() comes after this. */
		if (h->state & SHAKES && h->syn_seq[side] == p->tcp_seq)
			return;
		h->mark_ns = p->time_ns;
		h->syn_ack_us = HISTORY_UNKNOWN;
		shake(h, WAITS_SYN_ACK, SHAKES);
		return;
	}
	if (!(h->state & WAITS_ACK) || syn || p->tcp_flags & TCP_RST) {
		handshake_over(h);
		return;
	}
	if (!(p->tcp_flags & TCP_ACK) || ahead < 0)
		return;
	if (ahead == 0)
		h->handshake_us = us_since(h->mark_ns, p->time_ns);
	handshake_over(h);
}

/* What the server sends in it: the SYN-ACK for the client's SYN, which may have had data. */
static void shake_server(
	struct history *h, const struct flow *flow, const struct packet *p, unsigned side)
{
	bool acks = p->tcp_ack == h->syn_seq[!side] + 1 || p->tcp_ack == flow->seen.next[!side];

	if ((p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) != (TCP_SYN | TCP_ACK)) {
		if (p->tcp_flags & TCP_RST)
			handshake_over(h);
		return;
	}
	if (!(h->state & WAITS_SYN_ACK) || !acks)
		return;
	h->syn_ack_us = us_since(h->mark_ns, p->time_ns);
	shake(h, WAITS_ACK, WAITS_SYN_ACK);
}

/* Payload of either. */
static void exchange(struct history *h, const struct packet *p, bool from_client)
{
	if (from_client && !(h->state & HAS_REQUESTED)) {
		h->mark_ns = p->time_ns;
		shake(h, HAS_REQUESTED | WAITS_RESPONSE, 0);
	} else if (!from_client && h->state & WAITS_RESPONSE) {
		h->response_us = us_since(h->mark_ns, p->time_ns);
		shake(h, 0, WAITS_RESPONSE);
	}
}

/* Times are told of client and server: where they change places, none is known. */
static void orient(struct history *h, struct flow *flow)
{
	const uint32_t told = 3 * LOSS_TOLD_ACK | 3 * LOSS_TOLD_DATA;
	bool is_lo = flow->flags & FLOW_CLIENT_IS_LO;

	if (is_lo == (bool)(h->state & CLIENT_IS_LO))
		return;
	h->syn_ack_us = h->handshake_us = h->response_us = HISTORY_UNKNOWN;
	h->state = (uint8_t)((h->state & FIRST_IS_LO) | (is_lo ? CLIENT_IS_LO : 0));
	if (flow->key.protocol == IPPROTO_TCP)
		flow->seen.state &= ~told;
}

void history_begin(struct history *history, bool src_is_lo)
{
	*history = (struct history){
		.syn_ack_us = HISTORY_UNKNOWN,
		.handshake_us = HISTORY_UNKNOWN,
		.response_us = HISTORY_UNKNOWN,
		.state = src_is_lo ? FIRST_IS_LO : 0,
	};
}

/* --- packets --- */

/* What a packet in order could tell no more. */
static void tell(const struct history *h, struct flow *flow, unsigned side, unsigned client,
	const struct packet *p, uint32_t len)
{
	uint32_t *state = &flow->seen.state;

	if (!(p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		*state |= (uint32_t)(len > 0 ? LOSS_TOLD_DATA : LOSS_TOLD_ACK) << side;
	if (h->state & WAITS_ACK)
		*state &= ~((uint32_t)(LOSS_TOLD_DATA | LOSS_TOLD_ACK) << client);
	if (h->state & WAITS_RESPONSE)
		*state &= ~((uint32_t)LOSS_TOLD_DATA << !client);
}

/* The header is a lie, belongs to another fragment, or was cut before its window. */
static bool is_blind(const struct packet *p)
{
	const uint16_t odd = PACKET_L4_ODD | PACKET_PORTS_CUT | PACKET_LATER_FRAGMENT;

	return p->flags & odd || p->ip_cap < p->l4 + 16u;
}

void history_tcp(struct history *history, struct flow *flow, const struct packet *p,
	bool src_is_lo, bool is_new)
{
	unsigned side = !src_is_lo, client = !(flow->flags & FLOW_CLIENT_IS_LO);
	uint32_t len = p->ip_len - p->payload;

	orient(history, flow);
	if (is_blind(p))
		return;
	if (!(history->state & HAS_SHAKEN)) {
		if (side == client)
			shake_client(history, p, side);
		else
			shake_server(history, flow, p, side);
	}
	/* Of the server what is sent again, and may have been said before the client spoke, is no answer. */
	if (len > 0 && (side == client || is_new) && !(p->tcp_flags & TCP_RST)) {
		/* The one mark is needed for this now. */
		if (side == client && !(p->tcp_flags & TCP_SYN))
			handshake_over(history);
		exchange(history, p, side == client);
	}
	add_letters(history, p, side, len);
	add_window(history, p, side);
	tell(history, flow, side, client, p, len);
}

void history_again(struct history *history, unsigned side, uint32_t n)
{
	add_scaled(history, LETTER_AGAIN, side, n);
}

void history_gap(struct history *history, unsigned side, uint32_t n)
{
	add_scaled(history, LETTER_GAP, side, n);
}

/* First payload or first answer may still come in a packet that is not its side's first. */
static void udp_wait(struct history *h, struct flow *flow)
{
	uint64_t sent[2] = {flow->side[0].packets, flow->side[1].packets};
	bool waits = h->state & WAITS_RESPONSE ? sent[1] > 0
					       : !(h->state & HAS_REQUESTED) && sent[0] > 0;

	if (!waits)
		return;
	if (sent[0] + sent[1] < UDP_WAIT_PACKETS)
		flow->calm_s = 0;
	else
		shake(h, HAS_REQUESTED, WAITS_RESPONSE);
}

void history_udp(
	struct history *history, struct flow *flow, const struct packet *p, bool src_is_lo)
{
	bool from_client = src_is_lo == (bool)(flow->flags & FLOW_CLIENT_IS_LO);

	orient(history, flow);
	add_once(history, LETTER_DATA, !src_is_lo);
	if (p->ip_len > p->payload && !(p->flags & PACKET_L4_ODD))
		exchange(history, p, from_client);
	udp_wait(history, flow);
}

void history_text(
	const struct history *history, const struct flow *flow, char text[HISTORY_TEXT])
{
	bool client_is_lo = flow->flags & FLOW_CLIENT_IS_LO;

	if (history->n > 0 && client_is_lo != (bool)(history->state & FIRST_IS_LO))
		*text++ = '^';
	for (unsigned i = 0; i < history->n; i++) {
		unsigned letter = letter_at(history, i);
		bool is_client = (letter & 1) != client_is_lo;

		*text++ = is_client ? letter_text[letter >> 1]
				    : (char)tolower(letter_text[letter >> 1]);
	}
	*text = '\0';
}
