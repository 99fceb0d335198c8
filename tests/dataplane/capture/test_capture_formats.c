#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/capture/capture_formats.h"

static void is_described(const void *head, size_t n, const char *wanted)
{
	char text[200];

	capture_format_describe(head, n, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, wanted);
	if (strcmp(text, wanted) != 0)
		printf("\n got  %s\n want %s\n", text, wanted);
}

static void names_formats_and_tools(void)
{
	static const struct {
		size_t at, len;
		const char *bytes, *sentence;
	} rows[] = {
		{0, 16, "snoop\0\0\0\0\0\0\2\0\0\0\4",
			"is a Sun snoop capture, which is not read; 'editcap -F pcapng IN OUT' "
			"(Wireshark) converts it"},
		{0, 4, "GMBU",
			"is a Microsoft Network Monitor capture, which is not read; 'editcap "
			"-F "
			"pcapng IN OUT' (Wireshark) converts it"},
		{72, 4, "\2\0\2\xc0",
			"is a Windows event trace (ETL), which is not read; 'etl2pcapng IN "
			"OUT' or "
			"'pktmon etl2pcap IN' converts it"},
		{0, 11, "iptrace 2.0",
			"is an AIX iptrace capture, which is not read; 'editcap -F pcapng IN "
			"OUT' "
			"(Wireshark) converts it"},
		{257, 5, "ustar", "is a tar archive, which is not read; 'tar -xf' unpacks it"},
		{0, 4, "PK\3\4", "is a zip archive, which is not read; 'unzip' unpacks it"},
		{0, 6,
			"\xfd"
			"7zXZ\0",
			"is compressed by xz, which is not read; 'xz -d' unpacks it"},
		{0, 4, "BZh9",
			"is compressed by bzip2, which is not read; 'bzip2 -d' unpacks it"},
		{0, 4, "\4\x22\x4d\x18",
			"is compressed by lz4, which is not read; 'lz4 -d' unpacks it"},
		{0, 3, "\x1f\x9d\x90",
			"is compressed by compress, which is not read; 'gzip -d' unpacks it"},
		{0, 3, "\x1f\x8b\x08",
			"is compressed by gzip once more, which is not read; 'gzip -d' unpacks "
			"it"},
		{0, 29, "0000  45 00 00 1d 00 00 00 00",
			"is not a pcap or pcapng capture, but text; 'text2pcap IN OUT' "
			"(Wireshark) "
			"makes a capture of a hex dump"},
		{0, 8, "\xff\xfe{\0\r\0\n\0",
			"is not a pcap or pcapng capture, but text; 'text2pcap IN OUT' "
			"(Wireshark) "
			"makes a capture of a hex dump"},
		{0, 3, "\1\2\3", "is not a pcap or pcapng capture (it begins with 01 02 03)"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t head[CAPTURE_FORMAT_LOOK] = {0};

		memcpy(head + rows[i].at, rows[i].bytes, rows[i].len);
		is_described(head, rows[i].at + rows[i].len, rows[i].sentence);
	}
}

/* Two records of 20 and 24 bytes, of Ethernet (type 2). */
static void knows_erf_by_its_records(void)
{
	uint8_t erf[44] = {0};

	erf[8] = erf[28] = 2;
	erf[11] = 20;
	erf[31] = 24;
	memcpy(erf + 4, "\0\xf1\x53\x65", 4);
	memcpy(erf + 24, "\1\xf1\x53\x65", 4);
	is_described(erf, sizeof(erf),
		"is an Endace ERF capture, which is not read; 'editcap -F pcapng IN OUT' "
		"(Wireshark) "
		"converts it");
	erf[28] = 99; /* no type */
	is_described(erf, sizeof(erf),
		"is not a pcap or pcapng capture (it begins with 00 00 00 00)");
	erf[28] = 2;
	erf[11] = 15; /* shorter than its header */
	is_described(erf, sizeof(erf),
		"is not a pcap or pcapng capture (it begins with 00 00 00 00)");
}

void suite_capture_formats(void);
void suite_capture_formats(void)
{
	CU_pSuite s = CU_add_suite("capture_formats", NULL, NULL);

	CU_ADD_TEST(s, names_formats_and_tools);
	CU_ADD_TEST(s, knows_erf_by_its_records);
}
