/* Every row cut everywhere, with every byte changed, and random bytes: nothing is read outside
 * the buffer (the sanitizers judge), and what holds for every packet holds. */
#include <CUnit/Basic.h>
#include <stdio.h>

#include "decap/addr.h"
#include "invariants.h"
#include "rows.h"
#include "support/random.h"

static enum reason judge(const struct row *r, const uint8_t *bytes, uint32_t cap, uint32_t wire)
{
	struct packet p = row_packet(r, bytes, cap, wire);
	enum reason reason = row_judge(r, &p);
	const char *broken = packet_broken(&p, reason, r->plain);

	if (broken)
		fprintf(stderr, "\n  %s at %u of %u: %s", r->name, cap, wire, broken);
	CU_ASSERT_PTR_NULL(broken);
	row_free(&p);
	return reason;
}

/* A cut packet gives what the whole one gives, or less of it: never another lie. */
static void judge_cut(const struct row *r, const uint8_t *bytes, uint32_t cap, uint32_t len)
{
	enum reason reason = judge(r, bytes, cap, len + r->uncaptured);
	bool less = reason == r->reason || reason == REASON_inspected ||
		    reason == REASON_inner_cut || reason == REASON_outer_cut;

	if (!less)
		fprintf(stderr, "\n  %s cut at %u: %s", r->name, cap, reason_name(reason));
	CU_ASSERT_TRUE(less);
}

static void every_truncation_is_a_cut(void)
{
	for (const struct row *r = rows; r < rows + ROW_COUNT; r++) {
		uint8_t bytes[ROW_ROOM];
		uint32_t len = (uint32_t)hex_read(r->hex, bytes, sizeof(bytes));

		for (uint32_t cap = 0; cap <= len; cap++)
			judge_cut(r, bytes, cap, len);
	}
}

/* Frames that were shorter when they were sent: a session's packet length, or a runt. */
static void every_shorter_frame_is_judged(void)
{
	for (const struct row *r = rows; r < rows + ROW_COUNT; r++) {
		uint8_t bytes[ROW_ROOM];
		uint32_t len = (uint32_t)hex_read(r->hex, bytes, sizeof(bytes));

		for (uint32_t cap = 0; cap <= len; cap++)
			judge(r, bytes, cap, cap);
	}
}

static void every_changed_byte_is_judged(void)
{
	struct random random = random_seeded(1);

	for (const struct row *r = rows; r < rows + ROW_COUNT; r++) {
		uint8_t bytes[ROW_ROOM];
		uint32_t len = (uint32_t)hex_read(r->hex, bytes, sizeof(bytes));

		for (uint32_t i = 0; i < len * 12; i++) {
			uint8_t *b = &bytes[i / 12], old = *b;
			uint32_t cap = i % 3 ? len : random_below(&random, len + 1);

			*b = i % 12 < 8 ? (uint8_t)(old ^ 1 << i % 12)
					: (uint8_t)random_next(&random);
			judge(r, bytes, cap, len + r->uncaptured);
			*b = old;
		}
	}
}

/* Random bytes behind a good start reach the parsers that random bytes alone do not. */
static void random_bytes_are_judged(void)
{
	struct random random = random_seeded(2);

	for (int round = 0; round < 60; round++) {
		for (const struct row *r = rows; r < rows + ROW_COUNT; r++) {
			uint8_t bytes[ROW_ROOM];
			uint32_t len = (uint32_t)hex_read(r->hex, bytes, sizeof(bytes));
			uint32_t keep = round % 4 ? random_below(&random, len + 1) : 0;

			for (uint32_t i = keep; i < len; i++)
				bytes[i] = (uint8_t)random_next(&random);
			judge(r, bytes, len, len + r->uncaptured);
		}
	}
}

static void giant_extension_chains_stay_in_bounds(void)
{
	enum { SIZE = 40 + 17 * 2048 };
	static const struct row raw = {.name = "chain", .link = LINK_IP, .plain = true};
	uint8_t *b = calloc(1, SIZE);

	if (!b)
		abort();
	b[0] = 0x60;
	b[4] = (uint8_t)((SIZE - 40) >> 8);
	b[5] = (uint8_t)(SIZE - 40);
	b[6] = 60;
	for (uint32_t i = 0; i < 17; i++) {
		b[40 + i * 2048] = 60;
		b[41 + i * 2048] = 255;
	}
	CU_ASSERT_EQUAL(judge(&raw, b, SIZE, SIZE), REASON_inner_ip_header);
	b[40 + 15 * 2048] = 59;
	CU_ASSERT_EQUAL(judge(&raw, b, SIZE, SIZE), REASON_inspected);
	free(b);
}

void suite_hostile(void);
void suite_hostile(void)
{
	CU_pSuite s = CU_add_suite("hostile", NULL, NULL);

	CU_ADD_TEST(s, every_truncation_is_a_cut);
	CU_ADD_TEST(s, every_shorter_frame_is_judged);
	CU_ADD_TEST(s, every_changed_byte_is_judged);
	CU_ADD_TEST(s, random_bytes_are_judged);
	CU_ADD_TEST(s, giant_extension_chains_stay_in_bounds);
}
