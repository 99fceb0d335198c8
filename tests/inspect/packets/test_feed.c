/* Feeds: what their readers get, as libpcap reads it, whoever comes, goes and is slow. */
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/packets/feed.h"
#include "inspect/packets/feed_stream.h"
#include "support/folder.h"

#define BEGUN (UINT64_C(1795326481) * 1000000000 + 123456789)

enum { LONG = 60000, GET_MAX = 1 << 16 };

/* Packet number `i`: its number stands behind the addresses, its length is made of it. */
static struct packet_record packet_of(uint32_t i)
{
	static uint8_t frame[LONG];
	uint32_t len = i % 97 == 5 ? LONG : 60 + i * 37 % 1400;

	memset(frame, (int)i, len);
	memcpy(frame + 14, &i, sizeof(i));
	return (struct packet_record){.frame = frame,
		.cap = len,
		.wire = len + i % 2,
		.time_ns = BEGUN + i * UINT64_C(1000000007),
		.link = LINK_ETHERNET};
}

/* What a reader got so far. */
struct got {
	int fd;
	FILE *file;
	bool ended;
};

static struct got got_begin(int fd)
{
	struct got got = {.fd = fd, .file = tmpfile()};

	CU_ASSERT_PTR_NOT_NULL_FATAL(got.file);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	return got;
}

/* All that is there. */
static void get(struct got *got)
{
	static char bytes[GET_MAX];
	ssize_t n;

	while ((n = read(got->fd, bytes, sizeof(bytes))) > 0)
		(void)fwrite(bytes, 1, (size_t)n, got->file);
	got->ended = n == 0;
}

/* Looks at the stream with libpcap, to its end, and closes it; returns how many packets there were. Each
 * must be as it was put, `first` or later, and later than the one before. */
static uint32_t got_packets(struct got *got, int precision, uint32_t first)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	struct pcap_pkthdr *header;
	const u_char *bytes;
	uint32_t n = 0, next = first;
	pcap_t *pcap;

	rewind(got->file);
	close(got->fd);
	pcap = pcap_fopen_offline_with_tstamp_precision(got->file, precision, error);
	CU_ASSERT_STRING_EQUAL(error, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(pcap);
	CU_ASSERT_EQUAL(pcap_datalink(pcap), DLT_EN10MB);
	while (pcap_next_ex(pcap, &header, &bytes) == 1) {
		struct packet_record expected;
		uint64_t ns = (uint64_t)header->ts.tv_sec * 1000000000;
		uint32_t i;

		memcpy(&i, bytes + 14, sizeof(i));
		expected = packet_of(i);
		ns += (uint64_t)header->ts.tv_usec *
		      (precision == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000);
		if (i < next || header->caplen != expected.cap ||
			header->len != expected.wire ||
			memcmp(bytes, expected.frame, expected.cap) != 0 ||
			ns / 1000 != expected.time_ns / 1000 ||
			(precision == PCAP_TSTAMP_PRECISION_NANO && ns != expected.time_ns))
			CU_FAIL_FATAL("another packet");
		next = i + 1;
		n++;
	}
	CU_ASSERT_STRING_EQUAL(pcap_geterr(pcap), "");
	pcap_close(pcap); /* and the file */
	return n;
}

static struct feed *open_given(const struct settings_feed *settings, bool waits)
{
	const struct feed_params params = {.settings = settings, .waits = waits, .given = true};
	struct error error = {0};
	struct feed *feed = feed_open(&params, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(feed);
	return feed;
}

static struct got join(struct feed *feed, bool by_socket)
{
	int ends[2];

	CU_ASSERT_EQUAL_FATAL(
		by_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends), 0);
	CU_ASSERT_TRUE_FATAL(feed_join(feed, ends[1], "the test"));
	return got_begin(ends[0]);
}

static bool closes(const struct feed *feed)
{
	const struct output_ledger *l = feed_ledger(feed);

	return l->offered == l->written + l->by_policy + l->lost_queue + l->lost_disk;
}

static bool put(struct feed *feed, uint32_t i)
{
	struct packet_record record = packet_of(i);

	return feed_put(feed, &record);
}

static void one_reader_gets_all(bool by_socket, enum feed_times times)
{
	const struct settings_feed settings = {.name = "f", .times = times};
	struct feed *feed = open_given(&settings, true);
	struct got got = join(feed, by_socket);
	enum { N = 5000 };
	int refused = 0;

	signal(SIGPIPE, SIG_IGN);
	for (uint32_t i = 0; i < N; i++)
		while (!put(feed, i)) {
			refused++;
			get(&got);
			feed_send(feed);
		}
	CU_ASSERT_TRUE(refused > 10); /* it presses back */
	while (feed_is_behind(feed)) {
		get(&got);
		feed_wait(feed, 1);
	}
	CU_ASSERT_EQUAL(feed_ledger(feed)->written, N);
	CU_ASSERT_TRUE(closes(feed));
	CU_ASSERT_TRUE(feed_close(feed));
	get(&got);
	CU_ASSERT_TRUE(got.ended);
	CU_ASSERT_EQUAL(got_packets(&got,
				times == FEED_TIMES_NS ? PCAP_TSTAMP_PRECISION_NANO
						       : PCAP_TSTAMP_PRECISION_MICRO,
				0),
		N);
}

static void libpcap_reads_what_was_put(void)
{
	one_reader_gets_all(false, FEED_TIMES_NS);
	one_reader_gets_all(false, FEED_TIMES_US);
	one_reader_gets_all(true, FEED_TIMES_NS);
}

/* Points beyond the last number share one, which is counted. */
static void packets_that_share_their_tags_are_counted(void)
{
	const struct settings_feed plain = {.name = "f", .times = FEED_TIMES_NS},
				   tagged = {.name = "f",
					   .times = FEED_TIMES_NS,
					   .tag = FEED_TAG_QINQ};
	struct feed *feeds[2] = {open_given(&plain, false), open_given(&tagged, false)};
	struct got got[2] = {join(feeds[0], true), join(feeds[1], true)};
	struct packet_record record;
	struct settings settings;
	struct point_tags *tags;
	struct error error;

	settings_init(&settings);
	tags = point_tags_open(NULL, &settings, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tags);
	record = packet_of(0);
	record.has_vni = true;
	for (uint32_t i = 1; i < POINT_TAGS_UNKNOWN; i++) {
		session_key_name(&record.key, i, NETWORK_NONE);
		(void)point_tags_of(tags, &record.key);
	}
	for (int i = 0; i < 2; i++)
		feed_set_tags(feeds[i], tags);
	for (uint32_t i = 0; i < 3; i++) {
		session_key_name(&record.key, POINT_TAGS_UNKNOWN + i, NETWORK_NONE);
		for (int k = 0; k < 2; k++)
			CU_ASSERT_TRUE(feed_put(feeds[k], &record));
	}
	record.cap = 11; /* no room for tags */
	CU_ASSERT_TRUE(feed_put(feeds[1], &record));
	record = packet_of(0);
	record.has_vni = false;
	CU_ASSERT_TRUE(feed_put(feeds[1], &record));
	for (int k = 0; k < 2; k++) {
		feed_end(feeds[k]);
		CU_ASSERT_EQUAL(feed_stats(feeds[k])->shared_tags, k ? 2 : 0);
		CU_ASSERT_EQUAL(
			feed_stats(feeds[k])->tagged_points, k ? POINT_TAGS_UNKNOWN : 0);
		CU_ASSERT_EQUAL(feed_ledger(feeds[k])->offered, k ? 5 : 3);
		feed_close(feeds[k]);
		close(got[k].fd);
		fclose(got[k].file);
	}
	point_tags_close(tags);
	settings_fini(&settings);
}

/* Four readers, of which one reads nothing until the end, one a little: the others get all, those two whole
 * records, and what they did not get is counted. */
static void a_slow_reader_stops_no_other(void)
{
	const struct settings_feed settings = {.name = "f", .times = FEED_TIMES_NS};
	struct feed *feed = open_given(&settings, false);
	struct got fast[2] = {join(feed, true), join(feed, false)}, slow = join(feed, true),
		   still = join(feed, false);
	uint32_t slow_got, still_got;
	enum { N = 20000 };
	char byte;

	for (uint32_t i = 0; i < N; i++) {
		while (!put(feed, i)) {
			for (int k = 0; k < 2; k++)
				get(&fast[k]);
			feed_send(feed);
		}
		if (i % 50 == 0) {
			feed_send(feed);
			for (int k = 0; k < 2; k++)
				get(&fast[k]);
		}
		if (i % 40 == 0 && read(slow.fd, &byte, 1) == 1)
			(void)fwrite(&byte, 1, 1, slow.file);
	}
	CU_ASSERT_TRUE(feed_stats(feed)->readers_missed > 0);
	while (feed_is_behind(feed)) {
		for (int k = 0; k < 2; k++)
			get(&fast[k]);
		get(&slow);
		get(&still);
		feed_wait(feed, 1);
	}
	CU_ASSERT_EQUAL(feed_ledger(feed)->written, N);
	CU_ASSERT_TRUE(closes(feed));
	for (int k = 0; k < 2; k++) {
		get(&fast[k]);
		CU_ASSERT_EQUAL(got_packets(&fast[k], PCAP_TSTAMP_PRECISION_NANO, 0), N);
	}
	get(&slow);
	get(&still);
	slow_got = got_packets(&slow, PCAP_TSTAMP_PRECISION_NANO, 0);
	still_got = got_packets(&still, PCAP_TSTAMP_PRECISION_NANO, 0);
	CU_ASSERT_TRUE(slow_got > 0 && slow_got < N);
	CU_ASSERT_TRUE(still_got > 0 && still_got < N);
	CU_ASSERT_EQUAL(slow_got + still_got + feed_stats(feed)->readers_missed, 2 * N);
	CU_ASSERT_TRUE(feed_close(feed));
}

/* In the middle of a record: what it did not get is lost; the next one begins with a header. */
static void a_reader_goes_and_another_comes(void)
{
	const struct settings_feed settings = {.name = "f", .times = FEED_TIMES_NS};
	struct feed *feed = open_given(&settings, false);
	struct got first = join(feed, false), second;
	const struct output_ledger *ledger = feed_ledger(feed);
	uint64_t written;

	for (uint32_t i = 0; i < 300; i++)
		CU_ASSERT_TRUE(put(feed, i));
	feed_send(feed); /* a pipe holds 64 KiB */
	written = ledger->written;
	CU_ASSERT_TRUE(written > 0 && written < 300);
	close(first.fd);
	(void)fclose(first.file);
	feed_wait(feed, 1000);
	CU_ASSERT_EQUAL(feed_stats(feed)->readers, 0);
	CU_ASSERT_EQUAL(ledger->written, written);
	CU_ASSERT_EQUAL(ledger->lost_disk, 300 - written);
	for (uint32_t i = 300; i < 400; i++)
		CU_ASSERT_TRUE(put(feed, i));
	CU_ASSERT_EQUAL(ledger->lost_queue, 100);
	CU_ASSERT_EQUAL(feed_stats(feed)->no_reader, 100);
	second = join(feed, false);
	for (uint32_t i = 400; i < 405; i++)
		CU_ASSERT_TRUE(put(feed, i));
	feed_send(feed);
	get(&second);
	CU_ASSERT_EQUAL(ledger->written, written + 5);
	CU_ASSERT_TRUE(closes(feed));
	CU_ASSERT_FALSE(feed_close(feed));
	CU_ASSERT_EQUAL(got_packets(&second, PCAP_TSTAMP_PRECISION_NANO, 400), 5);
}

/* In replay it is over then. */
static void a_replay_has_one_stream_only(void)
{
	const struct settings_feed settings = {.name = "f"};
	struct feed *feed = open_given(&settings, true);
	struct got got;

	CU_ASSERT_FALSE(feed_is_read(feed));
	CU_ASSERT_FALSE(put(feed, 0)); /* it waits for one */
	got = join(feed, false);
	CU_ASSERT_TRUE(feed_is_read(feed));
	CU_ASSERT_TRUE(put(feed, 0));
	close(got.fd);
	(void)fclose(got.file);
	feed_send(feed);
	CU_ASSERT_TRUE(feed_is_read(feed));
	for (uint32_t i = 1; i < 10; i++)
		CU_ASSERT_TRUE(put(feed, i));
	CU_ASSERT_EQUAL(feed_ledger(feed)->lost_disk, 10);
	CU_ASSERT_TRUE(closes(feed));
	CU_ASSERT_FALSE(feed_close(feed));
}

/* A stream that was stopped loses what it still has, and says so. */
static void a_feed_that_is_closed_early_counts(void)
{
	const struct settings_feed settings = {.name = "f"};
	struct feed *feed = open_given(&settings, false);
	struct got got = join(feed, false);

	for (uint32_t i = 0; i < 300; i++)
		CU_ASSERT_TRUE(put(feed, i));
	feed_send(feed);
	CU_ASSERT_TRUE(feed_is_behind(feed));
	CU_ASSERT_FALSE(feed_close(feed));
	close(got.fd);
	(void)fclose(got.file);
}

static struct feed *open_pipe(const char *path, bool waits, struct error *error)
{
	struct settings_feed settings = {.name = "ids", .kind = FEED_PIPE};
	static struct settings_feed kept;
	const struct feed_params params = {.settings = &kept, .waits = waits};

	kept = settings;
	kept.path = (char *)(size_t)path;
	return feed_open(&params, error);
}

static void a_named_pipe(void)
{
	struct folder folder = folder_make();
	char path[128], file[128];
	struct error error = {0};
	struct feed *feed;
	struct got got;

	folder_path(&folder, "fifo", path, sizeof(path));
	folder_put(&folder, "file", "");
	CU_ASSERT_PTR_NULL(open_pipe(path, true, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "/fifo: No such file or directory; make"));
	CU_ASSERT_PTR_NULL(
		open_pipe(folder_path(&folder, "file", file, sizeof(file)), false, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "/file: is no named pipe"));
	feed = open_pipe(path, false, &error); /* live it may come later */
	CU_ASSERT_PTR_NOT_NULL_FATAL(feed);
	feed_send(feed);
	CU_ASSERT_TRUE(put(feed, 0));
	CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
	for (int i = 0; i < 100 && !feed_is_read(feed); i++) {
		if (i == 3)
			got = got_begin(open(path, O_RDONLY | O_NONBLOCK));
		feed_wait(feed, 50);
	}
	CU_ASSERT_TRUE_FATAL(feed_is_read(feed));
	CU_ASSERT_TRUE(put(feed, 1));
	feed_send(feed);
	get(&got);
	CU_ASSERT_EQUAL(feed_ledger(feed)->written, 1);
	CU_ASSERT_EQUAL(feed_ledger(feed)->lost_queue, 1);
	feed_close(feed);
	CU_ASSERT_EQUAL(got_packets(&got, PCAP_TSTAMP_PRECISION_MICRO, 1), 1);
	folder_remove(&folder);
}

static int loopback(bool listens, uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!listens) {
		CU_ASSERT_EQUAL_FATAL(
			connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
		return fd;
	}
	CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

/* A port that was free a moment ago. */
static uint16_t free_port(void)
{
	uint16_t port = 0;

	close(loopback(true, &port));
	return port;
}

static void clients_connect(void)
{
	struct settings_feed settings = {
		.name = "tcp", .kind = FEED_PCAP_OVER_IP, .listens = true};
	const struct feed_params params = {.settings = &settings};
	struct got got[FEED_READERS_MAX + 1];
	struct error error = {0};
	uint16_t port = free_port();
	struct feed *feed;
	char byte;

	snprintf(settings.address, sizeof(settings.address), "127.0.0.1:%u", port);
	feed = feed_open(&params, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(feed);
	CU_ASSERT_PTR_NULL(feed_open(&params, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "cannot listen at 127.0.0.1:"));
	for (int i = 0; i <= FEED_READERS_MAX; i++)
		got[i] = got_begin(loopback(false, &port));
	for (int i = 0; i < 100 && feed_stats(feed)->readers < FEED_READERS_MAX; i++)
		feed_wait(feed, 20);
	for (int i = 0; i < 20; i++)
		feed_wait(feed, 10);
	CU_ASSERT_EQUAL(feed_stats(feed)->readers, FEED_READERS_MAX);
	for (uint32_t i = 0; i < 10; i++)
		CU_ASSERT_TRUE(put(feed, i));
	feed_send(feed);
	CU_ASSERT_TRUE(read(got[FEED_READERS_MAX].fd, &byte, 1) == 0); /* one too many */
	close(got[FEED_READERS_MAX].fd);
	(void)fclose(got[FEED_READERS_MAX].file);
	CU_ASSERT_EQUAL(feed_ledger(feed)->written, 10);
	CU_ASSERT_TRUE(feed_close(feed));
	for (int i = 0; i < FEED_READERS_MAX; i++) {
		(void)fcntl(got[i].fd, F_SETFL, 0);
		get(&got[i]);
		CU_ASSERT_EQUAL(got_packets(&got[i], PCAP_TSTAMP_PRECISION_MICRO, 0), 10);
	}
}

static void it_connects(void)
{
	struct settings_feed settings = {.name = "tcp", .kind = FEED_PCAP_OVER_IP};
	const struct feed_params params = {.settings = &settings};
	struct error error = {0};
	uint16_t port = 0;
	int fd = loopback(true, &port);
	struct feed *feed;
	struct got got;

	snprintf(settings.address, sizeof(settings.address), "127.0.0.1:%u", port);
	feed = feed_open(&params, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(feed);
	feed_wait(feed, 1); /* nobody listens yet */
	CU_ASSERT_TRUE(put(feed, 0));
	CU_ASSERT_EQUAL_FATAL(listen(fd, 1), 0);
	for (int i = 0; i < 100 && !feed_is_read(feed); i++)
		feed_wait(feed, 20);
	CU_ASSERT_TRUE_FATAL(feed_is_read(feed));
	got = got_begin(accept(fd, NULL, NULL));
	for (uint32_t i = 1; i < 11; i++)
		CU_ASSERT_TRUE(put(feed, i));
	feed_send(feed);
	CU_ASSERT_EQUAL(feed_ledger(feed)->written, 10);
	CU_ASSERT_EQUAL(feed_stats(feed)->no_reader, 1);
	feed_close(feed);
	(void)fcntl(got.fd, F_SETFL, 0);
	get(&got);
	CU_ASSERT_EQUAL(got_packets(&got, PCAP_TSTAMP_PRECISION_MICRO, 1), 10);
	close(fd);
}

static void an_interface_must_be_there(void)
{
	const struct settings_feed settings = {
		.name = "if", .kind = FEED_INTERFACE, .iface = "nowhere0"};
	const struct feed_params params = {.settings = &settings};
	struct error error = {0};

	CU_ASSERT_PTR_NULL(feed_open(&params, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "feeds: if: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "interface nowhere0"));
}

void suite_feed(void);
void suite_feed(void)
{
	CU_pSuite s = CU_add_suite("feed", NULL, NULL);

	CU_ADD_TEST(s, libpcap_reads_what_was_put);
	CU_ADD_TEST(s, packets_that_share_their_tags_are_counted);
	CU_ADD_TEST(s, a_slow_reader_stops_no_other);
	CU_ADD_TEST(s, a_reader_goes_and_another_comes);
	CU_ADD_TEST(s, a_replay_has_one_stream_only);
	CU_ADD_TEST(s, a_feed_that_is_closed_early_counts);
	CU_ADD_TEST(s, a_named_pipe);
	CU_ADD_TEST(s, clients_connect);
	CU_ADD_TEST(s, it_connects);
	CU_ADD_TEST(s, an_interface_must_be_there);
}
