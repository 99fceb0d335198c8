/* Messages written by hand after RFC 1035 section 4 (header, question, records), 3596 (AAAA),
 * 2782 (SRV) and 9460 (HTTPS); names in the hex show where each part is. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/dns/dns.h"
#include "support/hex.h"
#include "support/random.h"

enum { MESSAGE_MAX = 1024 };

struct row {
	const char *hex;
	bool is_dns, is_response;
	const char *query, *type, *rcode; /* query NULL: no question */
	const char *answers[4];
};

#define QUESTION_EXAMPLE "03 777777 07 6578616d706c65 03 636f6d 00 # www.example.com, at 12\n"

static const struct row rows[] = {
	/* A query for one address. */
	{.hex = "1234 0100 0001 0000 0000 0000" QUESTION_EXAMPLE "0001 0001",
		.is_dns = true,
		.query = "www.example.com",
		.type = "A"},
	/* Its answer: an alias that points back, and two addresses. */
	{.hex = "1234 8180 0001 0003 0000 0000" QUESTION_EXAMPLE "0001 0001"
		"c00c 0005 0001 0000003c 0006 03 77656c c010  # wel.example.com, at 45\n"
		"c02d 0001 0001 0000003c 0004 5db8d822\n"
		"c02d 0001 0001 0000003c 0004 c0000201\n",
		.is_dns = true,
		.is_response = true,
		.query = "www.example.com",
		.type = "A",
		.rcode = "NOERROR",
		.answers = {"wel.example.com", "93.184.216.34", "192.0.2.1"}},
	{.hex = "0001 8583 0001 0000 0000 0000" QUESTION_EXAMPLE "001c 0001",
		.is_dns = true,
		.is_response = true,
		.query = "www.example.com",
		.type = "AAAA",
		.rcode = "NXDOMAIN"},
	{.hex = "0001 8180 0001 0002 0000 0000" QUESTION_EXAMPLE "00ff 0001"
		"c00c 001c 0001 00000000 0010 20010db8000000000000000000000001\n"
		"c00c 000f 0001 00000000 0009 000a 04 6d61696c c010 # mail.example.com\n",
		.is_dns = true,
		.is_response = true,
		.query = "www.example.com",
		.type = "ANY",
		.rcode = "NOERROR",
		.answers = {"2001:db8::1", "10 mail.example.com"}},
	{.hex = "0001 8180 0001 0004 0000 0000" QUESTION_EXAMPLE "0010 0001"
		"c00c 0010 0001 00000000 000d 06 763d73706631 05 202d6116c3 # two strings\n"
		"c00c 0021 0001 00000000 000a 0001 0002 01bb 01 73 c010 # s.example.com\n"
		"c00c 0006 0001 00000000 001a c010 01 68 c010 00000001 00000002 00000003"
		" 00000004 ffffffff\n"
		"c00c 0041 0001 00000000 0003 0001 00 # HTTPS 1 .\n",
		.is_dns = true,
		.is_response = true,
		.query = "www.example.com",
		.type = "TXT",
		.rcode = "NOERROR",
		.answers = {NULL}},
	/* mDNS: a response without a question; and a type without a name. */
	{.hex = "0000 8400 0000 0002 0000 0000"
		"05 5f68747470 04 5f746370 05 6c6f63616c 00 000c 8001 00000078 0007"
		" 04 6e6f6465 c017 # node.local\n"
		"c00c ff00 8001 00000078 0002 abcd",
		.is_dns = true,
		.is_response = true,
		.rcode = "NOERROR",
		.answers = {"node.local", "TYPE65280 \\# 2 abcd"}},
	/* The root's name servers: names of no labels. */
	{.hex = "0001 8180 0001 0001 0000 0000 00 0002 0001"
		"00 0002 0001 00000000 0001 00",
		.is_dns = true,
		.is_response = true,
		.query = ".",
		.type = "NS",
		.rcode = "NOERROR",
		.answers = {"."}},
	/* A label of dot, backslash, NUL, space, DEL and a. RFC 4343, 2.1. */
	{.hex = "0001 0100 0001 0000 0000 0000 06 2e5c00207f61 01 62 00 0001 0001",
		.is_dns = true,
		.query = "\\.\\\\\\000\\032\\127a.b",
		.type = "A"},
	/* Without a question: a server that does not like the query. Type and rcode unnamed. */
	{.hex = "0001 8001 0000 0000 0000 0000",
		.is_dns = true,
		.is_response = true,
		.rcode = "FORMERR"},
	{.hex = "0001 800f 0001 0000 0000 0000 01 61 00 fff0 0001",
		.is_dns = true,
		.is_response = true,
		.query = "a",
		.type = NULL,
		.rcode = NULL},
	/* Only the first of two questions counts. */
	{.hex = "0001 0100 0002 0000 0000 0000 01 61 00 0001 0001 01 62 00 001c 0001",
		.is_dns = true,
		.query = "a",
		.type = "A"},
	/* Lies: a pointer to itself, one forward, two that go round, a label of 64 (01...), an
	 * opcode that does not exist, more questions than any message has. */
	{.hex = "0001 0100 0001 0000 0000 0000 c00c 0001 0001"},
	{.hex = "0001 0100 0001 0000 0000 0000 c010 0001 0001 00"},
	{.hex = "0001 0100 0001 0000 0000 0000 01 61 c00c 0001 0001"},
	{.hex = "0001 0100 0001 0000 0000 0000 41 61 00 0001 0001"},
	{.hex = "0001 4900 0001 0000 0000 0000 01 61 00 0001 0001"},
	{.hex = "0001 0100 1000 0000 0000 0000 01 61 00 0001 0001"},
	{.hex = "0001 0100 0001 0000 0000 0000 01"},
	/* An address of 3 bytes, a name that leaves its record: answers before it are kept. */
	{.hex = "0001 8180 0000 0002 0000 0000 00 0001 0001 00000000 0004 c0000201"
		"00 0001 0001 00000000 0003 c00002",
		.is_dns = true,
		.is_response = true,
		.rcode = "NOERROR",
		.answers = {"192.0.2.1"}},
	{.hex = "0001 8180 0000 0001 0000 0000 00 0005 0001 00000000 0002 03 616263 00",
		.is_dns = true,
		.is_response = true,
		.rcode = "NOERROR"},
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static void expect_text(const char *expected, const char *found)
{
	CU_ASSERT_EQUAL(!expected, !found);
	if (expected && found)
		CU_ASSERT_STRING_EQUAL(expected, found);
}

static void reads_messages(void)
{
	uint8_t data[MESSAGE_MAX];
	struct dns_message m;

	for (int i = 0; i < ROWS; i++) {
		uint32_t len = (uint32_t)hex_read(rows[i].hex, data, sizeof(data));

		CU_ASSERT_EQUAL(dns_parse(data, len, len, &m), rows[i].is_dns);
		if (!rows[i].is_dns)
			continue;
		CU_ASSERT_EQUAL(m.is_response, rows[i].is_response);
		CU_ASSERT_EQUAL(m.has_question, rows[i].query != NULL);
		CU_ASSERT_STRING_EQUAL(m.query, rows[i].query ? rows[i].query : "");
		if (m.has_question)
			expect_text(rows[i].type, dns_type_name(m.type));
		if (m.is_response)
			expect_text(rows[i].rcode, dns_rcode_name(m.rcode));
		for (unsigned a = 0; rows[i].answers[a]; a++)
			CU_ASSERT_STRING_EQUAL(m.answers[a], rows[i].answers[a]);
	}
}

static void reads_text_service_authority_and_https_records(void)
{
	uint8_t data[MESSAGE_MAX];
	uint32_t len = (uint32_t)hex_read(rows[4].hex, data, sizeof(data));
	struct dns_message m;

	CU_ASSERT_TRUE(dns_parse(data, len, len, &m));
	CU_ASSERT_EQUAL_FATAL(m.n_answers, 4);
	CU_ASSERT_STRING_EQUAL(m.answers[0], "v=spf1 -a\\022\\195");
	CU_ASSERT_STRING_EQUAL(m.answers[1], "1 2 443 s.example.com");
	CU_ASSERT_STRING_EQUAL(m.answers[2], "example.com h.example.com 1 2 3 4 4294967295");
	CU_ASSERT_STRING_EQUAL(m.answers[3], "1 .");
}

/* Cut at every byte, in a buffer of just that size: a sanitizer sees any read past it. What is
 * read must be a beginning of what the whole message says. */
static void reads_what_is_left_of_a_cut_message(void)
{
	uint8_t data[MESSAGE_MAX];
	struct dns_message whole, part;

	for (int i = 0; i < ROWS; i++) {
		uint32_t len = (uint32_t)hex_read(rows[i].hex, data, sizeof(data));

		dns_parse(data, len, len, &whole);
		for (uint32_t cap = 0; cap < len; cap++) {
			uint8_t *exact = malloc(cap ? cap : 1);

			CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
			memcpy(exact, data, cap);
			if (dns_parse(exact, cap, len, &part)) {
				CU_ASSERT_TRUE(cap >= 12);
				CU_ASSERT_EQUAL(part.is_response, whole.is_response);
				CU_ASSERT_TRUE(part.n_answers <= whole.n_answers);
				if (part.has_question)
					CU_ASSERT_STRING_EQUAL(part.query, whole.query);
				for (unsigned a = 0; a < part.n_answers; a++)
					CU_ASSERT_STRING_EQUAL(
						part.answers[a], whole.answers[a]);
			}
			free(exact);
		}
	}
}

/* A message cut inside its second answer keeps the first; cut in the question, it is one still. */
static void tells_cut_from_bad(void)
{
	uint8_t data[MESSAGE_MAX];
	uint32_t len = (uint32_t)hex_read(rows[1].hex, data, sizeof(data));
	struct dns_message m;

	CU_ASSERT_TRUE(dns_parse(data, 60, len, &m));
	CU_ASSERT_EQUAL(m.n_answers, 1);
	CU_ASSERT_STRING_EQUAL(m.answers[0], "wel.example.com");
	CU_ASSERT_TRUE(dns_parse(data, 20, len, &m));
	CU_ASSERT_FALSE(m.has_question);
	CU_ASSERT_FALSE(dns_parse(data, 20, 20, &m));
	CU_ASSERT_FALSE(dns_parse(data, 11, len, &m));
}

static void put(uint8_t **at, const void *bytes, size_t n)
{
	memcpy(*at, bytes, n);
	*at += n;
}

/* Four labels of 63 bytes make a name of 257; 63, 63, 63 and 61 one of 255, the longest. */
static void refuses_names_that_are_too_long(void)
{
	for (unsigned last = 61; last <= 63; last++) {
		uint8_t data[MESSAGE_MAX] = {0, 1, 1, 0, 0, 1}, *at = data + 12;
		struct dns_message m;
		bool ok;

		for (unsigned i = 0; i < 4; i++) {
			uint8_t len = (uint8_t)(i < 3 ? 63 : last);

			put(&at, &len, 1);
			memset(at, 0xff, len);
			at += len;
		}
		put(&at, "\0\0\1\0\1", 5);
		ok = dns_parse(data, (uint32_t)(at - data), (uint32_t)(at - data), &m);
		CU_ASSERT_EQUAL(ok, last == 61);
		/* Every byte takes four characters: it fits nevertheless. */
		if (ok)
			CU_ASSERT_EQUAL(strlen(m.query), 250 * 4 + 3);
	}
}

static void bounds_the_number_of_answers_and_their_text(void)
{
	uint8_t data[4096] = {0, 1, 0x80, 0, 0, 0, 0, 100}, *at = data + 12;
	struct dns_message m;

	for (unsigned i = 0; i < 100; i++)
		put(&at, "\0\0\1\0\1\0\0\0\0\0\4\1\2\3\4", 15);
	CU_ASSERT_TRUE(dns_parse(data, (uint32_t)(at - data), (uint32_t)(at - data), &m));
	CU_ASSERT_EQUAL(m.n_answers, DNS_ANSWERS_MAX);
	CU_ASSERT_EQUAL(m.answer_count, 100);
	CU_ASSERT_STRING_EQUAL(m.answers[DNS_ANSWERS_MAX - 1], "1.2.3.4");

	data[7] = 1;
	at = data + 12;
	put(&at, "\0\0\20\0\1\0\0\0\0\2\0", 11);
	for (unsigned i = 0; i < 2; i++) {
		put(&at, "\377", 1);
		memset(at, 0, 255); /* each prints as \000: no half of an escape at the end */
		at += 255;
	}
	CU_ASSERT_TRUE(dns_parse(data, (uint32_t)(at - data), (uint32_t)(at - data), &m));
	CU_ASSERT_EQUAL(m.n_answers, 1);
	CU_ASSERT_EQUAL(strlen(m.answers[0]), DNS_ANSWER_TEXT - 1);
}

/* What reading takes, of messages made to take as much as they can: in steps, for time says little. */
struct costly {
	uint8_t data[UINT16_MAX];
	uint32_t len;
};

static void costly_begin(struct costly *c, unsigned questions, unsigned records)
{
	const uint8_t header[] = {0, 1, 0x80, 0, 0, (uint8_t)questions, (uint8_t)(records >> 8),
		(uint8_t)records, (uint8_t)(records >> 8), (uint8_t)records,
		(uint8_t)(records >> 8), (uint8_t)records};

	memcpy(c->data, header, sizeof(header));
	c->len = sizeof(header);
}

static void costly_add(struct costly *c, const void *bytes, uint32_t n)
{
	CU_ASSERT_TRUE_FATAL(c->len + n <= sizeof(c->data));
	memcpy(c->data + c->len, bytes, n);
	c->len += n;
}

/* A label, of bytes that print as one character or as four. */
static void costly_label(struct costly *c, uint8_t len, uint8_t byte)
{
	uint8_t label[64];

	memset(label, byte, sizeof(label));
	label[0] = len;
	costly_add(c, label, len + 1u);
}

static void costly_name(struct costly *c, uint8_t label_len, uint8_t byte)
{
	for (uint32_t room = 254; room > label_len; room -= label_len + 1u)
		costly_label(c, label_len, byte);
	costly_add(c, "", 1);
}

/* Records of that type, named by a pointer to 12, with the data. */
static void costly_records(
	struct costly *c, uint8_t type, const void *data, uint8_t len, uint32_t size)
{
	const uint8_t head[] = {0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, len};

	while (c->len + sizeof(head) + len <= size) {
		costly_add(c, head, sizeof(head));
		costly_add(c, data, len);
	}
}

static uint32_t steps_of(const struct costly *c)
{
	static struct dns_message m;

	/* All of it, and cut at places all over. */
	for (uint32_t cap = 12; cap < c->len; cap += 1 + c->len / 97) {
		dns_parse(c->data, cap, c->len, &m);
		CU_ASSERT_TRUE(m.steps <= cap + DNS_ANSWERS_BYTES + 8192);
	}
	CU_ASSERT_TRUE(dns_parse(c->data, c->len, c->len, &m));
	CU_ASSERT_TRUE(m.steps <= c->len + DNS_ANSWERS_BYTES + 8192);
	return m.steps;
}

/* Long names of short labels and of long ones, which print as they are or in four characters a byte, and
 * to which every record points; chains of as many pointers as are followed; names without an end. */
static void work_is_bounded_by_bytes_and_text(void)
{
	static const uint8_t labels[] = {1, 63};
	static struct dns_message m;
	struct costly *c = calloc(1, sizeof(*c));
	uint32_t at;

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	for (unsigned i = 0; i < 8; i++) {
		const uint8_t types[] = {5, 17}; /* CNAME, RP: two names */

		costly_begin(c, 1, UINT16_MAX);
		costly_name(c, labels[i & 1], i & 2 ? 1 : 'a');
		costly_add(c, "\0\5\0\1", 4);
		costly_records(c, types[i / 4], "\300\14\300\14", (uint8_t)(2 + 2 * (i / 4)),
			i & 1 ? 1400 : sizeof(c->data));
		CU_ASSERT_TRUE(steps_of(c) > 10000); /* it is read, as far as it is kept */
	}
	costly_begin(c, 0, UINT16_MAX);
	at = c->len;
	costly_add(c, "\0", 1);
	for (unsigned i = 0; i < 500; i++) { /* each name is a pointer to the one before */
		const uint8_t pointer[] = {(uint8_t)(0xc0 | at >> 8), (uint8_t)at};
		const uint8_t rest[] = {0, 5, 0, 1, 0, 0, 0, 0, 0, 2, pointer[0], pointer[1]};
		uint32_t here = c->len;

		costly_add(c, pointer, 2);
		costly_add(c, rest, sizeof(rest));
		at = here;
	}
	steps_of(c);
	costly_begin(c, 64, UINT16_MAX);
	while (c->len + 64 <= sizeof(c->data))
		costly_label(c, 63, 'a');
	CU_ASSERT_FALSE(dns_parse(c->data, c->len, c->len, &m));
	CU_ASSERT_TRUE(m.steps <= 2048);
	free(c);
}

struct data_row {
	const char *type, *data; /* hex; names point to www.example.com, at 12 */
	const char *text;
};

/* As dig prints them, but for the final dots of names. */
static const struct data_row data_rows[] = {
	{"000d", "05 494e54454c 05 4c696e7578", "\"INTEL\" \"Linux\""},
	{"0011", "c00c c010", "www.example.com example.com"},
	{"0012", "0001 c00c", "1 www.example.com"},
	{"0024", "000a c00c", "10 www.example.com"},
	{"0023", "0064 000a 01 75 07 4532552b736970 09 215e2e2a24215c2221 00",
		"100 10 \"u\" \"E2U+sip\" \"!^.*$!\\\\\\\"!\" ."},
	{"0063", "03 763d73 02 7066", "v=spf"},
	{"0100", "000a 0001 6674703a2f2f78", "10 1 \"ftp://x\""},
	{"0101", "00 05 6973737565 6c652e6f7267", "0 issue \"le.org\""},
	{"0041",
		"0001 00 0000 0004 0001 0004 0001 0006 02 6833 02 6832 0002 0000 0003 0002 20fb"
		" 0004 0008 c0000201 c0000202 0006 0010 20010db8000000000000000000000001"
		" 0005 0002 ab22",
		"1 . mandatory=1,4 alpn=\"h3,h2\" no-default-alpn port=8443"
		" ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 key5=\"\\171\\\"\""},
	{"002b", "0001 08 02 abcd", "DS \\# 6 00010802abcd"},
	{"fff0", "", "TYPE65520 \\# 0"},
};

static void data_of_every_type_is_text(void)
{
	for (size_t i = 0; i < sizeof(data_rows) / sizeof(data_rows[0]); i++) {
		const struct data_row *row = &data_rows[i];
		uint8_t bytes[MESSAGE_MAX];
		char hex[1024];
		struct dns_message m;
		uint32_t len = (uint32_t)hex_read(row->data, bytes, sizeof(bytes));

		snprintf(hex, sizeof(hex),
			"0001 8180 0001 0001 0000 0000 %s %s 0001 c00c %s 0001 0000003c %04x "
			"%s",
			"03 777777 07 6578616d706c65 03 636f6d 00", row->type, row->type, len,
			row->data);
		len = (uint32_t)hex_read(hex, bytes, sizeof(bytes));
		CU_ASSERT_TRUE(dns_parse(bytes, len, len, &m));
		CU_ASSERT_EQUAL(m.n_answers, 1);
		CU_ASSERT_STRING_EQUAL(m.answers[0], row->text);
	}
}

/* RFC 6891: the upper bits of the code are in the TTL of the OPT record, wherever it stands behind
 * the answers; of an OPT among the answers they are not. */
static void response_codes_go_on_in_edns(void)
{
	static const struct {
		const char *hex, *name;
		uint16_t rcode;
	} codes[] = {
		{"0001 8187 0001 0000 0000 0001" QUESTION_EXAMPLE "0001 0001"
		 "00 0029 04d0 01000000 0000",
			"BADCOOKIE", 23},
		{"0001 8180 0001 0000 0000 0001" QUESTION_EXAMPLE "0001 0001"
		 "00 0029 04d0 01000000 0000",
			"BADVERS", 16},
		{"0001 8180 0001 0001 0001 0002" QUESTION_EXAMPLE "0001 0001"
		 "c00c 0001 0001 0000003c 0004 c0000201 c010 0002 0001 0000003c 0002 c00c"
		 "c00c 0001 0001 0000003c 0004 c0000201 00 0029 04d0 ff000000 0000",
			NULL, 0xff0},
		{"0001 8183 0001 0001 0000 0000" QUESTION_EXAMPLE "0001 0001"
		 "00 0029 04d0 01000000 0000",
			"NXDOMAIN", 3},
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		uint8_t data[MESSAGE_MAX];
		uint32_t len = (uint32_t)hex_read(codes[i].hex, data, sizeof(data));
		struct dns_message m;

		CU_ASSERT_TRUE(dns_parse(data, len, len, &m));
		CU_ASSERT_EQUAL(m.rcode, codes[i].rcode);
		expect_text(codes[i].name, dns_rcode_name(m.rcode));
	}
}

static void stays_in_bounds_on_any_bytes(void)
{
	uint8_t data[MESSAGE_MAX];
	struct dns_message m;
	struct random random = random_seeded(1);

	for (unsigned round = 0; round < 40000; round++) {
		uint32_t len = (uint32_t)hex_read(rows[round % ROWS].hex, data, sizeof(data));
		uint8_t *exact = malloc(len);

		CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
		memcpy(exact, data, len);
		for (unsigned n = random_below(&random, 4); n < 4; n++)
			random_fill(&random, exact + random_below(&random, len), 1);
		dns_parse(exact, len, len, &m);
		free(exact);
		CU_ASSERT_TRUE(memchr(m.query, 0, sizeof(m.query)) != NULL);
		CU_ASSERT_TRUE_FATAL(m.n_answers <= DNS_ANSWERS_MAX);
		for (unsigned a = 0; a < m.n_answers; a++)
			CU_ASSERT_TRUE(memchr(m.answers[a], 0, DNS_ANSWER_TEXT) != NULL);
	}
}

static void names_types_and_codes(void)
{
	CU_ASSERT_STRING_EQUAL(dns_type_name(65), "HTTPS");
	CU_ASSERT_STRING_EQUAL(dns_type_name(257), "CAA");
	CU_ASSERT_PTR_NULL(dns_type_name(0));
	CU_ASSERT_PTR_NULL(dns_type_name(65535));
	CU_ASSERT_STRING_EQUAL(dns_rcode_name(5), "REFUSED");
	CU_ASSERT_STRING_EQUAL(dns_rcode_name(16), "BADVERS");
	CU_ASSERT_STRING_EQUAL(dns_rcode_name(23), "BADCOOKIE");
	CU_ASSERT_PTR_NULL(dns_rcode_name(15));
	CU_ASSERT_PTR_NULL(dns_rcode_name(24));
}

static bool begins(const char *hex)
{
	uint8_t bytes[MESSAGE_MAX];
	uint32_t n = (uint32_t)hex_read(hex, bytes, sizeof(bytes));

	/* The question must be there, whole. */
	for (uint32_t cap = 0; cap < n && cap < 33; cap++)
		CU_ASSERT_FALSE(dns_begins(cursor_make(bytes, cap, n)));
	return dns_begins(cursor_make(bytes, n, n));
}

#define PLAIN QUESTION_EXAMPLE "0001 0001\n"

static void only_plain_messages_begin_dns(void)
{
	static const char *const yes[] = {"1234 0100 0001 0000 0000 0000" PLAIN,
		"0000 0000 0001 0000 0000 0000" PLAIN, "1234 0120 0001 0000 0000 0000" PLAIN,
		"1234 0100 0001 0000 0000 0001" PLAIN "00 0029 1000 00000000 0000",
		"1234 0100 0001 0000 0000 0001" PLAIN "00 0029 1000 00000000 0004 000a0000",
		"1234 8180 0001 0001 0000 0000" PLAIN "c00c 0001 0001 0000003c 0004 c0000201",
		"1234 8183 0001 0000 0000 0000" PLAIN};
	static const char *const no[] = {
		"1234 0100 0000 0000 0000 0000 # nothing is asked",
		"1234 0100 0002 0000 0000 0000 # two questions\n" PLAIN PLAIN,
		"1234 0100 0001 0001 0000 0000 # with an answer\n" PLAIN,
		"1234 0180 0001 0000 0000 0000 # recursion available\n" PLAIN,
		"1234 0900 0001 0000 0000 0000 # inverse query\n" PLAIN,
		"1234 0103 0001 0000 0000 0000 # with a response code\n" PLAIN,
		"1234 8980 0001 0000 0000 0000 # an answer to another opcode\n" PLAIN,
		"1234 0100 0001 0000 0000 0000 # bytes behind it\n" PLAIN "00",
		"1234 0100 0001 0000 0000 0001 # EDNS is missing\n" PLAIN,
		"1234 0100 0001 0000 0000 0001 # or longer\n" PLAIN
		"00 0029 1000 00000000 0005 000a0000",
		"1234 0100 0001 0000 0000 0001 # or of another name\n" PLAIN
		"c00c 0029 1000 00000000 0000",
		"1234 0100 0001 0000 0000 0003 # too much of it\n" PLAIN
		"00 0029 1000 00000000 0000 00 0029 1000 00000000 0000 00 0029 1000 00000000 0000",
		"1234 0100 0001 0000 0000 0000 00 0001 0001 # the root",
		"1234 0100 0001 0000 0000 0000 c00c 0001 0001 # a pointer",
		"1234 0100 0001 0000 0000 0000 03 610a62 00 0001 0001 # no letter",
		"1234 0100 0001 0000 0000 0000 01 61 00 0001 0003 # another class",
		"1234 0100 0001 0000 0000 0000 01 61 00 fff0 0001 # a type without a name",
		("1234 0000 0001 0000 0000 0000 # NetBIOS\n"
		 "20 4542454d454a4544454645484542464545464341434143414341434143414341 00 0021 0001"),
	};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		CU_ASSERT_TRUE(begins(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		CU_ASSERT_FALSE(begins(no[i]));
}

/* Behind a question that is whole: EDNS with 16 bytes of padding. */
static void cut_messages_begin_dns(void)
{
	static const char padded[] =
		"1234 0100 0001 0000 0000 0001" PLAIN "00 0029 1000 00000000 0014 000c 0010"
		"00000000 00000000 00000000 00000000";
	uint8_t bytes[MESSAGE_MAX];
	uint32_t n = (uint32_t)hex_read(padded, bytes, sizeof(bytes));

	for (uint32_t cap = n - 31; cap < n; cap++) {
		CU_ASSERT_TRUE(dns_begins(cursor_make(bytes, cap, n)));
		CU_ASSERT_FALSE(dns_begins(cursor_make(bytes, cap, cap)));
	}
	/* In the first fragment of a datagram. */
	CU_ASSERT_TRUE(dns_begins(cursor_make(bytes, n - 8, n - 4)));
	CU_ASSERT_FALSE(dns_begins(cursor_make(bytes, n - 8, n + 1)));
}

void suite_dns(void);
void suite_dns(void)
{
	CU_pSuite s = CU_add_suite("dns", NULL, NULL);

	CU_add_test(s, "only plain messages begin DNS", only_plain_messages_begin_dns);
	CU_ADD_TEST(s, cut_messages_begin_dns);
	CU_ADD_TEST(s, reads_messages);
	CU_ADD_TEST(s, reads_text_service_authority_and_https_records);
	CU_ADD_TEST(s, reads_what_is_left_of_a_cut_message);
	CU_ADD_TEST(s, tells_cut_from_bad);
	CU_ADD_TEST(s, refuses_names_that_are_too_long);
	CU_ADD_TEST(s, bounds_the_number_of_answers_and_their_text);
	CU_ADD_TEST(s, work_is_bounded_by_bytes_and_text);
	CU_ADD_TEST(s, data_of_every_type_is_text);
	CU_ADD_TEST(s, response_codes_go_on_in_edns);
	CU_ADD_TEST(s, stays_in_bounds_on_any_bytes);
	CU_ADD_TEST(s, names_types_and_codes);
}
