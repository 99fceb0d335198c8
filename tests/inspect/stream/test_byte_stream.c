/* One direction of TCP as bytes, and bytes put together. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "decap/packet.h"
#include "inspect/stream/byte_buffer.h"
#include "inspect/stream/byte_stream.h"
#include "support/random.h"

enum { PAYLOAD = 40, SPACE = 4000 };

static struct piece piece_of(uint32_t seq, uint32_t cap, uint32_t wire)
{
	static const uint8_t bytes[PAYLOAD + SPACE];

	return (struct piece){.ip = bytes,
		.cap = PAYLOAD + cap,
		.wire = PAYLOAD + wire,
		.payload = PAYLOAD,
		.protocol = 6,
		.tcp_flags = TCP_ACK,
		.seq = seq};
}

/* Rows are fed in turn to one stream that began at 1000. */
static void segments_add_what_is_new(void)
{
	static const struct {
		uint32_t seq, cap, wire;
		bool adds;
		uint32_t gap, from, new_cap, new_wire; /* `from` bytes of the segment are old */
	} rows[] = {
		{1000, 10, 10, true, 0, 0, 10, 10},
		{1000, 10, 10, false, 0, 0, 0, 0},  /* again */
		{1002, 5, 5, false, 0, 0, 0, 0},    /* a part of it */
		{1010, 0, 0, false, 0, 0, 0, 0},    /* an acknowledgment */
		{1005, 15, 15, true, 0, 5, 10, 10}, /* some of it again */
		{1030, 5, 5, true, 10, 0, 5, 5},    /* behind a gap */
		{1020, 10, 10, false, 0, 0, 0, 0},  /* what was missing: too late */
		{1035, 3, 20, true, 0, 0, 3, 20},   /* cut */
		{1050, 4, 15, true, 0, 5, 0, 10},   /* cut in what is old */
		{1070, 0, 0, true, 5, 0, 0, 0},     /* shows a gap alone */
		{1070, 1, 1, true, 0, 0, 1, 1},
		{900, 200, 200, true, 0, 171, 29, 29},
	};
	struct byte_stream stream = {.known = false};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct piece piece = piece_of(rows[i].seq, rows[i].cap, rows[i].wire);
		struct stream_part part;

		CU_ASSERT_EQUAL(byte_stream_add(&stream, &piece, &part), rows[i].adds);
		if (!rows[i].adds)
			continue;
		CU_ASSERT_EQUAL(part.gap, rows[i].gap);
		CU_ASSERT_EQUAL(part.bytes.cap, rows[i].new_cap);
		CU_ASSERT_EQUAL(part.bytes.wire, rows[i].new_wire);
		if (rows[i].new_cap)
			CU_ASSERT_PTR_EQUAL(part.bytes.at, piece.ip + PAYLOAD + rows[i].from);
	}
}

/* A SYN has a number of its own, before its data. */
static void a_syn_counts(void)
{
	struct byte_stream stream = {.known = false};
	struct piece syn = piece_of(UINT32_MAX, 0, 0), data = piece_of(0, 7, 7);
	struct stream_part part;

	syn.tcp_flags = TCP_SYN;
	CU_ASSERT_FALSE(byte_stream_add(&stream, &syn, &part));
	CU_ASSERT_TRUE(byte_stream_add(&stream, &data, &part));
	CU_ASSERT_EQUAL(part.gap, 0);
	CU_ASSERT_EQUAL(part.bytes.wire, 7);
}

/* The twin keeps where the stream ends as a count of bytes from its first on, and compares each byte of a
 * segment with it. Sequence numbers go round within it. */
static void any_segments_are_as_the_twin_has_them(void)
{
	struct random random = random_seeded(7);

	for (unsigned round = 0; round < 300; round++) {
		uint32_t first = UINT32_MAX - random_below(&random, SPACE);
		struct byte_stream stream = {.known = false};
		int64_t end = 0;

		for (unsigned i = 0; i < 100; i++) {
			int64_t at = i ? end + (int64_t)(random_below(&random, 200)) - 120 : 0;
			uint32_t wire = random_below(&random, 150), gap = 0, old = 0;
			uint32_t cap = random_below(&random, 3) ? wire : wire / 2, new_cap = 0;
			struct piece piece = piece_of(first + (uint32_t)at, cap, wire);
			struct stream_part part;
			bool adds;

			for (int64_t byte = at; byte < at + wire; byte++) {
				old += byte < end;
				new_cap += byte >= end && byte - at < cap;
			}
			if (at > end)
				gap = (uint32_t)(at - end);
			adds = gap || wire > old;
			CU_ASSERT_EQUAL(byte_stream_add(&stream, &piece, &part), adds);
			if (!adds)
				continue;
			CU_ASSERT_EQUAL(part.gap, gap);
			CU_ASSERT_EQUAL(part.bytes.wire, wire - old);
			CU_ASSERT_EQUAL(part.bytes.cap, new_cap);
			if (at + wire > end)
				end = at + wire;
		}
	}
}

static void bytes_are_put_together(void)
{
	struct memory memory = {0};
	struct memory_list list = {0};
	struct byte_buffer buffer = {.bytes = NULL};
	uint8_t bytes[SPACE];
	struct random random = random_seeded(3);

	random_fill(&random, bytes, sizeof(bytes));
	CU_ASSERT_TRUE(byte_buffer_add(&buffer, &memory, &list, bytes, 0));
	for (uint32_t at = 0, n; at < SPACE; at += n) {
		n = 1 + random_below(&random, 100);
		n = n < SPACE - at ? n : SPACE - at;
		CU_ASSERT_TRUE(byte_buffer_add(&buffer, &memory, &list, bytes + at, n));
		CU_ASSERT_EQUAL(buffer.have, at + n);
		CU_ASSERT_TRUE(buffer.room <= 2 * buffer.have);
		CU_ASSERT_EQUAL(memcmp(buffer.bytes, bytes, at + n), 0);
	}
	byte_buffer_clear(&buffer);
	CU_ASSERT_TRUE(!buffer.bytes && !buffer.have && !buffer.room);
	CU_ASSERT_EQUAL(memory.used, 0);

	/* Without memory what there is stays. */
	CU_ASSERT_TRUE(memory_share(&memory, 300, &(struct quota_params){0}));
	CU_ASSERT_TRUE(byte_buffer_add(&buffer, &memory, &list, bytes, 50));
	CU_ASSERT_FALSE(byte_buffer_add(&buffer, &memory, &list, bytes + 50, 500));
	CU_ASSERT_EQUAL(buffer.have, 50);
	CU_ASSERT_EQUAL(memcmp(buffer.bytes, bytes, 50), 0);
	byte_buffer_clear(&buffer);
	memory_sweep(&list);
	memory_trim(&memory);
}

void suite_byte_stream(void);
void suite_byte_stream(void)
{
	CU_pSuite s = CU_add_suite("byte_stream", NULL, NULL);

	CU_ADD_TEST(s, segments_add_what_is_new);
	CU_ADD_TEST(s, a_syn_counts);
	CU_ADD_TEST(s, any_segments_are_as_the_twin_has_them);
	CU_ADD_TEST(s, bytes_are_put_together);
}
