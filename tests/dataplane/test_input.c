#include <CUnit/Basic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "dataplane/input.h"
#include "support/capture_bytes.h"

enum { MOST = 64, ETHERNET = 1 };

static char folder[] = "/tmp/periscope-input-XXXXXX";

static int make_folder(void)
{
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void)
{
	return rmdir(folder);
}

/* The path of a file of the test; good until the program ends. */
static const char *file_path(const char *name)
{
	static char paths[8][96];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static const char *file_make(const char *name, struct bytes *b)
{
	const char *path = file_path(name);

	bytes_write(b, path);
	bytes_free(b);
	return path;
}

/* UDP 10.0.0.1:1000 > 10.0.0.2:53 with one byte of payload, below Ethernet. */
static const uint8_t frame[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 29, 0, 0,
	0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x03, 0xe8, 0, 53, 0, 9, 0, 0, 'x'};

struct seen {
	struct input_packet packets[MOST];
	uint8_t first[MOST]; /* byte of each, as it was while it was good */
	unsigned n;
	uint64_t sum;   /* of all bytes */
	unsigned wrong; /* packets whose lengths are impossible */
	struct input_counters counters;
	char errors[4][400];
	unsigned errors_n;
	char refused[400]; /* input_open's own sentence */
};

static struct seen read_all(const char *const *paths, unsigned n, const char *bpf)
{
	struct seen s = {0};
	struct input_packet packet;
	struct input *input = input_open(paths, n, bpf, s.refused, sizeof(s.refused));

	if (input == NULL)
		return s;
	while (input_next(input, &packet) == 1 && s.n < MOST) {
		s.wrong += packet.cap > packet.wire || packet.cap > 262144;
		for (uint32_t i = 0; i < packet.cap; i++)
			s.sum += packet.data[i]; /* AddressSanitizer judges */
		s.first[s.n] = packet.cap > 0 ? packet.data[0] : 0;
		s.packets[s.n++] = packet;
	}
	CU_ASSERT_EQUAL(input_next(input, &packet), 0);
	input_counters(input, &s.counters);
	s.errors_n = input_error_count(input);
	for (unsigned i = 0; i < s.errors_n && i < 4; i++)
		snprintf(s.errors[i], sizeof(s.errors[i]), "%s", input_error(input, i));
	CU_ASSERT_EQUAL(s.counters.delivered, s.n);
	CU_ASSERT_EQUAL(s.wrong, 0);
	input_close(input);
	return s;
}

static struct seen read_one(const char *path, const char *bpf)
{
	struct seen s = read_all(&path, 1, bpf);

	if (strcmp(path, "-") != 0)
		unlink(path);
	return s;
}

/* Whether `text` is `wanted`; after "(libpcap: " come libpcap's words, which differ between its
 * versions. */
static bool is_sentence(const char *text, const char *wanted)
{
	const char *theirs = strstr(wanted, "(libpcap: ");

	if (theirs == NULL)
		return strcmp(text, wanted) == 0;
	return strncmp(text, wanted, strlen(wanted)) == 0 && text[strlen(text) - 1] == ')';
}

/* "FOLDER/NAME: REST" */
static void error_is(const char *error, const char *name, const char *rest)
{
	char wanted[400];

	snprintf(wanted, sizeof(wanted), "%s/%s: %s", folder, name, rest);
	CU_ASSERT_TRUE(is_sentence(error, wanted));
	if (!is_sentence(error, wanted))
		printf("\n got  %s\n want %s\n", error, wanted);
}

static void reads_lengths_times_and_numbers(void)
{
	struct bytes b = {0};
	struct seen s;

	pcap_begin(&b, PCAP_MICRO, 65535, ETHERNET);
	pcap_packet(&b, 1600000000, 999999, frame, sizeof(frame), sizeof(frame));
	pcap_packet(&b, 1600000001, 1, frame, 20, 1514);
	pcap_packet(&b, 1600000002, 2, frame, 20, 19); /* claims less than arrived */
	pcap_packet(&b, 1600000003, 3, NULL, 0, 60);
	s = read_one(file_make("a.pcap", &b), NULL);
	CU_ASSERT_EQUAL_FATAL(s.n, 4);
	CU_ASSERT_EQUAL(s.packets[0].cap, sizeof(frame));
	CU_ASSERT_EQUAL(s.packets[0].wire, sizeof(frame));
	CU_ASSERT_EQUAL(s.packets[0].time_ns, 1600000000999999000);
	CU_ASSERT_EQUAL(s.packets[0].number, 1);
	CU_ASSERT_EQUAL(s.packets[1].cap, 20);
	CU_ASSERT_EQUAL(s.packets[1].wire, 1514);
	CU_ASSERT_EQUAL(s.packets[2].cap, 20);
	CU_ASSERT_EQUAL(s.packets[2].wire, 20);
	CU_ASSERT_EQUAL(s.packets[3].cap, 0);
	CU_ASSERT_EQUAL(s.packets[3].wire, 60);
	CU_ASSERT_EQUAL(s.packets[3].number, 4);
	CU_ASSERT_EQUAL(s.errors_n, 0);
	CU_ASSERT_EQUAL(s.counters.bytes_total, 24 + 4 * 16 + sizeof(frame) + 40);
	CU_ASSERT_EQUAL(s.counters.bytes_read, s.counters.bytes_total);
}

static struct bytes one_packet(uint32_t magic, bool big_endian, uint32_t seconds, uint32_t part)
{
	struct bytes b = {.big_endian = big_endian};

	pcap_begin(&b, magic, 65535, ETHERNET);
	pcap_packet(&b, seconds, part, frame, sizeof(frame), sizeof(frame));
	return b;
}

static struct bytes one_block(bool big_endian, int resolution, uint64_t time)
{
	struct bytes b = {.big_endian = big_endian};

	pcapng_begin(&b);
	pcapng_interface(&b, ETHERNET, 65535, resolution);
	pcapng_packet(&b, 0, time, frame, sizeof(frame), sizeof(frame));
	return b;
}

static void gives_every_time_in_nanoseconds(void)
{
	struct {
		struct bytes file;
		uint64_t time_ns;
	} rows[] = {
		{one_packet(PCAP_MICRO, true, 1600000000, 5), 1600000000000005000},
		{one_packet(PCAP_NANO, false, 1600000000, 5), 1600000000000000005},
		{one_packet(PCAP_NANO, true, 1600000000, 999999999), 1600000000999999999},
		/* after 2038, up to the end of pcap's unsigned seconds in 2106 */
		{one_packet(PCAP_NANO, false, 2147483648u, 7), 2147483648000000007},
		{one_packet(PCAP_MICRO, false, UINT32_MAX, 0), 4294967295000000000},
		{one_block(false, -1, 1600000000000005), 1600000000000005000},
		{one_block(false, 9, 1600000000000000005), 1600000000000000005},
		{one_block(true, 9, 1600000000000000005), 1600000000000000005},
		{one_block(false, 3, 1600000000007), 1600000000007000000},
		{one_block(false, 0x80 | 1, 3200000001), 1600000000500000000}, /* halves */
		{one_block(false, 0, UINT64_MAX / 4), INT64_MAX},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen s = read_one(file_make("time", &rows[i].file), NULL);

		CU_ASSERT_EQUAL_FATAL(s.n, 1);
		CU_ASSERT_EQUAL(s.packets[0].time_ns, rows[i].time_ns);
		if (s.packets[0].time_ns != rows[i].time_ns)
			printf("\n row %zu: %llu\n", i,
				(unsigned long long)s.packets[0].time_ns);
	}
}

static void knows_the_link_types(void)
{
	/* As files spell them: www.tcpdump.org/linktypes.html */
	static const struct {
		uint32_t linktype;
		enum link link;
		uint8_t first; /* byte, of 1 2 3 ... */
	} rows[] = {
		{1, LINK_ETHERNET, 1},
		{12, LINK_IP, 1},
		{14, LINK_IP, 1},
		{101, LINK_IP, 1},
		{228, LINK_IP, 1},
		{229, LINK_IP, 1},
		{113, LINK_SLL, 1},
		{276, LINK_SLL2, 1},
		{0, LINK_NULL, 1},
		{108, LINK_NULL, 1},
		{9, LINK_PPP, 1},
		{50, LINK_PPP, 1},
		{104, LINK_PPP, 1},
		{204, LINK_PPP, 2},
		{166, LINK_PPP, 3},
	};
	static const uint8_t data[] = {1, 2, 3, 4, 5};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes b = {0};
		struct seen s;

		pcap_begin(&b, PCAP_NANO, 65535, rows[i].linktype);
		pcap_packet(&b, 1, 1, data, 5, 9);
		pcap_packet(&b, 1, 1, data, 0, 9); /* nothing there to take off */
		s = read_one(file_make("link", &b), NULL);
		CU_ASSERT_EQUAL_FATAL(s.n, 2);
		CU_ASSERT_EQUAL(s.packets[0].link, rows[i].link);
		CU_ASSERT_EQUAL(s.first[0], rows[i].first);
		CU_ASSERT_EQUAL(s.packets[0].cap, 6u - rows[i].first);
		CU_ASSERT_EQUAL(s.packets[0].wire, 10u - rows[i].first);
		CU_ASSERT_EQUAL(s.packets[1].cap, 0);
	}
}

static struct bytes small_pcap(void)
{
	struct bytes b = {0};

	pcap_begin(&b, PCAP_NANO, 65535, ETHERNET);
	for (uint32_t i = 0; i < 3; i++)
		pcap_packet(&b, 100 + i, i, frame, 30 + i, sizeof(frame));
	return b;
}

static void says_what_is_wrong_with_a_file(void)
{
	static const char text[] = "no capture at all, but a text";
	struct bytes short_magic = {0}, not = {0}, empty = {0}, short_header = small_pcap();
	struct bytes in_record = small_pcap(), in_data = small_pcap(), link = {0},
		     big = small_pcap();
	struct bytes version = small_pcap(), two_links = {0}, no_interface = {0},
		     bad_block = {0};
	struct {
		struct bytes *file;
		unsigned packets;
		const char *rest;
	} rows[] = {
		{&empty, 0, "is empty"},
		{&not, 0, "is not a pcap or pcapng capture (it begins with 6e 6f 20 63)"},
		{&short_magic, 0, "breaks off before the first packet (libpcap: "},
		{&short_header, 0, "breaks off before the first packet (libpcap: "},
		{&in_record, 1, "breaks off at packet 2 (libpcap: "},
		{&in_data, 2, "breaks off at packet 3 (libpcap: "},
		{&link, 0,
			"its link type is IEEE802_11 (802.11); what is read is Ethernet, raw "
			"IP, "
			"Linux cooked, BSD loopback, PPP and Cisco HDLC"},
		{&big, 1, "cannot be read on at packet 2 (libpcap: "},
		{&version, 0, "its header is damaged (libpcap: "},
		{&two_links, 1, "cannot be read on at packet 2 (libpcap: "},
		{&no_interface, 0, "its header is damaged (libpcap: "},
		{&bad_block, 1, "cannot be read on at packet 2 (libpcap: "},
	};

	bytes_add(&not, text, sizeof(text));
	bytes_add(&short_magic, "\xd4\xc3\xb2", 3);
	short_header.len = 23;
	in_record.len = 24 + 16 + 30 + 15;
	in_data.len--;
	pcap_begin(&link, PCAP_NANO, 65535, 105);
	big.at[24 + 16 + 30 + 11] = 1; /* the most significant byte of caplen */
	version.at[4] = 9;
	pcapng_begin(&two_links);
	pcapng_interface(&two_links, ETHERNET, 65535, 9);
	pcapng_packet(&two_links, 0, 1, frame, sizeof(frame), sizeof(frame));
	pcapng_interface(&two_links, 101, 65535, 9);
	pcapng_packet(&two_links, 1, 2, frame + 14, 29, 29);
	pcapng_begin(&no_interface);
	pcapng_packet(&no_interface, 0, 1, frame, sizeof(frame), sizeof(frame));
	pcapng_begin(&bad_block);
	pcapng_interface(&bad_block, ETHERNET, 65535, 9);
	pcapng_packet(&bad_block, 0, 1, frame, sizeof(frame), sizeof(frame));
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
	const char *paths[] = {file_path("missing"), folder};
	struct seen s = read_all(paths, 2, NULL);

	CU_ASSERT_EQUAL(s.n, 0);
	CU_ASSERT_EQUAL(s.counters.captures, 2);
	CU_ASSERT_EQUAL(s.counters.readable, 0);
	CU_ASSERT_EQUAL_FATAL(s.errors_n, 2);
	error_is(s.errors[0], "missing", "cannot open: No such file or directory");
	CU_ASSERT_PTR_NOT_NULL(strstr(s.errors[1], ": is a directory, not a capture"));
}

static void refuses_a_wrong_call(void)
{
	const char *paths[] = {"-", "x", "-"}, *none[] = {NULL};

	CU_ASSERT_STRING_EQUAL(
		read_all(paths, 3, NULL).refused, "standard input ('-') can be read only once");
	CU_ASSERT_STRING_EQUAL(read_all(none, 0, NULL).refused, "no capture was named");
	input_close(NULL);
}

/* Cut anywhere: the packets that are whole are delivered, and there is one sentence, except where
 * the file ends between two packets. `ends` are the lengths after which a packet is whole; before
 * `header` no packet can come. */
static void cut_anywhere(struct bytes *whole, size_t header, const size_t *ends, unsigned n)
{
	for (size_t len = 0; len <= whole->len; len++) {
		struct bytes cut = {.at = whole->at, .len = len};
		unsigned packets = 0;
		bool is_clean = len == header;
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

	cut_anywhere(&pcap, 24, ends, 3);
	pcapng_begin(&ng);
	pcapng_interface(&ng, ETHERNET, 65535, 9);
	header = ng.len;
	for (uint32_t i = 0; i < 3; i++) {
		pcapng_packet(&ng, 0, i, frame, 30 + i, sizeof(frame));
		ends[i] = ng.len;
	}
	cut_anywhere(&ng, header, ends, 3);
}

/* libpcap cannot see every damage (a length that swallows the next record is none to it), but
 * silence with nothing read would be wrong. */
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
		pcapng_packet(&ng, 0, i, frame, 30 + i, sizeof(frame));
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

static void the_filter_leaves_out_and_counts(void)
{
	struct bytes b = {0};
	uint8_t other[sizeof(frame)];
	const char *path;
	struct seen s;

	memcpy(other, frame, sizeof(frame));
	other[37] = 54; /* to port 54 */
	pcap_begin(&b, PCAP_NANO, 65535, ETHERNET);
	for (uint32_t i = 0; i < 9; i++)
		pcap_packet(&b, i, 0, i % 3 == 1 ? frame : other, sizeof(frame), sizeof(frame));
	bytes_write(&b, file_path("bpf"));
	s = read_one(file_path("bpf"), "udp dst port 53 and host 10.0.0.2");
	CU_ASSERT_EQUAL_FATAL(s.n, 3);
	CU_ASSERT_EQUAL(s.counters.bpf_excluded, 6);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(s.packets[i].number, 3 * i + 2);
	bytes_write(&b, file_path("bpf"));
	s = read_one(file_path("bpf"), "");
	CU_ASSERT_EQUAL(s.n, 9);
	path = file_make("bpf", &b);
	s = read_one(path, "udp port");
	CU_ASSERT_EQUAL(s.n, 0);
	CU_ASSERT_EQUAL(strncmp(s.refused, "BPF expression 'udp port': ",
				strlen("BPF expression 'udp port': ")),
		0);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.refused, "bpf, link type EN10MB (Ethernet))"));
	pcap_begin(&b, PCAP_NANO, 65535, 101);
	s = read_one(file_make("raw", &b), "ether host 2:0:0:0:0:1");
	CU_ASSERT_PTR_NOT_NULL(strstr(s.refused, "raw, link type RAW (Raw IP))"));
}

/* One capture whose packets' first bytes are `name`, at these times (seconds). */
static const char *timed(char name, const uint32_t *times, unsigned n)
{
	char file[] = {name, '\0'};
	struct bytes b = {0};

	pcap_begin(&b, PCAP_NANO, 65535, ETHERNET);
	for (unsigned i = 0; i < n; i++)
		pcap_packet(&b, times[i], 0, &name, 1, 60);
	return file_make(file, &b);
}

static void merges_by_time_then_by_the_order_of_the_paths(void)
{
	static const uint32_t a[] = {10, 20, 20, 40}, b[] = {5, 20, 20, 41},
			      c[] = {20, 15, 16, 50};
	const char *paths[] = {
		timed('a', a, 4), timed('b', b, 4), timed('c', c, 4), timed('d', a, 0)};
	struct seen s = read_all(paths, 4, NULL);
	static const char wanted[] = "baaabbcccabc";
	static const uint64_t numbers[] = {1, 1, 2, 3, 2, 3, 1, 2, 3, 4, 4, 4};

	CU_ASSERT_EQUAL_FATAL(s.n, 12);
	for (unsigned i = 0; i < s.n; i++) {
		CU_ASSERT_EQUAL(s.first[i], wanted[i]);
		CU_ASSERT_EQUAL(s.packets[i].capture, (uint32_t)(wanted[i] - 'a'));
		CU_ASSERT_EQUAL(s.packets[i].number, numbers[i]);
	}
	CU_ASSERT_EQUAL(s.counters.time_backwards, 1);
	CU_ASSERT_EQUAL(s.counters.readable, 4);
	for (int i = 0; i < 4; i++)
		unlink(paths[i]);
}

/* Against the stupid way: look at every capture's next packet, take the oldest. */
static void merges_like_a_naive_merge(void)
{
	enum { FILES = 7, EACH = 9 };
	uint32_t times[FILES][EACH], seed = 12345;
	const char *paths[FILES];
	unsigned at[FILES] = {0}, back = 0;
	struct seen s;

	for (unsigned f = 0; f < FILES; f++) {
		for (unsigned i = 0; i < EACH; i++) {
			seed = seed * 1103515245 + 12345;
			times[f][i] = i + (seed >> 16) % 5;
			back += i > 0 && times[f][i] < times[f][i - 1];
		}
		paths[f] = timed((char)('a' + f), times[f], EACH);
	}
	s = read_all(paths, FILES, NULL);
	CU_ASSERT_EQUAL_FATAL(s.n, FILES * EACH);
	CU_ASSERT_EQUAL(s.counters.time_backwards, back);
	for (unsigned i = 0; i < s.n; i++) {
		unsigned oldest = FILES;

		for (unsigned f = 0; f < FILES; f++)
			if (at[f] < EACH &&
				(oldest == FILES ||
					times[f][at[f]] < times[oldest][at[oldest]]))
				oldest = f;
		CU_ASSERT_EQUAL(s.packets[i].capture, oldest);
		CU_ASSERT_EQUAL(s.packets[i].number, ++at[oldest]);
	}
	for (unsigned f = 0; f < FILES; f++)
		unlink(paths[f]);
}

static void a_broken_capture_does_not_stop_the_others(void)
{
	static const uint32_t a[] = {1, 2, 3}, b[] = {1, 2, 3, 4};
	const char *paths[] = {timed('a', a, 3), file_path("gone"), timed('b', b, 4)};
	struct seen s;

	CU_ASSERT_EQUAL_FATAL(truncate(paths[0], 24 + 17 + 17 + 3), 0);
	s = read_all(paths, 3, NULL);
	CU_ASSERT_EQUAL(s.n, 6);
	CU_ASSERT_EQUAL(s.counters.captures, 3);
	CU_ASSERT_EQUAL(s.counters.readable, 2);
	CU_ASSERT_EQUAL_FATAL(s.errors_n, 2);
	error_is(s.errors[0], "gone", "cannot open: No such file or directory");
	error_is(s.errors[1], "a", "breaks off at packet 3 (libpcap: ");
	unlink(paths[0]);
	unlink(paths[2]);
}

/* Runs `read_one("-")` with `stored` coming through a pipe. */
static struct seen read_stdin(const struct bytes *stored)
{
	int ends[2], saved = dup(STDIN_FILENO);
	struct seen s;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	CU_ASSERT_EQUAL_FATAL(write(ends[1], stored->at, stored->len), (ssize_t)stored->len);
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	s = read_one("-", NULL);
	CU_ASSERT_TRUE(lseek(STDIN_FILENO, 0, SEEK_CUR) < 0); /* still the pipe: not closed */
	dup2(saved, STDIN_FILENO);
	close(saved);
	return s;
}

static void reads_standard_input(void)
{
	struct bytes pcap = small_pcap(), packed = {.at = malloc(4096)};
	z_stream z = {.next_in = pcap.at,
		.avail_in = (uInt)pcap.len,
		.next_out = packed.at,
		.avail_out = 4096};
	struct seen s = read_stdin(&pcap);

	CU_ASSERT_EQUAL(s.n, 3);
	CU_ASSERT_EQUAL(s.errors_n, 0);
	CU_ASSERT_EQUAL(s.counters.bytes_total, 0);
	CU_ASSERT_EQUAL(s.counters.bytes_read, pcap.len);
	deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
	CU_ASSERT_EQUAL_FATAL(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	packed.len = 4096 - z.avail_out;
	s = read_stdin(&packed);
	CU_ASSERT_EQUAL(s.n, 3);
	CU_ASSERT_EQUAL(s.errors_n, 0);
	pcap.len -= 1;
	s = read_stdin(&pcap);
	CU_ASSERT_EQUAL(s.n, 2);
	CU_ASSERT_TRUE(
		is_sentence(s.errors[0], "standard input: breaks off at packet 3 (libpcap: "));
	bytes_free(&pcap);
	bytes_free(&packed);
}

/* In a child, because a hard limit never rises again: 0 when all is as it should be. */
static int open_many(const char *path, rlim_t soft, rlim_t hard, bool all_open)
{
	enum { MANY = 1000 };
	struct rlimit limit = {soft, hard};
	const char *paths[MANY];
	struct input_packet packet;
	struct input_counters counters;
	struct input *input;
	char error[200] = "";
	unsigned n = 0;

	for (unsigned i = 0; i < MANY; i++)
		paths[i] = path;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1;
	input = input_open(paths, MANY, NULL, error, sizeof(error));
	if (input == NULL)
		return 2;
	while (input_next(input, &packet) == 1)
		n++;
	input_counters(input, &counters);
	if (n != 3 * counters.readable || counters.readable + input_error_count(input) != MANY)
		return 3;
	if (all_open ? counters.readable != MANY : counters.readable < 50)
		return 4;
	if (!all_open &&
		strstr(input_error(input, 0), ": cannot open: this process may not open more "
					      "than 100 files at once (ulimit "
					      "-n)") == NULL)
		return 5;
	input_close(input);
	return 0;
}

static int open_many_in_child(const char *path, rlim_t soft, rlim_t hard, bool all_open)
{
	int status = -1;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		_exit(open_many(path, soft, hard, all_open));
	waitpid(child, &status, 0);
	return status;
}

static void opens_a_thousand_captures_or_says_why_not(void)
{
	struct bytes pcap = small_pcap();
	const char *path = file_make("many", &pcap);

	CU_ASSERT_EQUAL(open_many_in_child(path, 64, 2048, true), 0);
	CU_ASSERT_EQUAL(open_many_in_child(path, 64, 100, false), 0);
	unlink(path);
}

struct watch {
	const struct input *input;
	uint64_t most;
	bool stop;
};

static void *watch_counters(void *argument)
{
	struct watch *w = argument;
	struct input_counters c;

	do {
		input_counters(w->input, &c);
		w->most = c.delivered > w->most ? c.delivered : w->most;
	} while (!__atomic_load_n(&w->stop, __ATOMIC_ACQUIRE));
	return NULL;
}

/* ThreadSanitizer judges. */
static void another_thread_may_look_at_the_counters(void)
{
	struct bytes pcap = {0};
	const char *path;
	struct input_packet packet;
	struct watch watch = {0};
	struct input *input;
	pthread_t thread;
	char error[100];

	pcap_begin(&pcap, PCAP_NANO, 65535, ETHERNET);
	for (uint32_t i = 0; i < 50000; i++)
		pcap_packet(&pcap, i, 0, frame, sizeof(frame), sizeof(frame));
	path = file_make("watched", &pcap);
	watch.input = input = input_open(&path, 1, NULL, error, sizeof(error));
	CU_ASSERT_PTR_NOT_NULL_FATAL(input);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, watch_counters, &watch), 0);
	while (input_next(input, &packet) == 1)
		;
	__atomic_store_n(&watch.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	CU_ASSERT_TRUE(watch.most <= 50000);
	CU_ASSERT_STRING_EQUAL(input_name(input, 0), path);
	input_close(input);
	unlink(path);
}

void suite_input(void);
void suite_input(void)
{
	CU_pSuite s = CU_add_suite("input", make_folder, remove_folder);

	CU_ADD_TEST(s, reads_lengths_times_and_numbers);
	CU_ADD_TEST(s, gives_every_time_in_nanoseconds);
	CU_ADD_TEST(s, knows_the_link_types);
	CU_ADD_TEST(s, says_what_is_wrong_with_a_file);
	CU_ADD_TEST(s, says_which_file_cannot_be_opened);
	CU_ADD_TEST(s, refuses_a_wrong_call);
	CU_ADD_TEST(s, gives_what_comes_before_a_cut);
	CU_ADD_TEST(s, gives_what_comes_before_a_cut_in_gzip);
	CU_ADD_TEST(s, damage_anywhere_is_survived);
	CU_ADD_TEST(s, the_filter_leaves_out_and_counts);
	CU_ADD_TEST(s, merges_by_time_then_by_the_order_of_the_paths);
	CU_ADD_TEST(s, merges_like_a_naive_merge);
	CU_ADD_TEST(s, a_broken_capture_does_not_stop_the_others);
	CU_ADD_TEST(s, reads_standard_input);
	CU_ADD_TEST(s, opens_a_thousand_captures_or_says_why_not);
	CU_ADD_TEST(s, another_thread_may_look_at_the_counters);
}
