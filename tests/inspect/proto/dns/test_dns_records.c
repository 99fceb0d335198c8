/* Whole messages, written by hand after RFC 1035, 6891 (EDNS) and 7871 (client subnet). */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/dns/dns_records.h"
#include "support/hex.h"

enum { MESSAGE_MAX = 1024, RECORDS_MAX = 8, TEXT_MAX = 2200 };

struct row {
	const char *hex;
	const char *records[RECORDS_MAX]; /* section type class ttl name|data */
	const char *edns; /* version size rcode_high dnssec_ok subnet; NULL: none */
};

#define HEAD(counts) "1234 8580" counts
#define QUESTION "03 777777 07 6578616d706c65 03 636f6d 00 0001 0001 # www.example.com, at 12\n"
#define TOLD_QUESTION "0 1 1 0 www.example.com|"

static const struct row rows[] = {
	/* Two questions, and a record of each section. */
	{.hex = HEAD("0002 0001 0001 0002") QUESTION
		"c010 000f 0003\n"
		"c00c 0001 0001 0000003c 0004 c0000201\n"
		"c010 0002 0001 00000e10 0005 02 6e73 c010   # ns.example.com, at 67\n"
		"c043 001c 0001 80000000 0010 20010db8000000000000000000000001\n"
		"00 0029 04d0 01 00 8000 0000\n",
		.records = {TOLD_QUESTION, "0 15 3 0 example.com|",
			"1 1 1 60 www.example.com|192.0.2.1",
			"2 2 1 3600 example.com|ns.example.com",
			"3 28 1 2147483648 ns.example.com|2001:db8::1",
			"3 41 1232 16809984 .|OPT \\# 0"},
		.edns = "0 1232 1 1 "},
	/* A client subnet behind a cookie; the second one does not count. IPv6; no address at all. */
	{.hex = HEAD("0001 0000 0000 0001") QUESTION
		"00 0029 1000 00 00 0000 001e 000a 0008 0102030405060708"
		" 0008 0007 0001 18 00 c00002 0008 0003 0001 00\n",
		.records = {TOLD_QUESTION, NULL},
		.edns = "0 4096 0 0 192.0.2.0/24"},
	{.hex = HEAD(
		 "0000 0000 0000 0001") "00 0029 1000 00 01 0000 000e 0008 000a 0002 30 00 20010db81234",
		.records = {"3 41 4096 65536 .|OPT \\# 14 0008000a0002300020010db81234"},
		.edns = "1 4096 0 0 2001:db8:1234::/48"},
	{.hex = HEAD("0000 0000 0000 0001") "00 0029 0200 00 00 0000 0008 0008 0004 0001 00 00",
		.records = {"3 41 512 0 .|OPT \\# 8 0008000400010000"},
		.edns = "0 512 0 0 0.0.0.0/0"},
	/* Subnets that lie: a family that is none, too many bytes, a prefix that is too long. */
	{.hex = HEAD(
		 "0000 0000 0000 0001") "00 0029 0200 00 00 0000 0009 0008 0005 0003 08 00 0a",
		.records = {"3 41 512 0 .|OPT \\# 9 000800050003080"
			    "00a"},
		.edns = "0 512 0 0 "},
	{.hex = HEAD(
		 "0000 0000 0000 0001") "00 0029 0200 00 00 0000 000d 0008 0009 0001 20 00 0a0b0c0d0e",
		.records = {"3 41 512 0 .|OPT \\# 13 00080009000120000a0b0c0d0e"},
		.edns = "0 512 0 0 "},
	{.hex = HEAD("0000 0000 0000 0001") "00 0029 0200 00 00 0000 0008 0008 0004 0001 21 00",
		.records = {"3 41 512 0 .|OPT \\# 8 0008000400012100"},
		.edns = "0 512 0 0 "},
	/* An option that is longer than its record, a record longer than its message: what comes before it
	 * counts. */
	{.hex = HEAD("0000 0000 0000 0001") "00 0029 0200 00 00 0000 0004 0008 0004",
		.records = {"3 41 512 0 .|OPT \\# 4 00080004"},
		.edns = "0 512 0 0 "},
	{.hex = HEAD("0000 0002 0000 0000") "00 0001 0001 00000000 0004 c0000201"
					    " 00 0001 0001 00000000 0004 c00002",
		.records = {"1 1 1 0 .|192.0.2.1"}},
	{.hex = HEAD("0001 0001 0000 0000") "c00c 0001 0001", .records = {NULL}},
	{.hex = HEAD("0000 0000 0000 0000"), .records = {NULL}},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const char *print(char *text, const struct dns_record *r)
{
	snprintf(text, TEXT_MAX, "%u %u %u %u %s|%s", r->section, r->type, r->class, r->ttl,
		r->name, r->data);
	return text;
}

static void expect_edns(const struct dns_edns *e, const char *expected)
{
	char text[128];

	CU_ASSERT_EQUAL(e->is_there, expected != NULL);
	snprintf(text, sizeof(text), "%u %u %u %u %s", e->version, e->udp_size, e->rcode_high,
		e->dnssec_ok, e->client_subnet);
	if (expected)
		CU_ASSERT_STRING_EQUAL(text, expected);
}

static void reads_every_record_of_every_section(void)
{
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		uint8_t data[MESSAGE_MAX];
		uint32_t len = (uint32_t)hex_read(row->hex, data, sizeof(data));
		struct dns_records r;
		char text[TEXT_MAX];

		CU_ASSERT_TRUE_FATAL(dns_records_begin(&r, data, len, len));
		for (unsigned i = 0; row->records[i]; i++) {
			CU_ASSERT_TRUE(dns_records_next(&r));
			CU_ASSERT_STRING_EQUAL(print(text, &r.record), row->records[i]);
		}
		while (row == &rows[1] && dns_records_next(&r))
			continue;
		CU_ASSERT_FALSE(dns_records_next(&r));
		CU_ASSERT_FALSE(dns_records_next(&r));
		expect_edns(&r.edns, row->edns);
	}
}

/* Cut at every byte, in a buffer of just that size. */
static void reads_what_is_left_of_a_cut_message(void)
{
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		uint8_t data[MESSAGE_MAX];
		uint32_t len = (uint32_t)hex_read(row->hex, data, sizeof(data));

		for (uint32_t cap = 0; cap < len; cap++) {
			uint8_t *exact = malloc(cap ? cap : 1);
			struct dns_records part, whole;

			CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
			memcpy(exact, data, cap);
			CU_ASSERT_TRUE(dns_records_begin(&whole, data, len, len));
			CU_ASSERT_EQUAL(dns_records_begin(&part, exact, cap, len), cap >= 12);
			while (cap >= 12 && dns_records_next(&part)) {
				char a[TEXT_MAX], b[TEXT_MAX];

				CU_ASSERT_TRUE(dns_records_next(&whole));
				CU_ASSERT_STRING_EQUAL(
					print(a, &part.record), print(b, &whole.record));
			}
			free(exact);
		}
	}
}

/* Records of 12 bytes that each print a name of 1,000 characters. */
static void text_and_work_are_bounded(void)
{
	static uint8_t data[UINT16_MAX] = {0, 1, 0x80, 0, 0, 0, 0xff, 0xff};
	static struct dns_records r;
	static const uint8_t record[] = {0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 0, 0, 2, 0xc0, 12};
	uint32_t len = 12, n = 0, text = 0;

	for (unsigned i = 0; i < 3; i++, len += 64)
		data[len] = 63;
	len++;
	memcpy(data + len, "\0\20\0\1\0\0\0\0\0\0", 10);
	len += 10;
	for (; len + sizeof(record) <= sizeof(data); len += sizeof(record))
		memcpy(data + len, record, sizeof(record));
	CU_ASSERT_TRUE(dns_records_begin(&r, data, len, len));
	for (; dns_records_next(&r); n++)
		text += (uint32_t)(strlen(r.record.name) + strlen(r.record.data));
	CU_ASSERT_TRUE(n > 10 && text > DNS_RECORDS_BYTES - 2048 && text <= DNS_RECORDS_BYTES);
	CU_ASSERT_TRUE(r.steps < len + DNS_RECORDS_BYTES + 8192);
}

static void the_header_says_what_kind_of_message_it_is(void)
{
	static const struct {
		uint8_t high, low;
		bool response, authoritative, truncated, desired, available;
		uint8_t opcode;
	} heads[] = {
		{0x01, 0x00, false, false, false, true, false, 0},
		{0x85, 0x80, true, true, false, true, true, 0},
		{0x82, 0x00, true, false, true, false, false, 0},
		{0x28, 0x00, false, false, false, false, false, 5}, /* UPDATE, RFC 2136 */
		{0xa0, 0x80, true, false, false, false, true, 4},   /* NOTIFY, RFC 1996 */
	};
	static struct dns_message m;

	for (unsigned i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		const uint8_t data[] = {0, 1, heads[i].high, heads[i].low, 0, 2, 0, 0, 0, 0, 0,
			0, 1, 'a', 0, 0, 6, 0, 3, 0, 0, 1, 0, 1};

		CU_ASSERT_TRUE(dns_parse(data, sizeof(data), sizeof(data), &m));
		CU_ASSERT_EQUAL(m.is_response, heads[i].response);
		CU_ASSERT_EQUAL(m.authoritative, heads[i].authoritative);
		CU_ASSERT_EQUAL(m.truncated, heads[i].truncated);
		CU_ASSERT_EQUAL(m.recursion_desired, heads[i].desired);
		CU_ASSERT_EQUAL(m.recursion_available, heads[i].available);
		CU_ASSERT_EQUAL(m.opcode, heads[i].opcode);
		CU_ASSERT_EQUAL(m.question_count, 2);
		CU_ASSERT_EQUAL(m.type, 6);
		CU_ASSERT_EQUAL(m.class, 3);
	}
}

void suite_dns_records(void);
void suite_dns_records(void)
{
	CU_pSuite s = CU_add_suite("dns_records", NULL, NULL);

	CU_add_test(
		s, "reads every record of every section", reads_every_record_of_every_section);
	CU_add_test(
		s, "reads what is left of a cut message", reads_what_is_left_of_a_cut_message);
	CU_add_test(s, "text and work are bounded", text_and_work_are_bounded);
	CU_add_test(s, "the header says what kind of message it is",
		the_header_says_what_kind_of_message_it_is);
}
