/* Which packets are copies, beside a naive twin that keeps them all; and that several tables say what one says. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "decap/session/copies.h"
#include "decap/session/session.h"

enum { FRAME = 100, MS = 1000000 };

static struct packet packet_of(const uint8_t *frame, uint32_t cap)
{
	return (struct packet){.frame = frame,
		.frame_cap = cap,
		.frame_wire = FRAME,
		.time_ns = 1000 * (uint64_t)MS,
		.session = 3,
		.ip_id_low = COPIES_PICK,
		.flags = PACKET_HAS_VNI};
}

static struct copies *table(void)
{
	struct copies *c = copies_create();

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	return c;
}

/* Identification 0 says nothing, nor 1; IPv6 has none. */
static void the_sample(void)
{
	unsigned n = 0;

	for (unsigned id = 0; id < 256; id++)
		n += copies_sample(&(struct packet){.ip_id_low = (uint8_t)id});
	CU_ASSERT_EQUAL(n, 16);
	CU_ASSERT_FALSE(copies_sample(&(struct packet){.ip_id_low = 0}));
	CU_ASSERT_FALSE(copies_sample(&(struct packet){.ip_id_low = 1}));
	CU_ASSERT_TRUE(copies_sample(&(struct packet){.ip_id_low = 0xfa}));
}

/* The packet, and another one that differs in one thing alone. */
static void what_a_copy_is(void)
{
	static const struct {
		int byte; /* that differs; -1: none */
		uint32_t session, wire;
		int64_t later_ns;
		uint64_t position; /* the first one's is 5 */
		bool copy;
	} rows[] = {
		{-1, 3, FRAME, 0, 6, true}, {-1, 3, FRAME, 10 * MS, 6, true},
		{-1, 3, FRAME, -10 * MS, 6, true}, {-1, 3, FRAME, 10 * MS + 1, 6, false},
		{-1, 3, FRAME, -10 * MS - 1, 6, false},
		{-1, 3, FRAME, 0, 5 + COPIES_WINDOW, true},
		{-1, 3, FRAME, 0, 6 + COPIES_WINDOW, false}, {-1, 4, FRAME, 0, 6, false},
		{-1, 3, FRAME + 1, 0, 6, false}, {0, 3, FRAME, 0, 6, false},
		{18, 3, FRAME, 0, 6, false}, /* its identification: a retransmission */
		{COPIES_BYTES - 1, 3, FRAME, 0, 6, false},
		{COPIES_BYTES, 3, FRAME, 0, 6, true}, /* not looked at */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t frame[FRAME] = {0};
		struct packet p = packet_of(frame, FRAME);
		struct copies *c = table();

		CU_ASSERT_FALSE(copies_packet(c, &p, 5));
		if (rows[i].byte >= 0)
			frame[rows[i].byte] ^= 1;
		p.session = rows[i].session;
		p.frame_wire = rows[i].wire;
		p.time_ns += (uint64_t)rows[i].later_ns;
		CU_ASSERT_EQUAL(copies_packet(c, &p, rows[i].position), rows[i].copy);
		copies_destroy(c);
	}
}

/* Each in memory of its own, which ends with it. */
static void frames_that_are_cut(void)
{
	struct copies *c = table();

	for (uint32_t cap = 1; cap <= FRAME; cap++) {
		uint8_t *frame = malloc(cap);
		struct packet p;

		CU_ASSERT_PTR_NOT_NULL_FATAL(frame);
		memset(frame, 0x5a, cap);
		p = packet_of(frame, cap);
		CU_ASSERT_EQUAL(copies_packet(c, &p, 0), cap > COPIES_BYTES);
		CU_ASSERT_TRUE(copies_packet(c, &p, 0));
		free(frame);
	}
	copies_destroy(c);
}

/* Without positions the last COPIES_WINDOW of the sample are remembered. */
static void what_is_forgotten(void)
{
	uint32_t frame[FRAME / 4] = {0};
	struct packet p = packet_of((uint8_t *)frame, FRAME);
	struct copies *c = table();

	for (uint32_t i = 0; i <= COPIES_WINDOW; i++) {
		frame[0] = i;
		CU_ASSERT_FALSE(copies_packet(c, &p, 0));
	}
	frame[0] = 1;
	CU_ASSERT_TRUE(copies_packet(c, &p, 0));
	frame[0] = 0;
	CU_ASSERT_FALSE(copies_packet(c, &p, 0));
	copies_destroy(c);
}

enum { PACKETS = 60000, FRAMES = 3000, TABLES = 4 };

struct seen {
	uint32_t frame;
	uint64_t position, time_ns;
};

/* Those that were no copies; and what is one, found by looking at all. */
static struct twin {
	size_t n;
	struct seen seen[PACKETS];
} twin;

static bool twin_packet(struct twin *t, const struct seen *now)
{
	for (size_t i = t->n; i-- > 0;) {
		const struct seen *s = &t->seen[i];
		uint64_t apart = s->time_ns > now->time_ns ? s->time_ns - now->time_ns
							   : now->time_ns - s->time_ns;

		if (now->position - s->position > COPIES_WINDOW)
			break;
		if (s->frame == now->frame && apart <= COPIES_NS)
			return true;
	}
	t->seen[t->n++] = *now;
	return false;
}

/* Every packet is of the sample, so that tables are full; a packet and its copies have one owner of 1, 2 and 4. */
static void any_number_of_tables(void)
{
	struct copies *tables[3][TABLES];
	uint64_t position = 0, state = 42;
	size_t copies = 0;

	for (unsigned i = 0; i < 3 * TABLES; i++)
		tables[i / TABLES][i % TABLES] = table();
	twin.n = 0;
	for (unsigned i = 0; i < PACKETS; i++) {
		uint32_t words[FRAME / 4] = {0};
		struct packet p = packet_of((const uint8_t *)words, FRAME);
		struct seen now;
		bool want;

		state = state * 6364136223846793005U + 1442695040888963407U;
		position += 1 + (state >> 60);
		now = (struct seen){(uint32_t)(state >> 33) % FRAMES, position,
			p.time_ns + i * (uint64_t)9000 + (state >> 20 & 0xfffff)};
		words[5] = now.frame;
		p.time_ns = now.time_ns;
		want = twin_packet(&twin, &now);
		copies += want;
		for (unsigned k = 0; k < 3; k++) {
			struct copies *owner = tables[k][now.frame % (1u << k)];

			CU_ASSERT_EQUAL(copies_packet(owner, &p, position), want);
		}
	}
	CU_ASSERT_TRUE(copies > PACKETS / 10 && copies < PACKETS / 2);
	for (unsigned i = 0; i < 3 * TABLES; i++)
		copies_destroy(tables[i / TABLES][i % TABLES]);
}

static void copies_are_counted(void)
{
	struct session_table *t = session_table_create(16), *sum = session_table_create(16);
	struct session_key key = {.vni = 42};

	CU_ASSERT_PTR_NOT_NULL_FATAL(session_table_add(t, &key));
	session_table_sampled(t, 0, false);
	session_table_sampled(t, 0, true);
	session_table_sampled(t, SESSION_NAMELESS + 3, true);
	session_table_merge(sum, t);
	CU_ASSERT_EQUAL(session_table_get(sum, 0)->sampled, 2);
	CU_ASSERT_EQUAL(session_table_get(sum, 0)->sampled_copies, 1);
	CU_ASSERT_EQUAL(session_table_other(sum)->sampled_copies, 1);
	session_table_destroy(sum);
	session_table_destroy(t);
}

void suite_copies(void);
void suite_copies(void)
{
	CU_pSuite s = CU_add_suite("copies", NULL, NULL);

	CU_ADD_TEST(s, the_sample);
	CU_ADD_TEST(s, what_a_copy_is);
	CU_ADD_TEST(s, frames_that_are_cut);
	CU_ADD_TEST(s, what_is_forgotten);
	CU_ADD_TEST(s, any_number_of_tables);
	CU_ADD_TEST(s, copies_are_counted);
}
