#include <CUnit/Basic.h>
#include <inttypes.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config/log/error.h"
#include "inspect/packets/packet_file.h"
#include "support/folder.h"
#include "support/hex.h"

static struct packet_file *open_new(const struct folder *folder, const char *name)
{
	char path[PATH_MAX];
	struct error error = {0};
	struct packet_file *file =
		packet_file_open(folder_path(folder, name, path, sizeof(path)), &error);

	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	return file;
}

static pcap_t *read_back(const struct folder *folder, const char *name, int link_type)
{
	char path[PATH_MAX], error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_open_offline_with_tstamp_precision(
		folder_path(folder, name, path, sizeof(path)), PCAP_TSTAMP_PRECISION_NANO,
		error);

	CU_ASSERT_STRING_EQUAL(error, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(pcap);
	CU_ASSERT_EQUAL(pcap_datalink(pcap), link_type);
	return pcap;
}

/* Packet number `i` of a made-up capture. */
static uint8_t content[70000];

static struct packet_record record_of(uint32_t i)
{
	static const uint8_t outer[2][4] = {{10, 0, 0, 1}, {10, 0, 0, 2}};
	uint32_t len = 14 + i * 37 % 1500;

	if (i == 7)
		len = sizeof(content);
	return (struct packet_record){
		.frame = content + (len == sizeof(content) ? 0 : i % 1000),
		.cap = len,
		.wire = len + (i % 3 == 0 ? 100 : 0),
		.time_ns = 1500000000123456789 + (uint64_t)i * 1000000007,
		.link = LINK_ETHERNET,
		.has_vni = true,
		.vni = i % 5,
		.outer_src = ip_addr_v4(outer[i % 2]),
		.direction = (enum direction)(i % 3),
		.rule_number = i % 4 * 100,
		.flow_id = i % 2 == 0 ? 0 : 0x0123456789abcdef};
}

static void fill(void)
{
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * 31 >> 3);
}

enum { PACKETS = 2000 };

static void libpcap_reads_the_same_packets(const char *name)
{
	struct folder folder = folder_make();
	struct packet_file *file = open_new(&folder, name);
	struct pcap_pkthdr *header;
	const u_char *bytes;
	pcap_t *pcap;

	fill();
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct packet_record record = record_of(i);

		packet_file_write(file, &record);
	}
	CU_ASSERT_TRUE(packet_file_flush(file));
	CU_ASSERT_EQUAL(packet_file_ledger(file)->offered, PACKETS);
	CU_ASSERT_EQUAL(packet_file_ledger(file)->written, PACKETS);
	CU_ASSERT_TRUE(packet_file_close(file));
	pcap = read_back(&folder, name, DLT_EN10MB);
	CU_ASSERT_EQUAL(pcap_snapshot(pcap), 262144);
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct packet_record want = record_of(i);

		CU_ASSERT_EQUAL_FATAL(pcap_next_ex(pcap, &header, &bytes), 1);
		CU_ASSERT_EQUAL(header->caplen, want.cap);
		CU_ASSERT_EQUAL(header->len, want.wire);
		CU_ASSERT_EQUAL((uint64_t)header->ts.tv_sec, want.time_ns / 1000000000);
		CU_ASSERT_EQUAL((uint64_t)header->ts.tv_usec, want.time_ns % 1000000000);
		CU_ASSERT_EQUAL_FATAL(memcmp(bytes, want.frame, want.cap), 0);
	}
	CU_ASSERT_EQUAL(pcap_next_ex(pcap, &header, &bytes), PCAP_ERROR_BREAK);
	pcap_close(pcap);
	folder_remove(&folder);
}

static void pcapng_is_read_by_libpcap(void)
{
	libpcap_reads_the_same_packets("out.pcapng");
}

static void classic_pcap_is_read_by_libpcap(void)
{
	libpcap_reads_the_same_packets("out.pcap");
}

static void an_empty_file_is_a_valid_one(void)
{
	static const char *const names[] = {"out.pcapng", "out.pcap"};
	struct folder folder = folder_make();
	struct pcap_pkthdr *header;
	const u_char *bytes;

	for (int i = 0; i < 2; i++) {
		pcap_t *pcap;

		CU_ASSERT_TRUE(packet_file_close(open_new(&folder, names[i])));
		pcap = read_back(&folder, names[i], DLT_EN10MB);
		CU_ASSERT_EQUAL(pcap_next_ex(pcap, &header, &bytes), PCAP_ERROR_BREAK);
		pcap_close(pcap);
	}
	folder_remove(&folder);
}

/* What a command prints, with `%s` for the folder; freed by the caller. */
static char *output_of(const struct folder *folder, const char *command)
{
	char line[PATH_MAX];
	size_t len;

	snprintf(line, sizeof(line), "cd %s && { %s; } >output.txt 2>errors.txt", folder->path,
		command);
	if (system(line) != 0)
		return NULL;
	return folder_get(folder, "output.txt", &len);
}

static bool have(const char *program)
{
	char line[64];

	snprintf(line, sizeof(line), "command -v %s >/dev/null", program);
	return system(line) == 0;
}

/* Three packets of two sessions, as tshark sees them. */
static void tshark_sees_sessions_directions_and_comments(void)
{
	static const uint8_t source[16] = {0x20, 1, 0x0d, 0xb8, [15] = 9};
	struct folder folder = folder_make();
	struct packet_file *file;
	struct packet_record record;
	char *text;

	if (!have("tshark") || !have("capinfos")) {
		puts("skipped: no tshark");
		folder_remove(&folder);
		return;
	}
	fill();
	file = open_new(&folder, "out.pcapng");
	record = record_of(1);
	record.vni = 42;
	record.outer_src = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});
	record.direction = DIRECTION_INGRESS;
	record.rule_number = 100;
	packet_file_write(file, &record);
	record.outer_src = ip_addr_v6(source);
	record.direction = DIRECTION_EGRESS;
	record.rule_number = 0;
	record.flow_id = 0;
	packet_file_write(file, &record);
	record.outer_src = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});
	record.direction = DIRECTION_UNKNOWN;
	packet_file_write(file, &record);
	record.network = NETWORK_NAMED + NETWORK_ID_MAX;
	packet_file_write(file, &record);
	CU_ASSERT_TRUE(packet_file_close(file));
	text = output_of(&folder, "tshark -n -r out.pcapng -T fields -E separator='|' "
				  "-e frame.interface_id -e frame.interface_name "
				  "-e frame.packet_flags_direction -e frame.comment "
				  "-e frame.time_epoch");
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_STRING_EQUAL(text,
		"0|vni-42 10.0.0.1|0x00000001|vni=42 outer_src=10.0.0.1 rule=100 "
		"flow=0123456789abcdef|1500000001.123456796\n"
		"1|vni-42 2001:db8::9|0x00000002|vni=42 outer_src=2001:db8::9|"
		"1500000001.123456796\n"
		"0|vni-42 10.0.0.1||vni=42 outer_src=10.0.0.1|1500000001.123456796\n"
		"2|vni-42 network-268435455 10.0.0.1||vni=42 network=268435455 "
		"outer_src=10.0.0.1|1500000001.123456796\n");
	free(text);
	text = output_of(&folder, "capinfos out.pcapng");
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Number of packets:   4"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Capture application: periscope"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Number of interfaces in file: 3"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Number of stat entries = 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Number of packets = 2"));
	free(text);
	folder_remove(&folder);
}

/* Counters of the statistics blocks: read straight from the end of the file. */
static void statistics_count_each_interface(void)
{
	struct folder folder = folder_make();
	struct packet_file *file = open_new(&folder, "out.pcapng");
	/* Block type 5, length 64, interface 0; its option 4 holds 64 bits, little-endian. */
	static const uint8_t begin[] = {5, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0};
	/* Options 2 and 3: the times of the first and the last packet, which came in between; each time is
	 * two halves of 32 bits, the high one first. */
	static const uint8_t first[] = {2, 0, 8, 0, 0x05, 0, 0, 0, 0x10, 0, 0, 0x80},
			     last[] = {3, 0, 8, 0, 0x05, 0, 0, 0, 0x3b, 1, 0, 0x80};
	const uint8_t *block;
	size_t len;
	char *text;

	fill();
	for (uint32_t i = 0; i < 300; i++) {
		struct packet_record record = record_of(1);

		record.time_ns = UINT64_C(0x580000010) + (i + 100) % 300;
		packet_file_write(file, &record);
	}
	CU_ASSERT_TRUE(packet_file_close(file));
	text = folder_get(&folder, "out.pcapng", &len);
	block = (const uint8_t *)text + len - 64;
	CU_ASSERT_EQUAL(memcmp(block, begin, sizeof(begin)), 0);
	CU_ASSERT_EQUAL(memcmp(block + 12, last + 4, 8), 0);
	CU_ASSERT_EQUAL(memcmp(block + 20, first, sizeof(first)), 0);
	CU_ASSERT_EQUAL(memcmp(block + 32, last, sizeof(last)), 0);
	CU_ASSERT_EQUAL(memcmp(block + 44, "\x04\0\x08\0\x2c\x01\0\0\0\0\0\0", 12), 0);
	CU_ASSERT_EQUAL(memcmp(block + 60, "\x40\0\0\0", 4), 0);
	free(text);
	folder_remove(&folder);
}

static void plain_packets_share_one_nameless_interface(void)
{
	struct folder folder = folder_make();
	struct packet_file *file = open_new(&folder, "out.pcapng");
	struct packet_record record = record_of(3);
	char *text;

	fill();
	record.has_vni = false;
	record.rule_number = 0;
	record.flow_id = 0;
	packet_file_write(file, &record);
	record.vni = 9;
	packet_file_write(file, &record);
	CU_ASSERT_TRUE(packet_file_close(file));
	if (have("tshark")) {
		text = output_of(&folder, "tshark -n -r out.pcapng -T fields -E separator='|' "
					  "-e frame.interface_id -e frame.comment");
		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		CU_ASSERT_STRING_EQUAL(text, "0|\n0|\n");
		free(text);
	}
	folder_remove(&folder);
}

static void raw_ip_has_a_file_of_its_own(void)
{
	static const char *const rows[][2] = {{"out.pcapng", "out-ip.pcapng"},
		{"out.pcap", "out-ip.pcap"}, {"no.dots/out", "no.dots/out-ip.pcap"},
		{"out.cap", "out-ip.cap"}};
	struct folder folder = folder_make();
	struct pcap_pkthdr *header;
	const u_char *bytes;

	fill();
	folder_put(&folder, "no.dots/x", "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet_file *file = open_new(&folder, rows[i][0]);
		struct packet_record record = record_of(5);
		pcap_t *pcap;

		packet_file_write(file, &record);
		CU_ASSERT_FALSE(folder_has(&folder, rows[i][1]));
		record.link = LINK_IP;
		packet_file_write(file, &record);
		CU_ASSERT_EQUAL(packet_file_ledger(file)->offered, 2);
		CU_ASSERT_TRUE(packet_file_close(file));
		pcap = read_back(&folder, rows[i][0], DLT_EN10MB);
		CU_ASSERT_EQUAL(pcap_next_ex(pcap, &header, &bytes), 1);
		CU_ASSERT_EQUAL(pcap_next_ex(pcap, &header, &bytes), PCAP_ERROR_BREAK);
		pcap_close(pcap);
		pcap = read_back(&folder, rows[i][1], DLT_RAW);
		CU_ASSERT_EQUAL(pcap_next_ex(pcap, &header, &bytes), 1);
		CU_ASSERT_EQUAL(header->caplen, record.cap);
		CU_ASSERT_EQUAL(memcmp(bytes, record.frame, record.cap), 0);
		CU_ASSERT_EQUAL(pcap_next_ex(pcap, &header, &bytes), PCAP_ERROR_BREAK);
		pcap_close(pcap);
	}
	folder_remove(&folder);
}

/* Frames of other link types, and the Ethernet frames they become. */
static const struct {
	const char *name;
	enum link link;
	const char *in, *out;
} link_rows[] = {
	{"cooked, MAC known", LINK_SLL, "0000 0001 0006 020000000009 0000 0800 45aabb",
		"000000000000 020000000009 0800 45aabb"},
	{"cooked, no MAC", LINK_SLL, "0000 0304 0000 0000000000000000 86dd 60aabb",
		"000000000000 000000000000 86dd 60aabb"},
	{"cooked, VLAN tag kept", LINK_SLL,
		"0000 0001 0006 020000000009 0000 8100 0005 0800 45",
		"000000000000 020000000009 8100 0005 0800 45"},
	{"cooked, 802.2: no EtherType", LINK_SLL, "0000 0001 0006 020000000009 0000 0004 4242",
		"000000000000 000000000000 88b5 0000 0001 0006 020000000009 0000 0004 4242"},
	{"cooked, cut in its header", LINK_SLL, "0000 0001 0006 0200",
		"000000000000 000000000000 88b5 0000 0001 0006 0200"},
	{"cooked 2", LINK_SLL2, "0800 0000 00000003 0001 00 06 020000000009 0000 45aa",
		"000000000000 020000000009 0800 45aa"},
	{"loopback, little-endian", LINK_NULL, "02000000 45aa",
		"000000000000 000000000000 0800 45aa"},
	{"loopback, big-endian", LINK_NULL, "0000001e 60aa",
		"000000000000 000000000000 86dd 60aa"},
	{"loopback, FreeBSD IPv6", LINK_NULL, "1c000000 60",
		"000000000000 000000000000 86dd 60"},
	{"loopback, another family", LINK_NULL, "07000000 60",
		"000000000000 000000000000 88b5 07000000 60"},
	{"PPP in HDLC framing", LINK_PPP, "ff03 0021 45aa",
		"000000000000 000000000000 0800 45aa"},
	{"PPP, short protocol field", LINK_PPP, "21 45aa",
		"000000000000 000000000000 0800 45aa"},
	{"PPP, IPv6", LINK_PPP, "0057 60aa", "000000000000 000000000000 86dd 60aa"},
	{"PPP, LCP", LINK_PPP, "ff03 c021 0101", "000000000000 000000000000 880b c021 0101"},
	{"Cisco HDLC", LINK_PPP, "0f00 0800 45aa", "000000000000 000000000000 0800 45aa"},
	{"Cisco HDLC keepalive", LINK_PPP, "8f00 8035 0000",
		"000000000000 000000000000 8035 0000"},
	{"empty", LINK_PPP, "", "000000000000 000000000000 88b5"},
};

static void other_links_become_ethernet(const char *name)
{
	enum { ROWS = sizeof(link_rows) / sizeof(link_rows[0]) };
	struct folder folder = folder_make();
	struct packet_file *file = open_new(&folder, name);
	struct pcap_pkthdr *header;
	const u_char *bytes;
	pcap_t *pcap;

	for (size_t i = 0; i < ROWS; i++) {
		uint8_t in[64];
		struct packet_record record = {.frame = in, .link = link_rows[i].link};

		record.cap = (uint32_t)hex_read(link_rows[i].in, in, sizeof(in));
		record.wire = record.cap + 1000;
		packet_file_write(file, &record);
	}
	CU_ASSERT_TRUE(packet_file_close(file));
	pcap = read_back(&folder, name, DLT_EN10MB);
	for (size_t i = 0; i < ROWS; i++) {
		uint8_t want[64];
		size_t len = hex_read(link_rows[i].out, want, sizeof(want));
		bool equal;

		CU_ASSERT_EQUAL_FATAL(pcap_next_ex(pcap, &header, &bytes), 1);
		equal = header->caplen == len && header->len == len + 1000 &&
			memcmp(bytes, want, len) == 0;
		if (!equal)
			printf("%s\n", link_rows[i].name);
		CU_ASSERT_TRUE(equal);
	}
	pcap_close(pcap);
	folder_remove(&folder);
}

static void other_links_become_ethernet_in_both_formats(void)
{
	other_links_become_ethernet("out.pcapng");
	other_links_become_ethernet("out.pcap");
}

static void far_times_and_long_packets(void)
{
	static uint8_t frame[300000];
	struct folder folder = folder_make();
	struct packet_record record = {.frame = frame,
		.cap = sizeof(frame),
		.wire = sizeof(frame),
		.time_ns = UINT64_MAX,
		.link = LINK_ETHERNET};
	struct packet_file *file;
	struct pcap_pkthdr *header;
	const u_char *bytes;
	pcap_t *pcap;

	file = open_new(&folder, "out.pcapng");
	packet_file_write(file, &record);
	CU_ASSERT_TRUE(packet_file_close(file));
	pcap = read_back(&folder, "out.pcapng", DLT_EN10MB);
	CU_ASSERT_EQUAL_FATAL(pcap_next_ex(pcap, &header, &bytes), 1);
	CU_ASSERT_EQUAL(header->caplen, 262144);
	CU_ASSERT_EQUAL(header->len, sizeof(frame));
	CU_ASSERT_EQUAL((uint64_t)header->ts.tv_sec, UINT64_MAX / 1000000000);
	pcap_close(pcap);
	folder_remove(&folder);
}

/* Classic pcap has 32 bits of seconds (which libpcap itself reads as signed, so look at the bytes):
 * later times become the last one, and a sentence says so, once. */
static void times_beyond_classic_pcap(void)
{
	static const uint8_t frame[60];
	struct folder folder = folder_make();
	struct packet_record record = {.frame = frame,
		.cap = 60,
		.wire = 60,
		.time_ns = (1ull << 32) * 1000000000 + 7};
	struct packet_file *file;
	char path[PATH_MAX], *text;
	size_t len;
	int saved = dup(STDERR_FILENO);

	fflush(stderr);
	CU_ASSERT_PTR_NOT_NULL_FATAL(
		freopen(folder_path(&folder, "stderr.txt", path, sizeof(path)), "w", stderr));
	file = open_new(&folder, "out.pcap");
	packet_file_write(file, &record);
	packet_file_write(file, &record);
	CU_ASSERT_TRUE(packet_file_close(file));
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	text = folder_get(&folder, "out.pcap", &len);
	CU_ASSERT_EQUAL_FATAL(len, 24 + 2 * (16 + 60));
	CU_ASSERT_EQUAL(memcmp(text + 24, "\xff\xff\xff\xff\x07\0\0\0\x3c\0\0\0", 12), 0);
	free(text);
	text = folder_get(&folder, "stderr.txt", &len);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "2106-02-07"));
	CU_ASSERT_PTR_EQUAL(strchr(text, '\n'), text + len - 1);
	free(text);
	folder_remove(&folder);
}

static void what_cannot_be_opened_is_said(void)
{
	struct error error = {0};

	CU_ASSERT_PTR_NULL(packet_file_open("/nowhere/out.pcap", &error));
	CU_ASSERT_STRING_EQUAL(error.text,
		"/nowhere/out.pcap: cannot write packets: No such file or directory");
}

/* A disk that fills: what was written before stays readable, all else is counted. */
static void a_full_disk_leaves_a_readable_file(const char *name)
{
	struct folder folder = folder_make();
	struct packet_file *file = open_new(&folder, name);
	struct rlimit before, now;
	struct pcap_pkthdr *header;
	const struct output_ledger *ledger = packet_file_ledger(file);
	const u_char *bytes;
	uint64_t written;
	pcap_t *pcap;
	int status, saved = dup(STDERR_FILENO);
	char path[PATH_MAX];

	fill();
	fflush(stderr);
	CU_ASSERT_PTR_NOT_NULL_FATAL(
		freopen(folder_path(&folder, "stderr.txt", path, sizeof(path)), "w", stderr));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	now = before;
	now.rlim_cur = 700000; /* two batches and a part of the third */
	setrlimit(RLIMIT_FSIZE, &now);
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct packet_record record = record_of(i);

		packet_file_write(file, &record);
	}
	CU_ASSERT_FALSE(packet_file_flush(file));
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	written = ledger->written;
	CU_ASSERT_TRUE(written > 100 && written < PACKETS);
	CU_ASSERT_EQUAL(ledger->offered, PACKETS);
	CU_ASSERT_EQUAL(ledger->lost_disk, PACKETS - written);
	CU_ASSERT_FALSE(packet_file_close(file));
	pcap = read_back(&folder, name, DLT_EN10MB);
	while ((status = pcap_next_ex(pcap, &header, &bytes)) == 1 && written > 0)
		written--;
	CU_ASSERT_EQUAL(status, PCAP_ERROR_BREAK);
	CU_ASSERT_EQUAL(written, 0);
	pcap_close(pcap);
	folder_remove(&folder);
}

static void a_full_disk_leaves_readable_files(void)
{
	a_full_disk_leaves_a_readable_file("out.pcapng");
	a_full_disk_leaves_a_readable_file("out.pcap");
}

void suite_packet_file(void);
void suite_packet_file(void)
{
	CU_pSuite s = CU_add_suite("packet_file", NULL, NULL);

	CU_ADD_TEST(s, pcapng_is_read_by_libpcap);
	CU_ADD_TEST(s, classic_pcap_is_read_by_libpcap);
	CU_ADD_TEST(s, an_empty_file_is_a_valid_one);
	CU_ADD_TEST(s, tshark_sees_sessions_directions_and_comments);
	CU_ADD_TEST(s, statistics_count_each_interface);
	CU_ADD_TEST(s, plain_packets_share_one_nameless_interface);
	CU_ADD_TEST(s, raw_ip_has_a_file_of_its_own);
	CU_ADD_TEST(s, other_links_become_ethernet_in_both_formats);
	CU_ADD_TEST(s, far_times_and_long_packets);
	CU_ADD_TEST(s, times_beyond_classic_pcap);
	CU_ADD_TEST(s, what_cannot_be_opened_is_said);
	CU_ADD_TEST(s, a_full_disk_leaves_readable_files);
}
