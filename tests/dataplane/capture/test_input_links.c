/* Packets of several link types, and several captures, in one file. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/log/error.h"
#include "dataplane/support/captures.h"

enum { RAW = 101, WIFI = 105 };

/* Each packet by its own interface; those of a type that is not read are left out and counted, and
 * descriptions without a packet do not matter. */
static void mixes_link_types(void)
{
	struct bytes b = {0};
	struct seen s;

	pcapng_begin(&b);
	pcapng_interface(&b, WIFI, 96, 9);
	pcapng_interface(&b, ETHERNET, 65535, 9);
	pcapng_interface(&b, RAW, 262144, -1);
	pcapng_interface(&b, 65535, 0, -1);
	pcapng_packet(&b, 1, 1000, frame, FRAME_LEN, FRAME_LEN);
	pcapng_packet(&b, 2, 2, frame + 14, FRAME_LEN - 14, FRAME_LEN - 14);
	bytes_write(&b, file_path("mixed"));
	s = read_one(file_path("mixed"), NULL);
	CU_ASSERT_EQUAL(s.n, 2);
	CU_ASSERT_EQUAL(s.errors_n, 0);
	CU_ASSERT_EQUAL(s.packets[0].link, LINK_ETHERNET);
	CU_ASSERT_EQUAL(s.packets[1].link, LINK_IP);
	CU_ASSERT_EQUAL(s.packets[1].time_ns, 2000);
	for (uint64_t i = 0; i < 3; i++)
		pcapng_packet(&b, i == 1, 3000 + i, frame, FRAME_LEN, FRAME_LEN);
	s = read_one(file_make("mixed", &b), NULL);
	CU_ASSERT_EQUAL_FATAL(s.n, 3);
	CU_ASSERT_EQUAL(s.packets[2].number, 4);
	CU_ASSERT_EQUAL(s.counters.link_excluded, 2);
	CU_ASSERT_EQUAL_FATAL(s.errors_n, 1);
	error_is(s.errors[0], "mixed",
		"2 packets were left out, the first is packet 3: its link type is IEEE802_11 "
		"(802.11); what is read is Ethernet, raw IP, Linux cooked, BSD loopback, PPP "
		"and "
		"Cisco HDLC");
}

/* Compiled for each link type; where that is impossible, its packets are left out and it is said. */
static void filters_each_link_type(void)
{
	static const char *const expressions[] = {
		"udp port 53", "udp port 54", "ether host 2:0:0:0:0:1", "udp port"};
	static const unsigned left[] = {2, 0, 1, 0};
	struct bytes b = {0};

	pcapng_begin(&b);
	pcapng_interface(&b, RAW, 65535, 9);
	pcapng_interface(&b, ETHERNET, 65535, 9);
	pcapng_packet(&b, 0, 1, frame + 14, FRAME_LEN - 14, FRAME_LEN - 14);
	pcapng_packet(&b, 1, 2, frame, FRAME_LEN, FRAME_LEN);
	for (unsigned i = 0; i < 4; i++) {
		struct seen s;

		bytes_write(&b, file_path("bpf"));
		s = read_one(file_path("bpf"), expressions[i]);
		CU_ASSERT_EQUAL(s.n, left[i]);
		CU_ASSERT_EQUAL(s.refused[0] != '\0', i == 3);
		CU_ASSERT_EQUAL(s.errors_n, i == 2);
		if (i < 3)
			CU_ASSERT_EQUAL(s.counters.bpf_excluded, 2 - left[i]);
		if (i == 2)
			CU_ASSERT_PTR_NOT_NULL(strstr(s.errors[0],
				"1 packet was left out, the first is packet 1: the BPF "
				"expression "
				"cannot be applied to its link type, RAW (Raw IP) ("));
	}
	bytes_free(&b);
}

/* As `cat` makes them: any kind after any kind, in any byte order and of any link type. */
static void reads_captures_one_after_the_other(void)
{
	for (int i = 0; i < 8; i++) {
		struct bytes b = {.big_endian = i & 1};
		struct input *input;
		struct input_packet packet;
		const char *path = file_path("two");
		size_t second;
		char note[300];
		struct error error;
		unsigned n = 0;

		if (i & 2) {
			pcapng_begin(&b);
			pcapng_interface(&b, RAW, 65535, 9);
			pcapng_packet(&b, 0, 1, frame + 14, FRAME_LEN - 14, FRAME_LEN - 14);
		} else {
			pcap_begin(&b, PCAP_MICRO, 65535, RAW);
			pcap_packet(&b, 0, 1, frame + 14, FRAME_LEN - 14, FRAME_LEN - 14);
		}
		second = b.len;
		b.big_endian = !b.big_endian;
		/* A second section is no other capture: it is pcapng's own way. */
		if (i & 4 && !(i & 2)) {
			pcapng_begin(&b);
			pcapng_interface(&b, ETHERNET, 65535, 9);
			pcapng_packet(&b, 0, 2000, frame, FRAME_LEN, FRAME_LEN);
		} else {
			pcap_begin(&b, PCAP_NANO, 65535, ETHERNET);
			pcap_packet(&b, 0, 2000, frame, FRAME_LEN, FRAME_LEN);
		}
		bytes_write(&b, path);
		input = input_open(&path, 1, NULL, &error);
		CU_ASSERT_PTR_NOT_NULL_FATAL(input);
		for (; input_next(input, &packet) == 1; n++) {
			CU_ASSERT_EQUAL(packet.number, n + 1);
			CU_ASSERT_EQUAL(packet.link, n == 0 ? LINK_IP : LINK_ETHERNET);
			CU_ASSERT_EQUAL(packet.time_ns, n == 1 ? 2000 : i & 2 ? 1 : 1000);
			CU_ASSERT_EQUAL(packet.cap, n == 0 ? FRAME_LEN - 14 : FRAME_LEN);
		}
		CU_ASSERT_EQUAL(n, 2);
		CU_ASSERT_EQUAL(input_error_count(input), 0);
		snprintf(note, sizeof(note),
			"%s: holds 2 captures one after the other, the second from byte %zu "
			"on, "
			"after packet 1; they were read as one",
			path, second);
		CU_ASSERT_PTR_NOT_NULL_FATAL(input_note(input, 0));
		CU_ASSERT_STRING_EQUAL(input_note(input, 0), note);
		input_close(input);
		unlink(path);
		bytes_free(&b);
	}
}

/* What was before is given, and the sentence says where. */
static void says_what_is_wrong_with_the_second(void)
{
	struct bytes b = small_pcap();
	size_t second = b.len;
	char rest[200];
	struct seen s;

	pcap_begin(&b, PCAP_NANO, 65535, ETHERNET);
	b.len -= 4;
	s = read_one(file_make("two", &b), NULL);
	CU_ASSERT_EQUAL(s.n, 3);
	CU_ASSERT_EQUAL_FATAL(s.errors_n, 1);
	snprintf(rest, sizeof(rest),
		"cannot be read on at packet 4 (at byte %zu another capture begins: breaks off "
		"before the first packet (20 of the 24 bytes of its header are there))",
		second);
	error_is(s.errors[0], "two", rest);
}

/* An empty record that is dated like a magic number is one, and no header. */
static void takes_no_record_for_a_header(void)
{
	struct bytes b = {0};
	struct seen s;

	pcap_begin(&b, PCAP_NANO, 65535, ETHERNET);
	pcap_packet(&b, PCAP_NANO, 7, NULL, 0, 60);
	pcap_packet(&b, PCAP_NANO, 7, frame, FRAME_LEN, FRAME_LEN);
	s = read_one(file_make("dated", &b), NULL);
	CU_ASSERT_EQUAL(s.n, 2);
	CU_ASSERT_EQUAL(s.errors_n, 0);
}

static void a_link_type_without_packets_does_not_matter(void)
{
	struct bytes b = {0};
	struct seen s;

	pcap_begin(&b, PCAP_NANO, 65535, WIFI);
	s = read_one(file_make("wifi", &b), NULL);
	CU_ASSERT_EQUAL(s.errors_n, 0);
	CU_ASSERT_EQUAL(s.counters.readable, 1);
}

void suite_input_links(void);
void suite_input_links(void)
{
	CU_pSuite s = CU_add_suite("input_links", captures_begin, captures_end);

	CU_ADD_TEST(s, mixes_link_types);
	CU_ADD_TEST(s, filters_each_link_type);
	CU_ADD_TEST(s, reads_captures_one_after_the_other);
	CU_ADD_TEST(s, says_what_is_wrong_with_the_second);
	CU_ADD_TEST(s, takes_no_record_for_a_header);
	CU_ADD_TEST(s, a_link_type_without_packets_does_not_matter);
}
