/* CRYPTO frames put in order, against a twin that keeps every byte, and the frames around them. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/quic/quic_crypto.h"
#include "inspect/proto/quic/quic_frame.h"
#include "inspect/proto/quic/quic_packet.h"
#include "support/hex.h"
#include "support/random.h"

enum { ALL = 40000 };

/* What was told; and what a twin without any bound would tell. */
struct stage {
	struct memory memory;
	struct memory_list list;
	struct quic_crypto crypto;
	struct quic_crypto_sink sink;
	uint32_t told, refuse_at;
	uint8_t bytes[ALL];
	bool has[ALL];
	uint8_t twin[ALL];
};

static bool keep(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
	struct stage *s = ctx;

	CU_ASSERT_TRUE_FATAL(len && offset == s->told && len <= ALL - offset);
	memcpy(s->bytes + offset, bytes, len);
	s->told += len;
	return s->told < s->refuse_at;
}

static struct stage *stage_make(void)
{
	struct stage *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	s->sink = (struct quic_crypto_sink){keep, s};
	s->refuse_at = UINT32_MAX;
	return s;
}

static void stage_free(struct stage *s)
{
	quic_crypto_clear(&s->crypto);
	CU_ASSERT_EQUAL(s->memory.used, 0);
	memory_trim(&s->memory);
	free(s);
}

/* The frame's bytes in a buffer of just their size, all of them `fill`. */
static void give(struct stage *s, uint64_t offset, uint32_t len, uint8_t fill)
{
	uint8_t *bytes = malloc(len ? len : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	memset(bytes, fill, len);
	for (uint64_t at = offset; at < offset + len && at < ALL; at++)
		if (at < s->crypto.next + (uint64_t)QUIC_AHEAD_MAX && !s->has[at]) {
			s->has[at] = true;
			s->twin[at] = fill;
		}
	quic_crypto_add(&s->crypto, &s->memory, &s->list, offset, bytes, len, &s->sink);
	free(bytes);
}

static void is_as_the_twin(const struct stage *s)
{
	uint32_t n = 0;

	while (n < ALL && s->has[n])
		n++;
	CU_ASSERT_EQUAL(s->told, n);
	CU_ASSERT_TRUE(!memcmp(s->bytes, s->twin, n));
	CU_ASSERT_EQUAL(s->crypto.next, n);
}

static void any_order_is_put_in_order(void)
{
	struct random random = random_seeded(7);

	for (unsigned round = 0; round < 400; round++) {
		struct stage *s = stage_make();
		uint32_t span = 1 + random_below(&random, 3500);

		for (unsigned i = 0; i < 60; i++) {
			uint32_t at = s->told + random_below(&random, span);

			at -= at < 20 ? at : random_below(&random, 20);
			if (at > 15000)
				break;
			give(s, at, random_below(&random, 300),
				(uint8_t)random_below(&random, 256));
			is_as_the_twin(s);
		}
		CU_ASSERT_TRUE(s->memory.peak < QUIC_AHEAD_MAX + QUIC_AHEAD_MAX / 4);
		stage_free(s);
	}
}

static void in_order_needs_no_memory(void)
{
	struct stage *s = stage_make();

	give(s, 0, 100, 1);
	give(s, 0, 100, 2); /* again */
	give(s, 50, 70, 3);
	give(s, 120, 1000, 4);
	is_as_the_twin(s);
	CU_ASSERT_EQUAL(s->told, 1120);
	CU_ASSERT_EQUAL(s->memory.peak, 0);
	stage_free(s);
}

static void the_first_bytes_stay(void)
{
	struct stage *s = stage_make();

	give(s, 10, 5, 'a');
	give(s, 8, 10, 'b');
	give(s, 0, 20, 'c');
	CU_ASSERT_EQUAL(s->told, 20);
	CU_ASSERT_TRUE(!memcmp(s->bytes, "ccccccccbbaaaaabbbcc", 20));
	CU_ASSERT_PTR_NULL(s->crypto.ahead);
	stage_free(s);
}

static void bounds_hold(void)
{
	struct stage *s = stage_make();

	/* Too far ahead; the last byte that is not; and a frame over the window's end. */
	give(s, QUIC_AHEAD_MAX, 100, 1);
	give(s, UINT64_MAX - 5, 5, 1);
	give(s, (UINT64_C(1) << 62) - 1, 100, 1);
	CU_ASSERT_PTR_NULL(s->crypto.ahead);
	give(s, QUIC_AHEAD_MAX - 1, 100, 2);
	CU_ASSERT_PTR_NOT_NULL(s->crypto.ahead);
	give(s, 0, QUIC_AHEAD_MAX - 1, 3);
	CU_ASSERT_EQUAL(s->told, QUIC_AHEAD_MAX);
	/* A frame longer than the window, with something held. */
	give(s, QUIC_AHEAD_MAX + 10, 1, 4);
	give(s, QUIC_AHEAD_MAX, 9000, 5);
	CU_ASSERT_EQUAL(s->told, QUIC_AHEAD_MAX + 9000);
	CU_ASSERT_EQUAL(s->bytes[QUIC_AHEAD_MAX + 10], 4);
	CU_ASSERT_EQUAL(s->bytes[QUIC_AHEAD_MAX + 11], 5);
	CU_ASSERT_FALSE(s->crypto.done);
	give(s, QUIC_AHEAD_MAX + 9000, 9000, 6);
	CU_ASSERT_TRUE(s->crypto.done);
	give(s, QUIC_AHEAD_MAX + 18000, 10, 7);
	CU_ASSERT_EQUAL(s->told, QUIC_AHEAD_MAX + 18000);
	stage_free(s);
}

static void stops_when_told_and_without_memory(void)
{
	struct stage *s = stage_make();

	s->refuse_at = 30;
	give(s, 20, 10, 1);
	give(s, 40, 10, 1);
	give(s, 0, 20, 2);
	CU_ASSERT_EQUAL(s->told, 30);
	CU_ASSERT_TRUE(s->crypto.done && !s->crypto.ahead);
	give(s, 30, 10, 3);
	CU_ASSERT_EQUAL(s->told, 30);
	stage_free(s);

	s = stage_make();
	CU_ASSERT_TRUE_FATAL(memory_share(&s->memory, 100, &(struct quota_params){0}));
	give(s, 20, 10, 1);
	CU_ASSERT_EQUAL(s->memory.refused, 1);
	give(s, 0, 30, 2);
	CU_ASSERT_EQUAL(s->told, 30);
	stage_free(s);
}

/* ---- frames ---- */

struct seen {
	unsigned n;
	uint64_t offset;
	uint32_t len, sum;
};

static void see(void *ctx, uint64_t offset, const uint8_t *bytes, uint32_t len)
{
	struct seen *seen = ctx;

	seen->n++;
	seen->offset = offset;
	seen->len += len;
	for (uint32_t i = 0; i < len; i++)
		seen->sum += bytes[i];
}

static struct seen read_frames(
	uint32_t version, const uint8_t *bytes, uint32_t cap, uint32_t wire)
{
	struct seen seen = {0};
	const struct quic_frame_sink sink = {see, &seen};
	uint8_t *copy = malloc(cap ? cap : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, cap);
	quic_frames_read(version, cursor_make(copy, cap, wire), &sink);
	free(copy);
	return seen;
}

static void frames_are_read(void)
{
	static const struct {
		const char *about, *text;
		uint32_t version;
		unsigned n;
		uint64_t offset;
		uint32_t len, sum;
	} rows[] = {
		{"CRYPTO", "06 00 03 010203", QUIC_V1, 1, 0, 3, 6},
		{"padding around it", "000000 06 4064 02 0102 00 00", QUIC_V1, 1, 100, 2, 3},
		{"PING and two", "01 06 02 01 05 01 06 00 02 0101", QUIC_V1, 2, 0, 3, 7},
		{"ACK", "02 05 00 00 05 06 00 01 09", QUIC_V1, 1, 0, 1, 9},
		{"ACK of two ranges", "02 05 4001 02 00 01 01 00 00 06 00 01 09", QUIC_V1, 1, 0,
			1, 9},
		{"ACK with ECN", "03 05 00 00 05 01 02 03 06 00 01 09", QUIC_V1, 1, 0, 1, 9},
		{"more ranges than bytes", "02 05 00 bfffffff 00 06 00 01 09", QUIC_V1, 0, 0, 0,
			0},
		{"CONNECTION_CLOSE", "1c 01 00 00 06 00 01 09", QUIC_V1, 0, 0, 0, 0},
		{"a frame that is unknown", "06 00 01 09 3f 06 01 01 09", QUIC_V1, 1, 0, 1, 9},
		{"a length that lies", "06 00 04 010203", QUIC_V1, 0, 0, 0, 0},
		{"an offset of 62 bits", "06 ffffffffffffffff 01 01", QUIC_V1, 1,
			(UINT64_C(1) << 62) - 1, 1, 1},
		{"an empty one", "06 05 00 06 00 01 02", QUIC_V1, 1, 0, 1, 2},
		{"Google's", "08 00 02 0102", 0x54303530, 1, 0, 2, 3},
		{"Google's elsewhere", "08 00 02 0102", QUIC_V1, 0, 0, 0, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[64];
		uint32_t len = (uint32_t)hex_read(rows[i].text, bytes, sizeof(bytes));
		struct seen all = read_frames(rows[i].version, bytes, len, len);

		CU_ASSERT_EQUAL(all.n, rows[i].n);
		CU_ASSERT_EQUAL(all.offset, rows[i].offset);
		CU_ASSERT_EQUAL(all.len, rows[i].len);
		CU_ASSERT_EQUAL(all.sum, rows[i].sum);
		/* Cut anywhere: of what was told before, nothing else. */
		for (uint32_t cap = 0; cap < len; cap++) {
			struct seen part = read_frames(rows[i].version, bytes, cap, len);

			CU_ASSERT_TRUE(
				part.n <= all.n && part.len <= all.len && part.sum <= all.sum);
		}
	}
}

void suite_quic_crypto(void);
void suite_quic_crypto(void)
{
	CU_pSuite s = CU_add_suite("quic_crypto", NULL, NULL);

	CU_ADD_TEST(s, any_order_is_put_in_order);
	CU_ADD_TEST(s, in_order_needs_no_memory);
	CU_ADD_TEST(s, the_first_bytes_stay);
	CU_ADD_TEST(s, bounds_hold);
	CU_ADD_TEST(s, stops_when_told_and_without_memory);
	CU_ADD_TEST(s, frames_are_read);
}
