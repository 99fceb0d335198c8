/* Our reader of pcap records against libpcap's, on whole and on damaged files. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/capture_records.h"

void suite_capture_records(void);

enum { RECORDS = 40, FILE_MAX = 1 << 20, PIECE = 512, LONGEST = 3000 };

static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d};

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

/* Records of 0 to LONGEST bytes, some cut; times that go back and are out of range. */
static void make(struct file *f, uint32_t magic, bool swapped, uint32_t snaplen)
{
	f->len = 0;
	f->swapped = swapped;
	add(f, magic, 4);
	add(f, 2, 2);
	add(f, 4, 2);
	add(f, 0, 4);
	add(f, 0, 4);
	add(f, snaplen, 4);
	add(f, 1, 4);
	for (uint32_t i = 0; i < RECORDS; i++) {
		uint32_t cap = (uint32_t)rand() % 2 ? (uint32_t)rand() % 100
						    : (uint32_t)rand() % LONGEST;

		add(f, i % 7 == 3 ? 0xfffffff0 : 1700000000 - i, 4);
		add(f, i % 9 == 4 ? 0xfffffffe : (uint32_t)rand() % 1000000, 4);
		add(f, cap, 4);
		add(f, cap + i % 3 * 10, 4);
		for (uint32_t b = 0; b < cap; b++)
			f->at[f->len++] = (uint8_t)rand();
	}
}

static void store(const struct file *f, const char *path)
{
	FILE *file = fopen(path, "wb");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL_FATAL(fwrite(f->at, 1, f->len, file), f->len);
	CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
}

static bool is_same(const struct pcap_pkthdr *a, const uint8_t *data_a,
	const struct pcap_pkthdr *b, const uint8_t *data_b)
{
	return a->ts.tv_sec == b->ts.tv_sec && a->ts.tv_usec == b->ts.tv_usec &&
	       a->caplen == b->caplen && a->len == b->len &&
	       memcmp(data_a, data_b, a->caplen) == 0;
}

/* Reads the file both ways; the number of packets both agree on, or -1. */
static int compare(const char *path)
{
	struct capture_stream_progress progress = {0};
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *theirs = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, error);
	struct capture_stream *stream =
		capture_stream_open(path, PIECE, &progress, error, sizeof(error));
	struct capture_records *ours;
	struct pcap_pkthdr *their_header, our_header;
	const uint8_t *their_data, *our_data;
	enum records_status status;
	pcap_t *pcap;
	int n = 0, result;

	if (!theirs) {
		capture_stream_close(stream);
		return 0;
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
	pcap = pcap_fopen_offline_with_tstamp_precision(
		capture_stream_file(stream), PCAP_TSTAMP_PRECISION_NANO, error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pcap);
	ours = capture_records_create(stream, pcap, PIECE);
	while (ours) {
		result = pcap_next_ex(theirs, &their_header, &their_data);
		status = capture_records_next(ours, &our_header, &our_data);
		if (result != 1 || status != RECORDS_OK) {
			/* The end for both, or an error for both. */
			if ((result == PCAP_ERROR_BREAK) != (status == RECORDS_ENDED) ||
				result == 1 || status == RECORDS_OK)
				n = -1;
			break;
		}
		if (!is_same(their_header, their_data, &our_header, our_data)) {
			n = -1;
			break;
		}
		n++;
	}
	capture_records_destroy(ours);
	pcap_close(theirs);
	pcap_close(pcap);
	capture_stream_close(stream);
	return n;
}

static void reads_what_libpcap_reads(void)
{
	static struct file file;
	char path[] = "/tmp/periscope-records-XXXXXX";
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	srand(7);
	for (int i = 0; i < 12; i++) {
		make(&file, magics[i % 2], i / 2 % 2, i < 4 ? 65535 : i < 8 ? 60 : 0);
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
	srand(8);
	for (int i = 0; i < 600; i++) {
		size_t at;
		int n;

		make(&file, magics[i % 2], i / 2 % 2, 65535);
		at = (size_t)rand() % file.len;
		if (i % 3 == 0)
			file.len = at;
		else
			file.at[i % 3 == 1 ? at : at % 400] ^= (uint8_t)(1 << rand() % 8);
		store(&file, path);
		n = compare(path);
		CU_ASSERT(n >= 0);
		whole += n == RECORDS;
	}
	CU_ASSERT(whole > 100 && whole < 500);
	unlink(path);
}

static void leaves_other_formats_to_libpcap(void)
{
	static struct file file;
	char path[] = "/tmp/periscope-records-XXXXXX", error[PCAP_ERRBUF_SIZE];
	struct capture_stream_progress progress = {0};
	struct capture_stream *stream;
	pcap_t *pcap;
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	make(&file, 0xa1b2cd34, false, 65535); /* Kuznetzov's, with longer record headers */
	store(&file, path);
	stream = capture_stream_open(path, PIECE, &progress, error, sizeof(error));
	CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
	pcap = pcap_fopen_offline(capture_stream_file(stream), error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pcap);
	CU_ASSERT_PTR_NULL(capture_records_create(stream, pcap, PIECE));
	pcap_close(pcap);
	capture_stream_close(stream);
	unlink(path);
}

void suite_capture_records(void)
{
	CU_pSuite suite = CU_add_suite("capture_records", NULL, NULL);

	CU_add_test(suite, "reads_what_libpcap_reads", reads_what_libpcap_reads);
	CU_add_test(suite, "breaks_where_libpcap_breaks", breaks_where_libpcap_breaks);
	CU_add_test(suite, "leaves_other_formats_to_libpcap", leaves_other_formats_to_libpcap);
}
