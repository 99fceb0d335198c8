/* Our reader of pcap records against libpcap's, on whole and on damaged files. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "dataplane/capture/capture_records.h"
#include "support/random.h"

void suite_capture_records(void);

enum { RECORDS = 40, FILE_MAX = 1 << 20, PIECE = 512, LONGEST = 3000 };

/* The third has longer record headers. */
static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34};

static struct random draws;

struct file {
	uint8_t at[FILE_MAX];
	size_t len;
	bool swapped;
};

static void add(struct file *f, uint32_t n, size_t size)
{
	uint16_t half = (uint16_t)n;

	if (f->swapped) {
		n = __builtin_bswap32(n);
		half = __builtin_bswap16(half);
	}
	memcpy(f->at + f->len, size == 4 ? (void *)&n : (void *)&half, size);
	f->len += size;
}

/* Records of 1 to LONGEST bytes, some cut; times that go back and are out of range. Up to version
 * 2.2 the lengths are turned, in 2.3 now and then. */
static void make(struct file *f, uint32_t magic, bool swapped, uint32_t minor, uint32_t snaplen)
{
	f->len = 0;
	f->swapped = swapped;
	add(f, magic, 4);
	add(f, 2, 2);
	add(f, minor, 2);
	add(f, 0, 4);
	add(f, 0, 4);
	add(f, snaplen, 4);
	add(f, 1, 4);
	for (uint32_t i = 0; i < RECORDS; i++) {
		uint32_t cap =
			1 + random_below(&draws, random_below(&draws, 2) ? 100 : LONGEST);
		uint32_t wire = cap + i % 3 * 10;
		bool turned = minor < 3 || (minor == 3 && i % 2);

		add(f, i % 7 == 3 ? 0xfffffff0 : 1700000000 - i, 4);
		add(f, random_below(&draws, 1000000), 4);
		add(f, turned ? wire : cap, 4);
		add(f, turned ? cap : wire, 4);
		cap += magic == magics[2] ? 8 : 0; /* the longer record header's rest */
		random_fill(&draws, f->at + f->len, cap);
		f->len += cap;
	}
}

static void store(const struct file *f, const char *path)
{
	FILE *file = fopen(path, "wb");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL_FATAL(fwrite(f->at, 1, f->len, file), f->len);
	CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
}

/* libpcap takes seconds in our byte order for signed. */
static uint64_t time_of(const struct pcap_pkthdr *h)
{
	return (uint64_t)(uint32_t)h->ts.tv_sec * 1000000000 + (uint64_t)h->ts.tv_usec;
}

static bool is_same(
	const struct pcap_pkthdr *a, const uint8_t *data, const struct capture_record *b)
{
	return time_of(a) == b->time_ns && a->caplen <= b->cap && a->len == b->wire &&
	       memcmp(data, b->data, a->caplen) == 0;
}

struct reader {
	struct capture_stream_progress progress;
	struct capture_stream *stream;
	struct capture_window window;
	struct capture_records *records;
	struct error error;
};

static void open_reader(struct reader *r, const char *path)
{
	*r = (struct reader){.records = NULL};
	r->stream = capture_stream_open(path, PIECE, &r->progress, &r->error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->stream);
	CU_ASSERT_FATAL(capture_window_init(&r->window, r->stream, PIECE));
	capture_window_have(&r->window, 24);
	r->records = capture_records_create(&r->window, &r->error);
}

static void close_reader(struct reader *r)
{
	capture_records_destroy(r->records);
	capture_window_fini(&r->window);
	capture_stream_close(r->stream);
}

/* Reads the file both ways; the number of packets both agree on, or -1. */
static int compare(const char *path)
{
	struct reader ours;
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *theirs = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, error);
	struct pcap_pkthdr *header;
	struct capture_record record;
	const uint8_t *data;
	enum records_status status;
	int n = 0, result;

	if (!theirs)
		return 0;
	open_reader(&ours, path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ours.records);
	for (;;) {
		result = pcap_next_ex(theirs, &header, &data);
		status = capture_records_next(ours.records, &record);
		if (result != 1 || status != RECORDS_OK) {
			/* The end for both, or an error for both. */
			if ((result == PCAP_ERROR_BREAK) != (status == RECORDS_ENDED) ||
				result == 1 || status == RECORDS_OK)
				n = -1;
			break;
		}
		if (!is_same(header, data, &record)) {
			n = -1;
			break;
		}
		n++;
	}
	close_reader(&ours);
	pcap_close(theirs);
	return n;
}

static void reads_what_libpcap_reads(void)
{
	static struct file file;
	char path[] = "/tmp/periscope-records-XXXXXX";
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	draws = random_seeded(7);
	for (int i = 0; i < 48; i++) {
		make(&file, magics[i % 3], i / 3 % 2, (uint32_t)i / 6 % 4 + 1,
			i < 24 ? 65535 : 60);
		store(&file, path);
		CU_ASSERT_EQUAL(compare(path), RECORDS);
	}
	unlink(path);
}

/* One byte of a header changed, or the file cut, anywhere. */
static void breaks_where_libpcap_breaks(void)
{
	static struct file file;
	char path[] = "/tmp/periscope-records-XXXXXX";
	int fd = mkstemp(path), whole = 0;

	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	draws = random_seeded(8);
	for (int i = 0; i < 600; i++) {
		size_t at;
		int n;

		make(&file, magics[i % 2], i / 2 % 2, 4, 65535);
		at = random_below(&draws, (uint32_t)file.len);
		if (i % 3 == 0)
			file.len = at;
		else
			file.at[i % 3 == 1 ? at : at % 400] ^=
				(uint8_t)(1 << random_below(&draws, 8));
		store(&file, path);
		n = compare(path);
		CU_ASSERT(n >= 0);
		whole += n == RECORDS;
	}
	CU_ASSERT(whole > 100 && whole < 500);
	unlink(path);
}

/* The captured length is believed, and not the header's snap length. */
static void gives_packets_above_the_snap_length_whole(void)
{
	static struct file file;
	char path[] = "/tmp/periscope-records-XXXXXX";
	struct capture_record record;
	struct reader r;
	size_t at = 24;
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	draws = random_seeded(9);
	make(&file, magics[0], false, 4, 1);
	store(&file, path);
	open_reader(&r, path);
	for (int i = 0; i < RECORDS; i++) {
		CU_ASSERT_EQUAL_FATAL(capture_records_next(r.records, &record), RECORDS_OK);
		CU_ASSERT_EQUAL(memcmp(&record.cap, file.at + at + 8, 4), 0);
		CU_ASSERT_EQUAL(memcmp(record.data, file.at + at + 16, record.cap), 0);
		at += 16 + record.cap;
	}
	CU_ASSERT_EQUAL(capture_records_next(r.records, &record), RECORDS_ENDED);
	close_reader(&r);
	unlink(path);
}

void suite_capture_records(void)
{
	CU_pSuite suite = CU_add_suite("capture_records", NULL, NULL);

	CU_add_test(suite, "reads_what_libpcap_reads", reads_what_libpcap_reads);
	CU_add_test(suite, "breaks_where_libpcap_breaks", breaks_where_libpcap_breaks);
	CU_add_test(suite, "gives_packets_above_the_snap_length_whole",
		gives_packets_above_the_snap_length_whole);
}
