#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "dataplane/support/captures.h"

static void says_what_is_wrong_with_a_file(void)
{
	static const char text[] = "\0\x11\x22\x33 no capture at all";
	struct bytes short_magic = {0}, not = {0}, empty = {0}, short_header = small_pcap();
	struct bytes in_record = small_pcap(), in_data = small_pcap(), link = {0},
		     big = small_pcap();
	struct bytes version = small_pcap(), no_interface = {0}, bad_block = {0};
	struct {
		struct bytes *file;
		unsigned packets;
		const char *rest;
	} rows[] = {
		{&empty, 0, "is empty"},
		{&not, 0, "is not a pcap or pcapng capture (it begins with 00 11 22 33)"},
		{&short_magic, 0,
			"breaks off before the first packet (3 of the 24 bytes of its header "
			"are "
			"there)"},
		{&short_header, 0,
			"breaks off before the first packet (23 of the 24 bytes of its header "
			"are "
			"there)"},
		{&in_record, 1,
			"breaks off at packet 2 (15 of the 16 bytes of its record header are "
			"there)"},
		{&in_data, 2,
			"breaks off at packet 3 (31 of the 32 bytes of its packet are there)"},
		{&link, 0,
			"its link type is IEEE802_11 (802.11); what is read is Ethernet, raw "
			"IP, "
			"Linux cooked, BSD loopback, PPP and Cisco HDLC"},
		{&big, 1,
			"cannot be read on at packet 2 (at byte 70: a packet of 16777247 "
			"captured "
			"bytes, more than the 262144 that are possible)"},
		{&version, 0, "its header names version 9.4 of pcap, and not 2.4"},
		{&no_interface, 0,
			"cannot be read on at packet 1 (block 2 at byte 28, an Enhanced Packet "
			"Block: interface 0, and the section has described 0 so far)"},
		{&bad_block, 1,
			"cannot be read on at packet 2 (block 4 at byte 136, an Enhanced "
			"Packet "
			"Block: a length of 4, which is too short)"},
	};

	bytes_add(&not, text, sizeof(text));
	bytes_add(&short_magic, "\xd4\xc3\xb2", 3);
	short_header.len = 23;
	in_record.len = 24 + 16 + 30 + 15;
	in_data.len--;
	pcap_begin(&link, PCAP_NANO, 65535, 105);
	pcap_packet(&link, 1, 1, frame, FRAME_LEN, FRAME_LEN);
	big.at[24 + 16 + 30 + 11] = 1; /* the most significant byte of caplen */
	version.at[4] = 9;
	pcapng_begin(&no_interface);
	pcapng_packet(&no_interface, 0, 1, frame, FRAME_LEN, FRAME_LEN);
	pcapng_begin(&bad_block);
	pcapng_interface(&bad_block, ETHERNET, 65535, 9);
	pcapng_packet(&bad_block, 0, 1, frame, FRAME_LEN, FRAME_LEN);
	bytes_u32(&bad_block, 6);
	bytes_u32(&bad_block, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen s = read_one(file_make("wrong", rows[i].file), NULL);

		CU_ASSERT_EQUAL(s.n, rows[i].packets);
		CU_ASSERT_EQUAL_FATAL(s.errors_n, 1);
		error_is(s.errors[0], "wrong", rows[i].rest);
	}
}

static void says_which_file_cannot_be_opened(void)
{
	const char *paths[] = {file_path("missing"), captures_folder()};
	struct seen s = read_all(paths, 2, NULL);

	CU_ASSERT_EQUAL(s.n, 0);
	CU_ASSERT_EQUAL(s.counters.captures, 2);
	CU_ASSERT_EQUAL(s.counters.readable, 0);
	CU_ASSERT_EQUAL_FATAL(s.errors_n, 2);
	error_is(s.errors[0], "missing", "cannot open: No such file or directory");
	CU_ASSERT_PTR_NOT_NULL(strstr(s.errors[1], ": is a directory, not a capture"));
}

/* Cut anywhere: the packets that are whole are delivered, and there is one sentence, except where
 * the file ends between two packets. `ends` are the lengths after which a packet is whole; before
 * `header` no packet can come, and `alone` is the length of a header that may stand alone. */
static void cut_anywhere(
	struct bytes *whole, size_t alone, size_t header, const size_t *ends, unsigned n)
{
	for (size_t len = 0; len <= whole->len; len++) {
		struct bytes cut = {.at = whole->at, .len = len};
		unsigned packets = 0;
		bool is_clean = len == header || len == alone;
		const char *path = file_path("cut");
		struct seen s;

		for (unsigned i = 0; i < n; i++) {
			packets += len >= ends[i];
			is_clean = is_clean || len == ends[i];
		}
		bytes_write(&cut, path);
		s = read_one(path, NULL);
		CU_ASSERT_EQUAL(s.n, packets);
		CU_ASSERT_EQUAL(s.errors_n, !is_clean);
	}
	bytes_free(whole);
}

static void gives_what_comes_before_a_cut(void)
{
	struct bytes pcap = small_pcap(), ng = {0};
	size_t ends[3] = {24 + 46, 24 + 46 + 47, 24 + 46 + 47 + 48}, header;

	cut_anywhere(&pcap, 24, 24, ends, 3);
	pcapng_begin(&ng);
	pcapng_interface(&ng, ETHERNET, 65535, 9);
	header = ng.len;
	for (uint32_t i = 0; i < 3; i++) {
		pcapng_packet(&ng, 0, i, frame, 30 + i, FRAME_LEN);
		ends[i] = ng.len;
	}
	cut_anywhere(&ng, 28, header, ends, 3);
}

/* Not every damage can be seen (a length that swallows the next record is none), but silence with
 * nothing read would be wrong. */
static void damage_anywhere(struct bytes *whole)
{
	static const uint8_t wrong[] = {0x01, 0x80, 0xff};
	unsigned silent = 0, many = 0;

	for (size_t i = 0; i < whole->len * sizeof(wrong); i++) {
		const char *path = file_path("damaged");
		struct seen s;
		uint64_t packets;

		whole->at[i / sizeof(wrong)] ^= wrong[i % sizeof(wrong)];
		bytes_write(whole, path);
		whole->at[i / sizeof(wrong)] ^= wrong[i % sizeof(wrong)];
		s = read_one(path, "len > 31");
		packets = s.n + s.counters.bpf_excluded;
		silent += packets == 0 && s.errors_n == 0;
		many += packets > 3 || s.errors_n > 1;
	}
	CU_ASSERT_EQUAL(silent, 0);
	CU_ASSERT_EQUAL(many, 0);
	bytes_free(whole);
}

static void damage_anywhere_is_survived(void)
{
	struct bytes pcap = small_pcap(), ng = {0};

	pcapng_begin(&ng);
	pcapng_interface(&ng, ETHERNET, 65535, 9);
	for (uint32_t i = 0; i < 3; i++)
		pcapng_packet(&ng, 0, i, frame, 30 + i, FRAME_LEN);
	damage_anywhere(&pcap);
	damage_anywhere(&ng);
}

/* How many bytes zlib itself gets out of a part of a gzip file. */
static size_t unpacked_len(const uint8_t *at, size_t len)
{
	uint8_t room[4096];
	z_stream z = {.next_in = (Bytef *)(uintptr_t)at,
		.avail_in = (uInt)len,
		.next_out = room,
		.avail_out = sizeof(room)};

	inflateInit2(&z, MAX_WBITS + 16);
	inflate(&z, Z_SYNC_FLUSH);
	inflateEnd(&z);
	return sizeof(room) - z.avail_out;
}

static void gives_what_comes_before_a_cut_in_gzip(void)
{
	struct bytes pcap = small_pcap(), packed = {.at = malloc(4096)};
	z_stream z = {.next_in = pcap.at,
		.avail_in = (uInt)pcap.len,
		.next_out = packed.at,
		.avail_out = 4096};

	deflateInit2(&z, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
	CU_ASSERT_EQUAL_FATAL(deflate(&z, Z_FINISH), Z_STREAM_END);
	packed.len = 4096 - z.avail_out;
	deflateEnd(&z);
	for (size_t len = 2; len <= packed.len; len++) {
		struct bytes cut = {.at = packed.at, .len = len};
		size_t there = unpacked_len(packed.at, len);
		unsigned packets = (there >= 70) + (there >= 117) + (there >= 165);
		char rest[100];
		struct seen s;

		bytes_write(&cut, file_path("cut.gz"));
		s = read_one(file_path("cut.gz"), NULL);
		CU_ASSERT_EQUAL(s.n, packets);
		CU_ASSERT_EQUAL_FATAL(s.errors_n, len < packed.len);
		if (there >= 24)
			snprintf(rest, sizeof(rest),
				"breaks off at packet %u: the gzip data breaks off",
				packets + 1);
		else
			snprintf(rest, sizeof(rest),
				"no packet was read: the gzip data breaks off");
		if (len < packed.len)
			error_is(s.errors[0], "cut.gz", rest);
	}
	bytes_free(&pcap);
	bytes_free(&packed);
}

void suite_input_damage(void);
void suite_input_damage(void)
{
	CU_pSuite s = CU_add_suite("input_damage", captures_begin, captures_end);

	CU_ADD_TEST(s, says_what_is_wrong_with_a_file);
	CU_ADD_TEST(s, says_which_file_cannot_be_opened);
	CU_ADD_TEST(s, gives_what_comes_before_a_cut);
	CU_ADD_TEST(s, damage_anywhere_is_survived);
	CU_ADD_TEST(s, gives_what_comes_before_a_cut_in_gzip);
}
