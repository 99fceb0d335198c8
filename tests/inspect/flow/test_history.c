/* History, times, and what came again or late: rows that one can follow by hand, through the flow table,
 * and random conversations held against a naive twin that has every byte and a string. */
#include <CUnit/Basic.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/flow/table.h"
#include "support/random.h"

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { TCP = 6, UDP = 17 };

/* So that every row wraps. `a` is the key's `hi`. */
static const uint32_t isn[2] = {0xfffffff0, 0x7fffffff};

struct rig {
	struct flow_table *table;
	struct flow_course course; /* of the flow that ended last */
	unsigned ended;
	uint8_t protocol;
	uint16_t server_port;
	uint64_t ms;
};

static void ended(void *ctx, struct flow *flow, enum flow_end end)
{
	struct rig *rig = ctx;

	rig->course = flow_table_course(rig->table, flow);
	rig->ended += end != FLOW_END_ACTIVE;
}

static void rig_open(struct rig *rig, uint8_t protocol, uint16_t server_port, uint32_t window_s)
{
	const struct flow_params params = {.capacity = 4, .window_s = window_s};
	const struct flow_observer observer = {.ctx = rig, .ended = ended};

	*rig = (struct rig){.protocol = protocol, .server_port = server_port, .ms = 1000000};
	rig->table = flow_table_create(&params, &observer);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig->table);
}

static void rig_end(struct rig *rig)
{
	rig->ended = 0;
	flow_table_end_all(rig->table, rig->ms * 1000000, FLOW_END_OF_INPUT);
	CU_ASSERT_EQUAL(rig->ended, 1);
}

static void put(struct rig *rig, struct packet *p, unsigned side)
{
	struct ip_addr a = ip_addr_v4((const uint8_t[]){10, 0, 0, 2});
	struct ip_addr b = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});

	p->protocol = rig->protocol;
	p->ip_version = 4;
	p->src = side ? b : a;
	p->dst = side ? a : b;
	p->src_port = side ? rig->server_port : 40000;
	p->dst_port = side ? 40000 : rig->server_port;
	p->time_ns = rig->ms * 1000000;
	p->l4 = 20;
	flow_table_prefetch(rig->table, p, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(flow_table_packet(rig->table, p, p->time_ns));
}

static struct packet segment(
	unsigned side, uint32_t seq, uint32_t len, uint32_t ack, uint8_t flags)
{
	return (struct packet){
		.ip_len = 40 + len,
		.ip_cap = 40,
		.payload = 40,
		.tcp_seq = isn[side] + seq,
		.tcp_ack = flags & ACK ? isn[!side] + ack : 0,
		.tcp_flags = flags,
		.tcp_window = 1000,
	};
}

/* A script: packets apart by spaces, each `a` or `b` (who sends), then in any order
 *     S F R        flags; ACK is set unless N stands there
 *     sN lN kN     relative sequence number, payload, acknowledgment
 *     Z            a window of 0
 *     O C P        a header that lies, a header cut before its window, a later fragment
 * and `+N` lets N ms pass, `*N` says the next packet N times. */
static const char *play_packet(struct rig *rig, const char *at, unsigned times)
{
	uint32_t seq = 0, len = 0, ack = 0;
	unsigned side = *at++ == 'b';
	uint16_t odd = 0, window = 1000, cap = 40;
	uint8_t flags = ACK;

	while (*at && *at != ' ') {
		char what = *at++;
		char *end;

		flags |= what == 'S' ? SYN : what == 'F' ? FIN : what == 'R' ? RST : 0;
		if (what == 'N')
			flags &= (uint8_t)~ACK;
		if (what == 'Z')
			window = 0;
		if (what == 'C')
			cap = 35;
		odd |= what == 'O'   ? PACKET_L4_ODD
		       : what == 'P' ? PACKET_FRAGMENT | PACKET_LATER_FRAGMENT
				     : 0;
		if (!strchr("slk", what))
			continue;
		*(what == 's'         ? &seq
			: what == 'l' ? &len
				      : &ack) = (uint32_t)strtoul(at, &end, 10);
		at = end;
	}
	for (; times > 0; times--) {
		struct packet p = segment(side, seq, len, ack, flags);

		p.flags = odd;
		p.tcp_window = window;
		p.ip_cap = cap;
		put(rig, &p, side);
	}
	return at;
}

static void play(struct rig *rig, const char *at)
{
	unsigned times = 1;
	char *end;

	while (*at) {
		if (*at == '+') {
			rig->ms += strtoul(at + 1, &end, 10);
			at = end;
		} else if (*at == '*') {
			times = (unsigned)strtoul(at + 1, &end, 10);
			at = end;
		} else {
			at = play_packet(rig, at, times);
			times = 1;
		}
		at += *at == ' ';
	}
}

#define NO HISTORY_UNKNOWN
#define OPEN "aSNs0 +7 bSs0k1 +5 as1k1 "

struct row {
	const char *what, *script, *history;
	uint32_t syn_ack_ms, handshake_ms, response_ms;
	uint32_t again[2], late[2];
	uint8_t protocol;
	uint16_t server_port; /* 0: 8080 */
};

static const struct row rows[] = {
	{"Zeek's most usual one",
		OPEN "as1l9k1 +3 bs1k10 +4 bs1l9k10 as10k10 aFs10k10 bFs10k11", "ShADadFf", 7,
		12, 7, {0}, {0}, TCP, 0},
	{"the answer is the ACK, too", OPEN "as1l9k1 +4 bs1l9k10 as10k10 aFs10k10 bFs10k11",
		"ShADdFf", 7, 12, 4, {0}, {0}, TCP, 0},
	{"a scan, refused", "aSNs0 +1 bRs0k1", "Sr", NO, NO, NO, {0}, {0}, TCP, 0},
	{"a scan, answered and reset", "aSNs0 +2 bSs0k1 +2 aRNs1", "ShR", 2, NO, NO, {0}, {0},
		TCP, 0},
	{"a scan, not answered", "aSNs0", "S", NO, NO, NO, {0}, {0}, TCP, 0},
	{"the same SYN again: no letter", "aSNs0 +1000 aSNs0 +2000 aSNs0", "S", NO, NO, NO,
		{2, 0}, {0}, TCP, 0},
	{"from the first SYN on", "aSNs0 +1000 aSNs0 +7 bSs0k1 +5 as1k1", "ShA", 1007, 1012, NO,
		{1, 0}, {0}, TCP, 0},
	{"another SYN", "aSNs0 +9 aSNs900000 +2 bSs0k900001 +1 as900001k1", "SShA", 2, 3, NO,
		{0}, {0}, TCP, 0},
	{"the SYN-ACK again", "aSNs0 +7 bSs0k1 +1000 bSs0k1 +5 as1k1", "ShA", 7, 1012, NO,
		{0, 1}, {0}, TCP, 0},
	{"a SYN-ACK of something else", "aSNs0 +7 bSs0k77", "ShG", NO, NO, NO, {0}, {0}, TCP,
		0},
	{"the ACK was not seen", "aSNs0 +7 bSs0k1 bs1l9k1 as1l9k10", "ShdD", 7, NO, NO, {0},
		{0}, TCP, 0},
	{"the ACK has data", "aSNs0 +7 bSs0k1 +5 as1l9k1 +3 bs1l9k10", "ShDd", 7, 12, 3, {0},
		{0}, TCP, 0},
	{"the SYN has data", "aSNs0l9 +7 bSs0k10 +5 as10k1 bs1l9k10", "ShAd", 7, 12, 12, {0},
		{0}, TCP, 0},
	{"the SYN-ACK first", "bSs0k1 as1k1 as1l9k1 +2 bs1l9k10", "^hADd", NO, NO, 2, {0}, {0},
		TCP, 0},
	{"a simultaneous open", "aSNs0 bSNs0 +3 aSs0k1 bSs0k1 as1k1", "SsHhA", NO, NO, NO,
		{1, 1}, {0}, TCP, 0},
	{"in the middle", "as100l9k50 +3 bs50l9k109 as109k59", "DdA", NO, NO, 3, {0}, {0}, TCP,
		0},
	{"in the middle, the server first", "bs50l9k100 as100l9k59 +8 bs59l9k109", "^dD", NO,
		NO, 8, {0}, {0}, TCP, 80},
	{"the server speaks first", OPEN "bs1l9k1 as1k10 +50 as1l9k10 +6 bs10k10 +1 bs10l9k10",
		"ShAdDa", 7, 12, 7, {0}, {0}, TCP, 0},
	{"its first words again are no answer",
		OPEN "bs1l9k1 as1l9k10 +2 bs1l9k10 +1 bs10l9k10", "ShAdDt", 7, 12, 3, {0, 1},
		{0}, TCP, 0},
	{"no answer but ACKs", OPEN "as1l9k1 +3 bs1k10", "ShADa", 7, 12, NO, {0}, {0}, TCP, 0},
	{"an answer with the FIN", OPEN "as1l9k1 +3 bFs1l9k10", "ShADf", 7, 12, 3, {0}, {0},
		TCP, 0},
	{"a reset with words is no answer", OPEN "as1l9k1 +3 bRs1l9k10", "ShADr", 7, 12, NO,
		{0}, {0}, TCP, 0},
	{"resets: once more with another number", OPEN "aRs1k1 aRs1k1 aRs9k1 bRs1k1", "ShARRr",
		7, 12, NO, {0}, {0}, TCP, 0},
	{"FINs: by their end", OPEN "aFs1k1 aFs1k1 aFs1l5k1", "ShAFFT", 7, 12, NO, {2, 0}, {0},
		TCP, 0},
	{"flags that exclude each other", OPEN "aSFs1k1 aSRs1k1 bFRs1k1 bSFRs1k1 bSFs1k1",
		"ShAQiq", 7, 12, NO, {0}, {0}, TCP, 0},
	{"sent again", OPEN "as1l9k1 +500 as1l9k1 bs1k10", "ShADTa", 7, 12, NO, {1, 0}, {0},
		TCP, 0},
	{"on a scale of tens", OPEN "as1l9k1 *9 as1l9k1", "ShADT", 7, 12, NO, {9, 0}, {0}, TCP,
		0},
	{"the tenth", OPEN "as1l9k1 *10 as1l9k1", "ShADTT", 7, 12, NO, {10, 0}, {0}, TCP, 0},
	{"the hundredth", OPEN "as1l9k1 *199 as1l9k1", "ShADTTT", 7, 12, NO, {199, 0}, {0}, TCP,
		0},
	{"with bytes that are new", OPEN "as1l9k1 as1l20k1", "ShADT", 7, 12, NO, {1, 0}, {0},
		TCP, 0},
	{"overtaken, within the round trip", OPEN "as11l10k1 +11 as1l10k1", "ShAD", 7, 12, NO,
		{0}, {1, 0}, TCP, 0},
	{"after it: lost before the mirror", OPEN "as11l10k1 +12 as1l10k1", "ShADT", 7, 12, NO,
		{1, 0}, {0}, TCP, 0},
	{"within 3 ms, without a handshake", "as1l9k1 as21l10k1 +2 as10l11k1", "D", NO, NO, NO,
		{0}, {1, 0}, TCP, 0},
	{"and after them", "as1l9k1 as21l10k1 +3 as10l11k1", "DT", NO, NO, NO, {1, 0}, {0}, TCP,
		0},
	{"each hole has its time", OPEN "as11l10k1 +10 as31l10k1 +5 as21l10k1 as1l10k1",
		"ShADT", 7, 12, NO, {1, 0}, {1, 0}, TCP, 0},
	{"a hole in parts", OPEN "as31l10k1 as11l10k1 as1l10k1 as21l10k1 as21l10k1", "ShADT", 7,
		12, NO, {1, 0}, {3, 0}, TCP, 0},
	{"over three holes at once", OPEN "as11l10k1 as31l10k1 as51l10k1 as1l60k1 as1l60k1",
		"ShADT", 7, 12, NO, {1, 0}, {1, 0}, TCP, 0},
	{"a fourth hole: the oldest is forgotten",
		OPEN "as11l10k1 as31l10k1 as51l10k1 as71l10k1 as1l10k1 as21l10k1", "ShADT", 7,
		12, NO, {1, 0}, {1, 0}, TCP, 0},
	{"an ACK overtakes", OPEN "as21k1 as1l10k1 as11l10k1", "ShAD", 7, 12, NO, {0}, {2, 0},
		TCP, 0},
	{"keep-alives", OPEN "as1l9k1 +9 bs1k10 as9k1 as9l1k1 bs1k10", "ShADa", 7, 12, NO, {0},
		{0}, TCP, 0},
	{"a byte that is no keep-alive", OPEN "as2k1 as1l1k1 as1l1k1 as2l9k1 as1l1k1", "ShADT",
		7, 12, NO, {1, 0}, {1, 0}, TCP, 0},
	{"a FIN again", OPEN "aFs1k1 +300 aFs1k1", "ShAF", 7, 12, NO, {1, 0}, {0}, TCP, 0},
	{"missed by the mirror", OPEN "as1l9k1 as21l9k1 bs1k30", "ShADaG", 7, 12, NO, {0}, {0},
		TCP, 0},
	{"missed, and seen a second later",
		OPEN "as1l9k1 as21l9k1 bs1k30 +1100 bs1k30 +1100 bs1k30 aFs30k1", "ShADaGF", 7,
		12, NO, {0}, {0}, TCP, 0},
	{"windows of 0", OPEN "as1l9k1 bZs1k10 *8 bZs1k10", "ShADaw", 7, 12, NO, {0}, {0}, TCP,
		0},
	{"ten of them", OPEN "as1l9k1 bs1k10 *10 bZs1k10", "ShADaww", 7, 12, NO, {0}, {0}, TCP,
		0},
	{"not after the other's FIN, not of a reset", OPEN "aFs1k1 bZs1k2 aRNZs2", "ShAFaR", 7,
		12, NO, {0}, {0}, TCP, 0},
	{"what is not known", "aOs1l9k1 aCs1l9k1 aPs1l9k1", "", NO, NO, NO, {0}, {0}, TCP, 0},
	{"no more than 24",
		OPEN "*11 aRs1k1 bRs1k1 aSs1k1 aRs2k1 aSs3k1 aRs4k1 aSs5k1 aRs6k1 "
		     "aSs7k1 aRs8k1 aSs9k1 aRs8k1 aSs7k1 aRs6k1 aSs5k1 aRs4k1 aSs3k1 "
		     "aRs2k1 aSs1k1 aRs1k1 aSs1k1 aRs1k1 aSs1k1 aRs1k1",
		"ShARrHRHRHRHRHRHRHRHRHRH", 7, 12, NO, {6, 0}, {0}, TCP, 0},
	{"UDP", "al9 +6 bl9 +1 al9 bl9", "Dd", NO, NO, 6, {0}, {0}, UDP, 0},
	{"UDP, one side", "al9 +6 al9", "D", NO, NO, NO, {0}, {0}, UDP, 0},
	{"UDP, the server first", "bl9 +6 al9 al9 +2 bl9 +2 bl9", "^dD", NO, NO, 2, {0}, {0},
		UDP, 53},
	{"UDP, empty at first", "al0 +6 al9 +2 bl0 +2 bl9", "Dd", NO, NO, 4, {0}, {0}, UDP, 0},
	{"UDP, empty for long", "*40 al0 +6 al9 +2 bl9", "Dd", NO, NO, NO, {0}, {0}, UDP, 0},
	{"others have none", "al9 bl9", "", NO, NO, NO, {0}, {0}, 132, 0},
};

static uint32_t us(uint32_t ms)
{
	return ms == NO ? NO : ms * 1000;
}

static bool is_as(const struct flow_course *c, const struct row *row)
{
	return strcmp(c->history, row->history) == 0 && c->syn_ack_us == us(row->syn_ack_ms) &&
	       c->handshake_us == us(row->handshake_ms) &&
	       c->response_us == us(row->response_ms) &&
	       memcmp(c->retransmitted, row->again, sizeof(row->again)) == 0 &&
	       memcmp(c->out_of_order, row->late, sizeof(row->late)) == 0 &&
	       c->is_tcp == (row->protocol == TCP);
}

static void rows_hold(void)
{
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i / 2];
		const struct flow_course *c;
		struct rig rig;

		rig_open(&rig, row->protocol, row->server_port ? row->server_port : 8080,
			i % 2 * 60);
		play(&rig, row->script);
		rig_end(&rig);
		c = &rig.course;
		if (!is_as(c, row))
			fprintf(stderr, "\n%s: %s %d %d %d again %u %u late %u %u", row->what,
				c->history, (int)c->syn_ack_us, (int)c->handshake_us,
				(int)c->response_us, c->retransmitted[0], c->retransmitted[1],
				c->out_of_order[0], c->out_of_order[1]);
		CU_ASSERT_TRUE(is_as(c, row));
		flow_table_destroy(rig.table);
	}
}

/* --- the twin --- */

enum { STREAM = 4096, PIECES = 64, HOLES = 3 };

struct piece {
	unsigned side;
	uint32_t seq, len, ack;
	uint8_t flags;
	uint16_t window;
};

struct twin {
	bool started[2], have[2][STREAM];
	uint64_t found[2][STREAM];
	uint32_t next[2], again[2], data_again[2], late[2], windows[2];
	char letters[128];
	bool too_many, has_asked, has_answered;
	uint64_t syn, asked;
	uint32_t handshake_ms, response_ms;
};

static void letter(struct twin *t, char what, unsigned side)
{
	char text[2] = {side ? (char)tolower(what) : what, '\0'};

	strcat(t->letters, text);
}

static void letter_once(struct twin *t, char what, unsigned side)
{
	if (!strchr(t->letters, side ? tolower(what) : what))
		letter(t, what, side);
}

static void letter_scaled(struct twin *t, char what, unsigned side, uint32_t n)
{
	if (n == 1 || n == 10 || n == 100)
		letter(t, what, side);
}

static unsigned holes(const struct twin *t, unsigned side)
{
	unsigned n = 0;
	uint64_t last = 0;

	for (uint32_t at = 0; at < t->next[side]; at++) {
		uint64_t found = t->have[side][at] ? 0 : t->found[side][at];

		n += found != 0 && found != last;
		last = found;
	}
	return n;
}

/* A packet from below what was shown. */
static void twin_late(
	struct twin *t, const struct piece *p, uint32_t end, bool is_alive, uint64_t ms)
{
	uint32_t shown = end < t->next[p->side] ? end : t->next[p->side];
	uint64_t found = 0, within = t->handshake_ms ? t->handshake_ms : 3;

	for (uint32_t at = p->seq; at < shown; at++)
		if (!t->have[p->side][at] && t->found[p->side][at] > found)
			found = t->found[p->side][at];
	if (!found && is_alive)
		return;
	if (found && ms - found < within) {
		t->late[p->side]++;
		return;
	}
	t->again[p->side]++;
	if (p->len > 0)
		letter_scaled(t, 'T', p->side, ++t->data_again[p->side]);
}

static void twin_bytes(struct twin *t, const struct piece *p, uint64_t ms)
{
	uint32_t n = p->len + (p->flags & SYN ? 1 : 0) + (p->flags & FIN ? 1 : 0);
	uint32_t end = p->seq + n, *next = &t->next[p->side];
	bool is_alive = p->len <= 1 && !(p->flags & (SYN | FIN)) && p->seq + 1 == *next;

	if (!t->started[p->side]) {
		memset(t->have[p->side], true, p->seq);
		*next = p->seq;
	}
	t->started[p->side] = true;
	for (uint32_t at = *next; at < p->seq; at++)
		t->found[p->side][at] = ms;
	if (p->seq < *next && n > 0)
		twin_late(t, p, end, is_alive, ms);
	memset(t->have[p->side] + p->seq, true, n);
	if (end > *next)
		*next = end;
	t->too_many |= holes(t, p->side) > HOLES;
}

static void twin_packet(struct twin *t, const struct piece *p, uint64_t ms)
{
	bool is_new = p->seq + p->len > t->next[p->side] || !t->started[p->side];

	if (p->flags & SYN)
		letter_once(t, p->flags & ACK ? 'H' : 'S', p->side);
	else if (p->flags & FIN)
		letter_once(t, 'F', p->side);
	else
		letter_once(t, p->len ? 'D' : 'A', p->side);
	if (p->window == 0 && !strchr(t->letters, p->side ? 'F' : 'f'))
		letter_scaled(t, 'W', p->side, ++t->windows[p->side]);
	if (p->flags & SYN && p->side == 0 && !t->syn)
		t->syn = ms;
	if (p->side == 0 && !(p->flags & SYN) && !t->has_asked && p->ack == 1 &&
		!t->handshake_ms)
		t->handshake_ms = (uint32_t)(ms - t->syn);
	if (p->len > 0 && p->side == 0 && !t->has_asked) {
		t->has_asked = true;
		t->asked = ms;
	} else if (p->len > 0 && is_new && p->side == 1 && t->has_asked && !t->has_answered) {
		t->has_answered = true;
		t->response_ms = (uint32_t)(ms - t->asked);
	}
	twin_bytes(t, p, ms);
}

static unsigned converse(struct piece *pieces, struct random *random)
{
	uint32_t next[2] = {1, 1};
	unsigned n = 0;

	pieces[n++] = (struct piece){0, 0, 0, 0, SYN, 1};
	pieces[n++] = (struct piece){1, 0, 0, 1, SYN | ACK, 1};
	pieces[n++] = (struct piece){0, 1, 0, 1, ACK, 1};
	while (n < PIECES - 2) {
		unsigned side = random_below(random, 3) == 0;
		uint32_t len = random_below(random, 3) ? 1 + random_below(random, 60) : 0;

		pieces[n++] = (struct piece){
			side, next[side], len, next[!side], ACK, random_below(random, 9) != 0};
		next[side] += len;
	}
	for (unsigned side = 0; side < 2; side++)
		pieces[n++] = (struct piece){side, next[side], 0, next[!side], FIN | ACK, 1};
	return n;
}

/* Leaves packets out, says some again, and moves each up to `far` places; not the handshake. */
static unsigned disturb(struct piece *pieces, unsigned n, unsigned far, struct random *random)
{
	unsigned one_in = 4 + random_below(random, 40);

	for (unsigned i = 3; i < n; i++) {
		if (i > 5 && random_below(random, one_in) == 0)
			pieces[i] = pieces[i - 1 - random_below(random, 3)];
		if (far > 0 && random_below(random, 6) == 0) {
			unsigned j = i + random_below(random, far);
			struct piece one = pieces[i];

			if (j >= n)
				continue;
			pieces[i] = pieces[j];
			pieces[j] = one;
		}
	}
	return n;
}

/* The letters G of an end that was not shown are not the twin's. */
static void without_gaps(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++)
		if (tolower(*from) != 'g')
			*to++ = *from;
	*to = '\0';
}

static bool agree(struct flow_course *c, const struct twin *t)
{
	without_gaps(c->history);
	return strcmp(c->history, t->letters) == 0 &&
	       c->handshake_us == t->handshake_ms * 1000 &&
	       c->response_us == (t->has_answered ? t->response_ms * 1000 : NO) &&
	       memcmp(c->retransmitted, t->again, sizeof(t->again)) == 0 &&
	       memcmp(c->out_of_order, t->late, sizeof(t->late)) == 0;
}

static void agrees_with_the_twin(void)
{
	struct random random = random_seeded(13);
	unsigned compared = 0, late = 0, again = 0;
	static struct twin t;
	struct rig rig;

	rig_open(&rig, TCP, 8080, 60);
	for (int round = 0; round < 10000; round++) {
		struct piece pieces[PIECES];
		unsigned n = disturb(pieces, converse(pieces, &random), round % 5, &random);

		memset(&t, 0, sizeof(t));
		for (unsigned i = 0; i < n; i++) {
			const struct piece *p = &pieces[i];
			struct packet packet =
				segment(p->side, p->seq, p->len, p->ack, p->flags);

			rig.ms += 1 + random_below(&random, 4);
			packet.tcp_window = p->window;
			twin_packet(&t, p, rig.ms);
			put(&rig, &packet, p->side);
		}
		rig_end(&rig);
		if (t.too_many || strlen(t.letters) > HISTORY_LETTERS)
			continue;
		compared++;
		late += t.late[0] + t.late[1];
		again += t.again[0] + t.again[1];
		if (!agree(&rig.course, &t)) {
			fprintf(stderr,
				"\nround %d: %s %d %d, %u %u, %u %u\n the twin: %s %u %u, "
				"%u %u, %u %u\n",
				round, rig.course.history, (int)rig.course.handshake_us,
				(int)rig.course.response_us, rig.course.retransmitted[0],
				rig.course.retransmitted[1], rig.course.out_of_order[0],
				rig.course.out_of_order[1], t.letters, t.handshake_ms,
				t.response_ms, t.again[0], t.again[1], t.late[0], t.late[1]);
			CU_FAIL("differs from the twin");
			break;
		}
	}
	CU_ASSERT_TRUE(compared > 5000 && late > 5000 && again > 5000);
	flow_table_destroy(rig.table);
}

void suite_history(void);
void suite_history(void)
{
	CU_pSuite suite = CU_add_suite("history", NULL, NULL);

	CU_add_test(suite, "rows", rows_hold);
	CU_add_test(suite, "agrees with a twin that has every byte", agrees_with_the_twin);
}
