/* pcapng block by block, in both byte orders. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/support/captures.h"

enum { BLOCKS_MAX = 24, COMMENT = 1, TSRESOL = 9, TSOFFSET = 14 };

static uint8_t zeros[70000];

/* A capture, where each of its blocks ends, and whether it is a packet. */
struct blocks {
	struct bytes file;
	size_t ends[BLOCKS_MAX];
	bool is_packet[BLOCKS_MAX];
	unsigned n;
};

static void ended(struct blocks *c, bool is_packet)
{
	c->is_packet[c->n] = is_packet;
	c->ends[c->n++] = c->file.len;
}

static void option(struct bytes *b, uint16_t code, const void *value, uint16_t len)
{
	bytes_u16(b, code);
	bytes_u16(b, len);
	bytes_add(b, value, len);
	bytes_add(b, "\0\0\0", (4 - len % 4) % 4);
}

static void option_u64(struct bytes *b, uint16_t code, uint64_t value)
{
	bytes_u16(b, code);
	bytes_u16(b, 8);
	bytes_u32(b, (uint32_t)(b->big_endian ? value >> 32 : value));
	bytes_u32(b, (uint32_t)(b->big_endian ? value : value >> 32));
}

static void block_of(struct bytes *b, uint32_t type, struct bytes *body)
{
	pcapng_block(b, type, body->at, (uint32_t)body->len);
	bytes_free(body);
}

static struct bytes body_of(const struct bytes *b)
{
	return (struct bytes){.big_endian = b->big_endian};
}

/* With a comment before the options that matter, and an end. */
static void interface_with_options(
	struct bytes *b, uint16_t link, uint8_t resolution, int64_t offset)
{
	struct bytes body = body_of(b);

	bytes_u16(&body, link);
	bytes_u16(&body, 0);
	bytes_u32(&body, 96);
	option(&body, COMMENT, "a comment", 9);
	option(&body, TSRESOL, &resolution, 1);
	option_u64(&body, TSOFFSET, (uint64_t)offset);
	option(&body, 0, NULL, 0);
	block_of(b, 1, &body);
}

static void enhanced(struct bytes *b, uint32_t interface, uint64_t time, uint32_t comment)
{
	struct bytes body = body_of(b);

	bytes_u32(&body, interface);
	bytes_u32(&body, (uint32_t)(time >> 32));
	bytes_u32(&body, (uint32_t)time);
	bytes_u32(&body, FRAME_LEN);
	bytes_u32(&body, FRAME_LEN);
	bytes_add(&body, frame, FRAME_LEN);
	bytes_add(&body, "\0", 1);
	for (uint32_t len; comment > 0; comment -= len) {
		len = comment < 60000 ? comment : 60000;
		option(&body, COMMENT, zeros, (uint16_t)len);
	}
	block_of(b, 6, &body);
}

/* The obsolete Packet Block. */
static void old_packet(struct bytes *b, uint16_t interface, uint64_t time)
{
	struct bytes body = body_of(b);

	bytes_u16(&body, interface);
	bytes_u16(&body, 7); /* drops */
	bytes_u32(&body, (uint32_t)(time >> 32));
	bytes_u32(&body, (uint32_t)time);
	bytes_u32(&body, FRAME_LEN);
	bytes_u32(&body, FRAME_LEN);
	bytes_add(&body, frame, FRAME_LEN);
	block_of(b, 2, &body);
}

static void simple(struct bytes *b, uint32_t wire, uint32_t cap)
{
	struct bytes body = body_of(b);

	bytes_u32(&body, wire);
	bytes_add(&body, frame, cap);
	block_of(b, 3, &body);
}

static void section(struct blocks *c)
{
	pcapng_begin(&c->file);
	ended(c, false);
}

/* Every kind of block; those of more than 4096 bytes are not kept while they are read. */
static struct blocks every_block(bool big_endian)
{
	struct blocks c = {.file = {.big_endian = big_endian}};
	static const uint32_t others[] = {4, 5, 10, 0xbad, 0x40000bad, 0x80000001};

	section(&c);
	interface_with_options(&c.file, ETHERNET, 9, 0);
	ended(&c, false);
	enhanced(&c.file, 0, 1000, 0);
	ended(&c, true);
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		pcapng_block(&c.file, others[i], zeros, 10 + i);
		ended(&c, false);
	}
	enhanced(&c.file, 0, 2000, 33);
	ended(&c, true);
	simple(&c.file, FRAME_LEN, FRAME_LEN);
	ended(&c, true);
	old_packet(&c.file, 0, 3000);
	ended(&c, true);
	pcapng_block(&c.file, 0xbad, zeros, 4200);
	ended(&c, false);
	c.file.big_endian = !big_endian;
	section(&c);
	interface_with_options(&c.file, ETHERNET, 6, 0);
	ended(&c, false);
	enhanced(&c.file, 0, 4, 0);
	ended(&c, true);
	return c;
}

/* Cut anywhere: the whole packets come, and one sentence says in which block, unless the cut is
 * between two. Whole it is read to the end. */
static void gives_what_comes_before_a_cut_in_any_block(void)
{
	for (int big = 0; big < 2; big++) {
		struct blocks c = every_block(big);

		for (size_t len = 1; len <= c.file.len; len++) {
			struct bytes cut = {.at = c.file.at, .len = len};
			unsigned packets = 0, done = 0;
			char where[64];
			struct seen s;

			/* Inside the long ones a few are enough. */
			if (len % 97 != 0 && len > 800 && len < c.file.len - 300)
				continue;
			for (; done < c.n && c.ends[done] <= len; done++)
				packets += c.is_packet[done];
			bytes_write(&cut, file_path("cut"));
			s = read_one(file_path("cut"), NULL);
			CU_ASSERT_EQUAL(s.n, packets);
			CU_ASSERT_EQUAL_FATAL(s.errors_n, done == 0 || c.ends[done - 1] != len);
			snprintf(where, sizeof(where), "(block %u at byte %zu", done + 1,
				done > 0 ? c.ends[done - 1] : 0);
			if (s.errors_n > 0)
				CU_ASSERT_PTR_NOT_NULL(strstr(s.errors[0], "breaks off"));
			if (s.errors_n > 0 && len >= 24)
				CU_ASSERT_PTR_NOT_NULL(strstr(s.errors[0], where));
		}
		bytes_free(&c.file);
	}
}

static void gives_times_lengths_and_numbers(void)
{
	static const uint64_t times[] = {
		1000, 2000, 2000, 3000, 4000}; /* a simple one has none */

	for (int big = 0; big < 2; big++) {
		struct blocks c = every_block(big);
		struct seen s = read_one(file_make("all", &c.file), NULL);

		CU_ASSERT_EQUAL_FATAL(s.n, 5);
		CU_ASSERT_EQUAL(s.errors_n, 0);
		CU_ASSERT_EQUAL(s.counters.time_backwards, 0);
		for (unsigned i = 0; i < s.n; i++) {
			CU_ASSERT_EQUAL(s.packets[i].time_ns, times[i]);
			CU_ASSERT_EQUAL(s.packets[i].number, i + 1);
			CU_ASSERT_EQUAL(s.packets[i].cap, FRAME_LEN);
			CU_ASSERT_EQUAL(s.packets[i].link, LINK_ETHERNET);
		}
	}
}

static void reads_every_resolution_and_offset(void)
{
	static const struct {
		uint8_t resolution;
		int64_t offset;
		uint64_t time, ns;
	} rows[] = {
		{9, 1700000000, 5, 1700000000000000005},
		{6, -10, 10000001, 1000},
		{6, -10, 1, 0}, /* before 1970 */
		{0, INT64_MAX, UINT64_MAX, INT64_MAX},
		{0, INT64_MIN, 5, 0},
		{12, 0, 1700000000000000000, 1700000000000000},
		{19, 0, 10000000000, 1},
		{28, 0, UINT64_MAX, 1},
		{127, 0, UINT64_MAX, 0},
		{0x80 | 20, 1, 1 << 19, 1500000000},
		{0x80 | 63, 0, UINT64_MAX, 1999999999},
		{0x80 | 127, 3, UINT64_MAX, 3000000000},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes b = {.big_endian = i % 2};
		struct seen s;

		pcapng_begin(&b);
		interface_with_options(&b, ETHERNET, rows[i].resolution, rows[i].offset);
		enhanced(&b, 0, rows[i].time, 0);
		s = read_one(file_make("time", &b), NULL);
		CU_ASSERT_EQUAL_FATAL(s.n, 1);
		CU_ASSERT_EQUAL(s.packets[0].time_ns, rows[i].ns);
	}
}

/* The snap length says how much a simple packet has; the others say it themselves. */
static void knows_snap_lengths(void)
{
	struct bytes b = {0};
	struct seen s;

	pcapng_begin(&b);
	pcapng_interface(&b, ETHERNET, 20, 9);
	pcapng_interface(&b, ETHERNET, 96, 9);
	simple(&b, FRAME_LEN, 20);
	pcapng_packet(&b, 0, 1, frame, FRAME_LEN, FRAME_LEN);
	pcapng_packet(&b, 1, 1, zeros, 66000, 66001);
	s = read_one(file_make("snap", &b), NULL);
	CU_ASSERT_EQUAL_FATAL(s.n, 3);
	CU_ASSERT_EQUAL(s.errors_n, 0);
	CU_ASSERT_EQUAL(s.packets[0].cap, 20);
	CU_ASSERT_EQUAL(s.packets[0].wire, FRAME_LEN);
	CU_ASSERT_EQUAL(s.packets[1].cap, FRAME_LEN);
	CU_ASSERT_EQUAL(s.packets[2].cap, 66000);
	CU_ASSERT_EQUAL(s.packets[2].wire, 66001);
}

/* Then a simple packet has all of its bytes. */
static void a_snap_length_of_0_is_none(void)
{
	struct bytes b = {0};
	struct seen s;

	pcapng_begin(&b);
	pcapng_interface(&b, ETHERNET, 0, 9);
	simple(&b, FRAME_LEN, FRAME_LEN);
	pcapng_packet(&b, 0, 1, frame, FRAME_LEN - 1, FRAME_LEN);
	s = read_one(file_make("snap0", &b), NULL);
	CU_ASSERT_EQUAL_FATAL(s.n, 2);
	CU_ASSERT_EQUAL(s.errors_n, 0);
	CU_ASSERT_EQUAL(s.packets[0].cap, FRAME_LEN);
	CU_ASSERT_EQUAL(s.packets[0].wire, FRAME_LEN);
	CU_ASSERT_EQUAL(s.packets[1].cap, FRAME_LEN - 1);
}

/* A section header alone, and blocks that are longer than anything that is kept. */
static void needs_no_packet_and_no_memory(void)
{
	struct bytes b = {0}, body = {0};
	struct seen s;

	pcapng_begin(&b);
	s = read_one(file_make("alone", &b), NULL);
	CU_ASSERT_EQUAL(s.n, 0);
	CU_ASSERT_EQUAL(s.errors_n, 0);
	CU_ASSERT_EQUAL(s.counters.readable, 1);
	for (int i = 0; i < 260; i++)
		bytes_add(&body, zeros, sizeof(zeros));
	pcapng_begin(&b);
	pcapng_interface(&b, ETHERNET, 65535, 9);
	pcapng_block(&b, 0x40000bad, body.at, (uint32_t)body.len); /* 18 MB */
	bytes_free(&body);
	enhanced(&b, 0, 7, 300000); /* more options than a packet may have bytes */
	enhanced(&b, 0, 8, 0);
	s = read_one(file_make("long", &b), NULL);
	CU_ASSERT_EQUAL_FATAL(s.n, 2);
	CU_ASSERT_EQUAL(s.errors_n, 0);
	CU_ASSERT_EQUAL(s.packets[0].cap, FRAME_LEN);
	CU_ASSERT_EQUAL(s.packets[1].time_ns, 8);
}

/* Changes four bytes of a capture with two packets, `at` from the start of the second. */
static struct seen damaged(size_t at, uint32_t value)
{
	struct bytes b = {0}, number = {0};
	size_t from;

	pcapng_begin(&b);
	pcapng_interface(&b, ETHERNET, 65535, 9);
	enhanced(&b, 0, 1, 0);
	from = b.len;
	enhanced(&b, 0, 2, 0);
	bytes_u32(&number, value);
	memcpy(b.at + from + at, number.at, 4);
	bytes_free(&number);
	return read_one(file_make("damaged", &b), NULL);
}

static void says_what_is_wrong_with_a_block(void)
{
	static const struct {
		size_t at;
		uint32_t value;
		const char *what;
	} rows[] = {
		{4, 8, "a length of 8, which is too short"},
		{4, 28, "a length of 28, which is too short"},
		{4, UINT32_MAX, "a length of 4294967295"},
		{4, 72, "a packet of 43 captured bytes where there is room for 40"},
		{8, 1, "interface 1, and the section has described 1 so far"},
		{8, UINT32_MAX, "interface 4294967295, and the section has described 1 so far"},
		{20, 45, "a packet of 45 captured bytes where there is room for 44"},
		{20, 262145,
			"a packet of 262145 captured bytes, more than the 262144 that are "
			"possible"},
		{72, 77, "its length is 76 at its start and 77 at its end"},
	};
	char wanted[200];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen s = damaged(rows[i].at, rows[i].value);

		CU_ASSERT_EQUAL(s.n, 1);
		CU_ASSERT_EQUAL_FATAL(s.errors_n, 1);
		snprintf(wanted, sizeof(wanted),
			"cannot be read on at packet 2 (block 4 at byte 136, an Enhanced "
			"Packet "
			"Block: %s",
			rows[i].what);
		CU_ASSERT_PTR_NOT_NULL(strstr(s.errors[0], wanted));
		if (strstr(s.errors[0], wanted) == NULL)
			printf("\n got %s\n want %s\n", s.errors[0], wanted);
	}
	/* Without its padding a length is believed, as Wireshark does. */
	CU_ASSERT_EQUAL(damaged(4, 75).n, 2);
}

static void says_what_is_wrong_with_a_section(void)
{
	static const uint8_t over[] = {1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 5, 0, 6, 0, 0, 0};
	struct bytes b = {0};
	struct seen s;

	pcapng_begin(&b);
	b.at[12] = 2;
	s = read_one(file_make("version", &b), NULL);
	CU_ASSERT_EQUAL_FATAL(s.errors_n, 1);
	error_is(s.errors[0], "version",
		"cannot be read, not even to the first packet (block 1 at byte 0, a Section "
		"Header Block: version 2.0 of pcapng, and not 1.0)");
	pcapng_begin(&b);
	b.at[14] = 2; /* some writers say 1.2 */
	pcapng_interface(&b, ETHERNET, 65535, 9);
	pcapng_packet(&b, 0, 1, frame, FRAME_LEN, FRAME_LEN);
	pcapng_begin(&b);
	b.at[b.len - 20] = 0xee;
	s = read_one(file_make("order", &b), NULL);
	CU_ASSERT_EQUAL(s.n, 1);
	CU_ASSERT_EQUAL_FATAL(s.errors_n, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(
		s.errors[0], "a Section Header Block: its byte order is said by ee 3c 2b 1a)"));
	pcapng_begin(&b);
	pcapng_block(&b, 1, over, sizeof(over));
	s = read_one(file_make("option", &b), NULL);
	CU_ASSERT_EQUAL_FATAL(s.errors_n, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.errors[0],
		"an Interface Description Block: an option reaches over its end)"));
}

void suite_capture_blocks(void);
void suite_capture_blocks(void)
{
	CU_pSuite s = CU_add_suite("capture_blocks", captures_begin, captures_end);

	CU_ADD_TEST(s, gives_what_comes_before_a_cut_in_any_block);
	CU_ADD_TEST(s, gives_times_lengths_and_numbers);
	CU_ADD_TEST(s, reads_every_resolution_and_offset);
	CU_ADD_TEST(s, knows_snap_lengths);
	CU_ADD_TEST(s, a_snap_length_of_0_is_none);
	CU_ADD_TEST(s, needs_no_packet_and_no_memory);
	CU_ADD_TEST(s, says_what_is_wrong_with_a_block);
	CU_ADD_TEST(s, says_what_is_wrong_with_a_section);
}
