/* Bytes acknowledged and never shown: rows that one can follow by hand, and random conversations
 * held against a naive twin that has a bit for every byte. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/flow/capture_loss.h"
#include "support/random.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

/* Sequence numbers count from here in each side's space, so that every row also wraps. */
static const uint32_t isn[2] = {0xffffff00, 0x7fffffff};

struct rig {
	struct flow flows[4];
	struct capture_loss seen;
	uint64_t sum;
};

static void rig_open(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	CU_ASSERT_TRUE_FATAL(capture_loss_init(&rig->seen, rig->flows, 4));
}

/* The flow is over; the next one takes its place. */
static int64_t rig_settle(struct rig *rig)
{
	int64_t all;

	rig->sum += capture_loss_settle(&rig->seen, 1);
	all = capture_loss_unseen(&rig->seen, 1);
	CU_ASSERT_TRUE(all < 0 ? rig->sum == 0 : rig->sum == (uint64_t)all);
	capture_loss_clear(&rig->seen, 1);
	CU_ASSERT_EQUAL(capture_loss_unseen(&rig->seen, 1), -1);
	rig->sum = 0;
	return all;
}

static int64_t rig_close(struct rig *rig)
{
	int64_t all = rig_settle(rig);

	capture_loss_fini(&rig->seen, 4);
	return all;
}

/* As the flow table does it, for a flow whose history is told. */
static uint64_t take(
	struct capture_loss *seen, uint32_t slot, const struct packet *p, bool from_lo)
{
	seen->flows[slot].seen.state |= 3 * LOSS_TOLD_ACK | 3 * LOSS_TOLD_DATA;
	return capture_loss_calm(seen, slot, p, from_lo)
		       ? 0
		       : capture_loss_look(seen, slot, p, from_lo, 0);
}

static void put(struct rig *rig, const struct packet *p, bool from_lo)
{
	rig->sum += take(&rig->seen, 1, p, from_lo);
}

static struct packet segment(
	unsigned side, uint32_t seq, uint32_t len, uint32_t ack, uint8_t flags, uint64_t ms)
{
	return (struct packet){
		.protocol = 6,
		.time_ns = ms * 1000000,
		.ip_len = 40 + len,
		.ip_cap = 40,
		.payload = 40,
		.tcp_seq = isn[side] + seq,
		.tcp_ack = flags & ACK ? isn[!side] + ack : 0,
		.tcp_flags = flags,
		.tcp_window = 1,
	};
}

/* A script: packets apart by spaces, each `a` or `b` (who sends), then in any order
 *     S F R        flags; ACK is set unless N stands there
 *     sN lN kN     relative sequence number, payload, acknowledgment
 *     O C P        a header that lies, a header cut before its flags, a fragment
 * and `+N` lets N ms pass, `!` says that packets were lost in the appliance. */
static void play(struct rig *rig, const char *script)
{
	uint64_t ms = 1000000;

	for (const char *at = script; *at; at += *at == ' ') {
		uint32_t seq = 0, len = 0, ack = 0, side = *at == 'b';
		uint8_t flags = ACK;
		uint16_t odd = 0;
		struct packet p;
		char *end;

		if (*at == '+') {
			ms += strtoul(at + 1, &end, 10);
			at = end;
			continue;
		}
		if (*at == '!') {
			capture_loss_lost_here(&rig->seen);
			at++;
			continue;
		}
		for (at++; *at && *at != ' ';) {
			char what = *at++;

			flags |= what == 'S' ? SYN : what == 'F' ? FIN : what == 'R' ? RST : 0;
			if (what == 'N')
				flags &= (uint8_t)~ACK;
			odd |= what == 'O'   ? PACKET_L4_ODD
			       : what == 'C' ? PACKET_PORTS_CUT
			       : what == 'P' ? PACKET_FRAGMENT
					     : 0;
			if (!strchr("slk", what))
				continue;
			*(what == 's'         ? &seq
				: what == 'l' ? &len
					      : &ack) = (uint32_t)strtoul(at, &end, 10);
			at = end;
		}
		p = segment(side, seq, len, ack, flags, ms);
		p.flags = odd;
		put(rig, &p, side == 0);
	}
}

#define OPEN "aSNs0 bSs0k1 as1k1 "

static const struct {
	const char *what, *script;
	int64_t unseen;
} rows[] = {
	{"all is there", OPEN "as1l100k1 bs1l50k101 as101k51 aFs101k51 bFs51k102 as102k52", 0},
	{"a segment is missing", OPEN "as1l100k1 bs1k101 as201l100k1 bs1k301", 100},
	{"not acknowledged: lost by the network as well", OPEN "as1l100k1 as201l100k1 bs1k101",
		0},
	{"half of it acknowledged", OPEN "as1l100k1 as301l100k1 bs1k201", 100},
	{"the last segment, known by its ACK", OPEN "as1l100k1 bs1k301", 200},
	{"and by the FIN", OPEN "as1l100k1 aFs301k1 bs1k302", 200},
	{"the FIN itself", OPEN "as1l100k1 bs1k102", 1},
	{"both sides", OPEN "as1l10k1 as21l10k1 bs1k31 bs41l10k31 as31k51", 10 + 40},
	{"out of order", OPEN "as101l100k1 bs1k201 as1l100k1", 0},
	{"ACK before its data", OPEN "bs1k201 as1l100k1 as101l100k1", 0},
	{"ACK before its data, which do not all come", OPEN "bs1k301 as1l100k1 as201l100k1",
		100},
	{"retransmission of what is missing", OPEN "as101l100k1 as1l100k1 bs1k201", 0},
	{"of a part of it", OPEN "as101l100k1 as31l20k1 bs1k201", 80},
	{"of its begin", OPEN "as101l100k1 as1l20k1 bs1k201", 80},
	{"of its end", OPEN "as101l100k1 as81l20k1 bs1k201", 80},
	{"of more than it", OPEN "as1l10k1 as21l10k1 as1l30k1 bs1k31", 0},
	{"two holes, one filled", OPEN "as11l10k1 as31l10k1 as21l10k1 bs1k41", 10},
	{"the other filled", OPEN "as11l10k1 as31l10k1 as1l10k1 bs1k41", 10},
	{"three holes, the middle one filled",
		OPEN "as11l10k1 as31l10k1 as51l10k1 as21l10k1 bs1k61", 20},
	{"many holes, all filled",
		OPEN "as11l10k1 as31l10k1 as51l10k1 as1l10k1 as21l10k1 as41l10k1 bs1k61", 0},
	{"filled in one", OPEN "as11l10k1 as31l10k1 as51l10k1 as1l60k1 bs1k61", 0},
	{"retransmission of what was there", OPEN "as1l100k1 as201l10k1 as1l100k1 bs1k211",
		100},
	{"late, within the wait", OPEN "as101l10k1 bs1k111 +900 as1l100k1 bs1k111", 0},
	{"too late", OPEN "as101l10k1 bs1k111 +1100 bs1k111 +1100 bs1k111 as1l100k1", 100},
	{"counted while the flow goes on",
		OPEN "as101l10k1 bs1k111 +1100 bs1k111 +1100 bs1k111 as111l10k1", 100},
	{"data in one direction never come", OPEN "bs1k1001 +600 bs1k2001 +600 bs1k3001", 3000},
	{"keep-alives",
		OPEN "as1l10k1 bs1k11 as10k1 bs1k11 as10l1k1 bs1k11 +5000 as10k1 bs1k11", 0},
	{"begins with a keep-alive", "as9k1 bs1k10 as10l10k1 bs1k20", 0},
	{"begins with one, seen after its answer", "bs1k10 as9k1 bs1k10 as10l10k1 bs1k20", 0},
	{"begins with a keep-alive of a byte", "as9l1k1 bs1k10 as10l10k1 bs1k20", 0},
	{"begins in the middle", "as1000l10k500 bs500l10k1010", 0},
	{"and loses", "as1000l10k500 bs500l10k1010 as1020l10k510 bs510k1030", 10},
	{"began before what was seen first", "as1000l10k500 as900l10k500 bs500k1010", 0},
	{"one side alone: data", "as1l10k1 as21l10k1 as41l10k1", -1},
	{"one side alone: acknowledgments", "as1k1 as1k1000 as1k2000", -1},
	{"the SYN is said twice", "aSNs0 aSNs0 bSs0k1 bSs0k1 as1k1 as1l10k1 bs1k11", 0},
	{"SYN with data", "aSNs0l50 bSs0k51 as51l10k1 bs1k61", 0},
	{"the SYN after data", "as1l10k1 aSNs0 bSs0k1 as11l10k1 bs1k21", 0},
	{"the same ends again",
		OPEN "as11l10k1 bs1k21 aSNs100000000 bSs200000000k100000001 "
		     "as100000001l5k200000001 as100000011l5k200000001 bs200000001k100000016",
		10 + 5},
	{"a simultaneous close", OPEN "aFs1k1 bFs1k1 as2k2 bs2k2", 0},
	{"a FIN with data, out of order", OPEN "aFs11l10k1 as1l10k1 bs1k22", 0},
	{"a RST says nothing", OPEN "as1l10k1 bRs9999999k12345 bs1k11", 0},
	{"nor does its sequence number", OPEN "as1l10k1 aRs500k1 bs1k11", 0},
	{"a header that lies", OPEN "as1l10k1 aOs500l10k1 bs1k11", 0},
	{"a fragment: nobody knows how far it goes",
		OPEN "as1l10k1 aPs11l10k1 as500l10k1 bs1k510", 0},
	{"a header without its flags", OPEN "as1l10k1 aCs11l10k1 as500l10k1 bs1k510", 0},
	{"what was missing before it counts",
		OPEN "as1l10k1 as21l10k1 bs1k31 aPs31l10k1 as500l10k1 bs1k510", 10},
	{"an ACK from nowhere", OPEN "as1l10k1 bs1k2000000000 bs1k11", 0},
	{"far, but possible", OPEN "as1l10k1 bs1k16777227", 16777216},
	{"a byte too far", OPEN "as1l10k1 bs1k16777228", 0},
	{"a sequence number from nowhere", OPEN "as1l10k1 as1200000000l10k1 bs1k11", 0},
	{"and back", OPEN "as1l10k1 as2000000000l10k1 as11l10k1 bs1k21", 0},
	{"an outage of 100 MB", OPEN "as1l10k1 as100000011l10k1 bs1k100000021", 100000000},
	{"lost here", OPEN "as1l10k1 ! as21l10k1 bs1k31 as31l10k1 as51l10k1 bs1k61", 10},
	{"lost here, known afterwards", OPEN "as1l10k1 as21l10k1 bs1k31 ! as31l10k1 bs1k41", 0},
	{"lost here, and the flow ends", OPEN "as1l10k1 as21l10k1 bs1k31 !", 0},
};

static void rows_hold(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig rig;
		int64_t got;

		rig_open(&rig);
		play(&rig, rows[i].script);
		got = rig_close(&rig);
		if (got != rows[i].unseen)
			fprintf(stderr, "\n%s: %lld, not %lld\n", rows[i].what, (long long)got,
				(long long)rows[i].unseen);
		CU_ASSERT_EQUAL(got, rows[i].unseen);
	}
}

/* A hole is counted before the end of a flow that goes on, and only once. */
static void counts_in_time(void)
{
	struct rig rig;

	rig_open(&rig);
	play(&rig, OPEN "as101l10k1 bs1k111 +1100 bs1k111");
	CU_ASSERT_EQUAL(rig.sum, 0);
	CU_ASSERT_EQUAL(capture_loss_unseen(&rig.seen, 1), 0);
	play(&rig, "+2100 bs1k111");
	CU_ASSERT_EQUAL(rig.sum, 100);
	CU_ASSERT_EQUAL(capture_loss_unseen(&rig.seen, 1), 100);
	CU_ASSERT_EQUAL(rig_close(&rig), 100);
}

/* A flow's block is given back with it; another flow's is not touched. */
static void blocks_go_round(void)
{
	struct packet a = segment(0, 0, 10, 0, ACK, 0), b = segment(1, 0, 0, 30, ACK, 0);
	struct flow flows[2] = {{.flags = 0}};
	struct capture_loss seen;

	CU_ASSERT_TRUE_FATAL(capture_loss_init(&seen, flows, 2));
	for (int i = 0; i < 1000; i++) {
		uint32_t slot = (uint32_t)i % 2;

		take(&seen, slot, &b, false);
		take(&seen, slot, &a, true);
		take(&seen, slot, &b, false);
		CU_ASSERT_EQUAL(capture_loss_settle(&seen, slot), 20);
		if (i % 3)
			take(&seen, slot, &a, true);
		capture_loss_clear(&seen, slot);
	}
	capture_loss_fini(&seen, 2);
}

/* --- the twin: a conversation as bytes --- */

enum { STREAM = 4096, PIECES = 64 };

struct piece {
	unsigned side;
	uint32_t seq, len, ack;
	uint8_t flags;
	bool shown;
};

/* Two streams as segments in turn; every packet acknowledges all that the other side has sent. */
static unsigned converse(struct piece *pieces, struct random *random)
{
	uint32_t next[2] = {1, 1};
	unsigned n = 0;

	pieces[n++] = (struct piece){0, 0, 0, 0, SYN, true};
	pieces[n++] = (struct piece){1, 0, 0, 1, SYN | ACK, true};
	while (n < PIECES - 2) {
		unsigned side = random_below(random, 4) == 0;
		uint32_t len = random_below(random, 3) ? random_below(random, 60) : 0;

		pieces[n++] = (struct piece){side, next[side], len, next[!side], ACK, true};
		next[side] += len;
	}
	/* Both have the last word, so that all is acknowledged. */
	for (unsigned side = 0; side < 2; side++)
		pieces[n++] = (struct piece){side, next[side], 0, next[!side], ACK, true};
	return n;
}

/* Bytes that are acknowledged by a packet shown, and in no packet shown. */
static uint64_t twin(const struct piece *pieces, unsigned n)
{
	static bool have[2][STREAM];
	uint32_t acked[2] = {0};
	uint64_t missing = 0;

	memset(have, 0, sizeof(have));
	for (unsigned i = 0; i < n; i++) {
		const struct piece *p = &pieces[i];
		uint32_t len = p->len + (p->flags & SYN ? 1 : 0);

		if (!p->shown)
			continue;
		memset(have[p->side] + p->seq, true, len);
		if (p->flags & ACK && p->ack > acked[!p->side])
			acked[!p->side] = p->ack;
	}
	for (unsigned side = 0; side < 2; side++)
		for (uint32_t at = 0; at < acked[side]; at++)
			missing += !have[side][at];
	return missing;
}

static int64_t run(struct rig *rig, const struct piece *pieces, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct piece *p = &pieces[i];
		struct packet packet = segment(p->side, p->seq, p->len, p->ack, p->flags, i);

		if (p->shown)
			put(rig, &packet, p->side == 0);
	}
	return rig_settle(rig);
}

static void drop(struct piece *pieces, unsigned n, struct random *random)
{
	unsigned one_in = 2 + random_below(random, 20);

	for (unsigned i = 2; i < n - 2; i++)
		pieces[i].shown = random_below(random, one_in) != 0;
}

/* Each packet moves up to `far` places. */
static void shuffle(struct piece *pieces, unsigned n, unsigned far, struct random *random)
{
	for (unsigned i = 2; i + 1 < n - 2 && far > 0; i++) {
		unsigned j = i + 1 + random_below(random, far);
		struct piece one = pieces[i];

		if (j >= n - 2)
			continue;
		pieces[i] = pieces[j];
		pieces[j] = one;
	}
}

static void agrees_with_the_twin(void)
{
	struct random random = random_seeded(42);
	unsigned lossy = 0;
	struct rig rig;

	rig_open(&rig);
	for (int round = 0; round < 20000; round++) {
		struct piece pieces[PIECES];
		unsigned n = converse(pieces, &random);
		uint64_t want;
		int64_t got;

		drop(pieces, n, &random);
		shuffle(pieces, n, round % 8, &random);
		want = twin(pieces, n);
		got = run(&rig, pieces, n);
		lossy += want > 0;
		if (got != (int64_t)want) {
			fprintf(stderr, "\nround %d: %lld, the twin %llu\n", round,
				(long long)got, (unsigned long long)want);
			CU_FAIL("differs from the twin");
			return;
		}
	}
	CU_ASSERT_TRUE(lossy > 10000);
	rig_close(&rig);
}

/* With retransmissions of anything it counts too few at most, and never too many. */
static void errs_to_too_few(void)
{
	struct random random = random_seeded(4711);
	uint64_t sum = 0, sum_twin = 0;
	struct rig rig;

	rig_open(&rig);
	for (int round = 0; round < 20000; round++) {
		struct piece pieces[PIECES];
		unsigned n = converse(pieces, &random);
		uint64_t want;
		int64_t got;

		drop(pieces, n, &random);
		for (unsigned i = 4; i < n - 2; i++)
			if (random_below(&random, 8) == 0)
				pieces[i] = pieces[i - 1 - random_below(&random, 3)];
		shuffle(pieces, n, round % 4, &random);
		want = twin(pieces, n);
		got = run(&rig, pieces, n);
		sum += (uint64_t)got;
		sum_twin += want;
		if (got < 0 || (uint64_t)got > want) {
			fprintf(stderr, "\nround %d: %lld, the twin %llu\n", round,
				(long long)got, (unsigned long long)want);
			CU_FAIL("more than the twin");
			return;
		}
	}
	CU_ASSERT_TRUE(sum > sum_twin / 2);
	rig_close(&rig);
}

/* Any packets at all: no more than is possible, and never a fault. */
static void takes_any_packet(void)
{
	struct random random = random_seeded(7);
	struct rig rig;

	rig_open(&rig);
	for (int round = 0; round < 2000; round++) {
		uint64_t budget = 0;
		int64_t got;

		for (int i = 0; i < 200; i++) {
			struct packet p = {
				.protocol = 6,
				.time_ns = random_next(&random) % 20000000000,
				.tcp_seq = (uint32_t)random_next(&random)
					   << (random_below(&random, 2) * 16),
				.tcp_ack = (uint32_t)random_next(&random)
					   << (random_below(&random, 2) * 16),
				.tcp_flags = (uint8_t)random_next(&random),
				.flags = random_below(&random, 4)
						 ? 0
						 : (uint16_t)random_next(&random),
				.payload = 40,
				.tcp_window = (uint16_t)random_below(&random, 9),
				.ip_len = 40 + random_below(&random, 2000),
			};

			budget += LOSS_HOLE_MAX;
			put(&rig, &p, random_below(&random, 2));
			if (random_below(&random, 50) == 0)
				capture_loss_lost_here(&rig.seen);
		}
		got = rig_settle(&rig);
		CU_ASSERT_TRUE(got < 0 || (uint64_t)got <= budget);
	}
	rig_close(&rig);
}

void suite_capture_loss(void);
void suite_capture_loss(void)
{
	CU_pSuite suite = CU_add_suite("capture_loss", NULL, NULL);

	CU_add_test(suite, "rows", rows_hold);
	CU_add_test(suite, "counts in time", counts_in_time);
	CU_add_test(suite, "blocks go round", blocks_go_round);
	CU_add_test(suite, "agrees with a byte map", agrees_with_the_twin);
	CU_add_test(suite, "errs to too few", errs_to_too_few);
	CU_add_test(suite, "takes any packet", takes_any_packet);
}
