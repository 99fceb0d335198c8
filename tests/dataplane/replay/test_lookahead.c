/* What a later fragment learns of a first one that comes behind it. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/pipeline/lane.h"
#include "dataplane/replay/lookahead.h"
#include "dataplane/support/mirror_frame.h"

enum { ID = 7, NUMBER = 1 };

/* A block of what is behind the later fragment, and a lookahead at it. */
struct stand {
	struct settings settings;
	struct lookahead lookahead;
	struct decap_params decap;
	struct decap_met met;
	struct block *block;
};

/* One fragment of UDP 10.1.0.1:40000 > 10.1.0.2:53; the first one has its header and 24 bytes. */
static void add(struct stand *s, uint16_t offset, uint16_t id, uint32_t without)
{
	const struct mirror_frame spec = {.outer_src = "10.0.0.1",
		.vni = 5,
		.src = "10.1.0.1",
		.dst = "10.1.0.2",
		.protocol = 17,
		.src_port = 40000,
		.dst_port = 53,
		.payload = 24,
		.fragment_offset = offset,
		.fragment_id = id,
		.more_fragments = offset == 0};
	struct block *b = s->block;
	uint32_t len = mirror_frame_write(&spec, b->data + b->n_bytes);

	struct packet *p = &b->packets[b->n_slots];

	*p = mirror_frame_packet(b->data + b->n_bytes, len - without, 1000);
	p->wire = len;
	p->number = block_end(b);
	b->why[b->n_slots++] = decap_packet(&s->decap, p, &s->met);
	b->n_bytes += len;
	b->ahead_end = block_end(b);
}

static void stand_open(struct stand *s)
{
	const struct fragment_params params = {.capacity = 64, .timeout_ns = 30000000000};

	memset(s, 0, sizeof(*s));
	settings_init(&s->settings);
	s->decap = lane_decap_params(&s->settings);
	s->decap.mode = DECAP_MIRROR;
	lookahead_init(&s->lookahead, &params);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->block = block_create(1, false, false));
	s->block->first_number = NUMBER;
	lookahead_block(&s->lookahead, s->block);
	add(s, 32, ID, 0);
}

static void stand_close(struct stand *s)
{
	block_destroy(s->block);
	settings_fini(&s->settings);
}

/* Of the block's packet 0, the later fragment: what it learned. */
static bool learn(struct stand *s, struct packet *p)
{
	*p = s->block->packets[0];
	CU_ASSERT_EQUAL(s->block->why[0], REASON_inspected);
	CU_ASSERT_TRUE(p->flags & PACKET_LATER_FRAGMENT);
	return lookahead_packet(&s->lookahead, p);
}

/* DPI waits for a first one that is whole, and for no other. */
static void only_a_whole_one_is_worth_waiting_for(void)
{
	static const struct {
		uint16_t id;
		uint32_t without; /* bytes of the first fragment that the mirror cut off */
		bool learned, ahead;
	} rows[] = {
		{ID, 0, true, true},
		{ID, 1, true, false},
		{ID, 24, true, false},
		{ID, 24 + 8, false, false}, /* its ports, too */
		{ID + 1, 0, false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stand s;
		struct packet p;

		stand_open(&s);
		add(&s, 0, rows[i].id, rows[i].without);
		CU_ASSERT_EQUAL(learn(&s, &p), rows[i].learned);
		CU_ASSERT_EQUAL((p.flags & PACKET_PORTS_LEARNED) != 0, rows[i].learned);
		CU_ASSERT_EQUAL((p.flags & PACKET_FIRST_AHEAD) != 0, rows[i].ahead);
		CU_ASSERT_EQUAL(p.src_port, rows[i].learned ? 40000 : 0);
		CU_ASSERT_EQUAL(p.dst_port, rows[i].learned ? 53 : 0);
		stand_close(&s);
	}
}

/* Within LOOKAHEAD_PACKETS behind it, as far as the blocks go. */
static void the_first_one_must_be_near(void)
{
	for (uint32_t between = LOOKAHEAD_PACKETS - 2; between < LOOKAHEAD_PACKETS + 2;
		between++) {
		struct stand s;
		struct packet p;

		stand_open(&s);
		for (uint32_t i = 0; i < between; i++)
			add(&s, 0, ID + 1, 0);
		add(&s, 0, ID, 0);
		CU_ASSERT_EQUAL(learn(&s, &p), between < LOOKAHEAD_PACKETS);
		stand_close(&s);
		stand_open(&s);
		add(&s, 0, ID, 0);
		s.block->ahead_end--;
		CU_ASSERT_FALSE(learn(&s, &p));
		stand_close(&s);
	}
}

void suite_lookahead(void);
void suite_lookahead(void)
{
	CU_pSuite s = CU_add_suite("lookahead", NULL, NULL);

	CU_ADD_TEST(s, only_a_whole_one_is_worth_waiting_for);
	CU_ADD_TEST(s, the_first_one_must_be_near);
}
