#include <CUnit/Basic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "config/log/error.h"
#include "dataplane/support/captures.h"

static void reads_lengths_times_and_numbers(void)
{
	struct bytes b = {0};
	struct seen s;

	pcap_begin(&b, PCAP_MICRO, 65535, ETHERNET);
	pcap_packet(&b, 1600000000, 999999, frame, FRAME_LEN, FRAME_LEN);
	pcap_packet(&b, 1600000001, 1, frame, 20, 1514);
	pcap_packet(&b, 1600000002, 2, frame, 20, 19); /* claims less than arrived */
	pcap_packet(&b, 1600000003, 3, NULL, 0, 60);
	s = read_one(file_make("a.pcap", &b), NULL);
	CU_ASSERT_EQUAL_FATAL(s.n, 4);
	CU_ASSERT_EQUAL(s.packets[0].cap, FRAME_LEN);
	CU_ASSERT_EQUAL(s.packets[0].wire, FRAME_LEN);
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
	CU_ASSERT_EQUAL(s.counters.bytes_total, 24 + 4 * 16 + FRAME_LEN + 40);
	CU_ASSERT_EQUAL(s.counters.bytes_read, s.counters.bytes_total);
}

static struct bytes one_packet(uint32_t magic, bool big_endian, uint32_t seconds, uint32_t part)
{
	struct bytes b = {.big_endian = big_endian};

	pcap_begin(&b, magic, 65535, ETHERNET);
	pcap_packet(&b, seconds, part, frame, FRAME_LEN, FRAME_LEN);
	return b;
}

static struct bytes one_block(bool big_endian, int resolution, uint64_t time)
{
	struct bytes b = {.big_endian = big_endian};

	pcapng_begin(&b);
	pcapng_interface(&b, ETHERNET, 65535, resolution);
	pcapng_packet(&b, 0, time, frame, FRAME_LEN, FRAME_LEN);
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

static void refuses_a_wrong_call(void)
{
	const char *paths[] = {"-", "x", "-"}, *none[] = {NULL};

	CU_ASSERT_STRING_EQUAL(
		read_all(paths, 3, NULL).refused, "standard input ('-') can be read only once");
	CU_ASSERT_STRING_EQUAL(read_all(none, 0, NULL).refused, "no capture was named");
	input_close(NULL);
}

static void the_filter_leaves_out_and_counts(void)
{
	struct bytes b = {0};
	uint8_t other[FRAME_LEN];
	const char *path;
	struct seen s;

	memcpy(other, frame, FRAME_LEN);
	other[37] = 54; /* to port 54 */
	pcap_begin(&b, PCAP_NANO, 65535, ETHERNET);
	for (uint32_t i = 0; i < 9; i++)
		pcap_packet(&b, i, 0, i % 3 == 1 ? frame : other, FRAME_LEN, FRAME_LEN);
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
	CU_ASSERT_TRUE(is_sentence(s.errors[0], "standard input: breaks off at packet 3 (31 of "
						"the 32 bytes of its packet are there)"));
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
	struct error error = {0};
	unsigned n = 0;

	for (unsigned i = 0; i < MANY; i++)
		paths[i] = path;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1;
	input = input_open(paths, MANY, NULL, &error);
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

struct health_check {
	const struct input *input;
	uint64_t most;
	bool stop;
};

static void *watch_counters(void *argument)
{
	struct health_check *w = argument;
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
	struct health_check watch = {0};
	struct input *input;
	pthread_t thread;
	struct error error;

	pcap_begin(&pcap, PCAP_NANO, 65535, ETHERNET);
	for (uint32_t i = 0; i < 50000; i++)
		pcap_packet(&pcap, i, 0, frame, FRAME_LEN, FRAME_LEN);
	path = file_make("watched", &pcap);
	watch.input = input = input_open(&path, 1, NULL, &error);
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
	CU_pSuite s = CU_add_suite("input", captures_begin, captures_end);

	CU_ADD_TEST(s, reads_lengths_times_and_numbers);
	CU_ADD_TEST(s, gives_every_time_in_nanoseconds);
	CU_ADD_TEST(s, knows_the_link_types);
	CU_ADD_TEST(s, refuses_a_wrong_call);
	CU_ADD_TEST(s, the_filter_leaves_out_and_counts);
	CU_ADD_TEST(s, reads_standard_input);
	CU_ADD_TEST(s, opens_a_thousand_captures_or_says_why_not);
	CU_ADD_TEST(s, another_thread_may_look_at_the_counters);
}
