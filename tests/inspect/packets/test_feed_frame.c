/* Frames of feeds, byte by byte as the standards have them. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "inspect/packets/feed_frame.h"
#include "support/hex.h"

#define MACS "0203040506070a0b0c0d0e0f"
#define ZERO "000000000000000000000000"
#define IP "45000014000000004006000001020304"

static const struct {
	const char *name;
	enum link link;
	const char *packet;
	unsigned outer, inner; /* 0: no tags */
	uint32_t cut;
	const char *frame; /* NULL: refused */
} rows[] = {
	{"as it is", LINK_ETHERNET, MACS "0800" IP, 0, 0, 0, MACS "0800" IP},
	{"tagged", LINK_ETHERNET, MACS "0800" IP, 1, 2, 0, MACS "88a80001810000020800" IP},
	{"the largest ids", LINK_ETHERNET, MACS "0800" IP, 4094, 4093, 0,
		MACS "88a80ffe81000ffd0800" IP},
	{"own tags stay behind", LINK_ETHERNET,
		MACS "81006064"
		     "0800" IP,
		112, 1001, 0, MACS "88a80070810003e9810060640800" IP},
	{"no IP", LINK_ETHERNET, MACS "08060001", 1, 1, 0,
		MACS "88a80001810000010806"
		     "0001"},
	{"an addressless end", LINK_ETHERNET, MACS, 1, 1, 0, MACS "88a8000181000001"},
	{"too short for tags", LINK_ETHERNET, "0203040506070a0b0c0d0e", 1, 1, 0, NULL},
	{"too short, and no tags", LINK_ETHERNET, "0203040506070a0b0c0d0e", 0, 0, 0,
		"0203040506070a0b0c0d0e"},
	{"raw IPv4", LINK_IP, IP, 0, 0, 0, ZERO "0800" IP},
	{"raw IPv4, tagged", LINK_IP, IP, 1, 2, 0, ZERO "88a80001810000020800" IP},
	{"raw IPv6", LINK_IP, "60000000000006400000", 1, 2, 0,
		ZERO "88a800018100000286dd"
		     "60000000000006400000"},
	{"raw, and no IP", LINK_IP, "10ff", 0, 0, 0, ZERO "88b510ff"},
	{"raw, and empty", LINK_IP, "", 0, 0, 0, ZERO "88b5"},
	{"cooked", LINK_SLL, "00000001000602030405060700000800" IP, 3, 4, 0,
		"00000000000002030405060788a80003810000040800" IP},
	{"cut", LINK_ETHERNET, MACS "0800" IP, 0, 0, 20, MACS "0800450000140000"},
	{"cut, and tagged", LINK_ETHERNET, MACS "0800" IP, 1, 2, 20,
		MACS "88a80001810000020800450000140000"},
	{"cut behind its end", LINK_ETHERNET, MACS "0800" IP, 0, 0, 300, MACS "0800" IP},
};

static void frames_are_as_the_standards_have_them(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t packet[64], whole[128], expected[128];
		size_t len = hex_read(rows[i].packet, packet, sizeof(packet));
		struct packet_record record = {.frame = packet,
			.cap = (uint32_t)len,
			.wire = (uint32_t)len + 1000,
			.link = rows[i].link};
		struct point_tag tag = {(uint16_t)rows[i].outer, (uint16_t)rows[i].inner};
		struct feed_frame frame;
		bool made = feed_frame_make(
			&frame, &record, rows[i].outer ? &tag : NULL, rows[i].cut);
		uint32_t n = frame.bytes.header_len + frame.bytes.cap;

		CU_ASSERT_EQUAL(made, rows[i].frame != NULL);
		if (!made || !rows[i].frame)
			continue;
		memcpy(whole, frame.bytes.header, frame.bytes.header_len);
		memcpy(whole + frame.bytes.header_len, frame.bytes.payload, frame.bytes.cap);
		len = hex_read(rows[i].frame, expected, sizeof(expected));
		CU_ASSERT_EQUAL(n, len);
		CU_ASSERT_EQUAL(memcmp(whole, expected, len), 0);
		if (n != len || memcmp(whole, expected, len) != 0)
			printf("\n%s", rows[i].name);
	}
}

/* Cutting takes nothing from what it was in full, and tags add to it. */
static void the_original_length_stays(void)
{
	uint8_t packet[34] = {0};
	struct packet_record record = {.frame = packet, .cap = 34, .wire = 1500};
	struct point_tag tag = {1, 1};
	struct feed_frame frame;

	CU_ASSERT_TRUE(feed_frame_make(&frame, &record, &tag, 20));
	CU_ASSERT_EQUAL(frame.bytes.header_len + frame.bytes.wire, 1508);
	CU_ASSERT_EQUAL(frame.bytes.header_len + frame.bytes.cap, 28);
	CU_ASSERT_TRUE(feed_frame_make(&frame, &record, NULL, 0));
	CU_ASSERT_EQUAL(frame.bytes.header_len + frame.bytes.wire, 1500);
}

void suite_feed_frame(void);
void suite_feed_frame(void)
{
	CU_pSuite s = CU_add_suite("feed_frame", NULL, NULL);

	CU_ADD_TEST(s, frames_are_as_the_standards_have_them);
	CU_ADD_TEST(s, the_original_length_stays);
}
