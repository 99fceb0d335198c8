/* Whole messages, written by hand after RFC 1035. What dns_parse() makes text of must lead to the same places. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decap/addr.h"
#include "inspect/proto/dns/dns_answers.h"
#include "support/hex.h"

enum { MESSAGE_MAX = 1024, TEXT_MAX = 1024 };

#define HEAD(counts) "1234 8580" counts
#define QUESTION "03 777777 07 6578616d706c65 03 636f6d 00 0001 0001 # www.example.com, at 12\n"
#define OF_QUESTION "c00c"
#define TTL "0000003c"

static const struct row {
	const char *hex;
	const char *want; /* each with a space behind it; NULL: no response */
} rows[] = {
	{HEAD("0001 0002 0000 0000") QUESTION OF_QUESTION
		"0001 0001" TTL "0004 c0000201" OF_QUESTION "001c 0001" TTL
		"0010 20010db8000000000000000000000001",
		"192.0.2.1 2001:db8::1 "},
	/* CNAME to a.example.com, and its address; TXT leads nowhere. */
	{HEAD("0001 0003 0000 0000") QUESTION OF_QUESTION
		"0005 0001" TTL "0004 01 61 c010" OF_QUESTION "0010 0001" TTL "0003 02 6869"
		"c031 0001 0001" TTL "0004 c0000202",
		"a.example.com 192.0.2.2 "},
	/* NS, PTR, MX, SRV, DNAME, SVCB, HTTPS. */
	{HEAD("0001 0007 0000 0000") QUESTION OF_QUESTION
		"0002 0001" TTL "0003 01 6e 00" OF_QUESTION "000c 0001" TTL
		"0003 01 70 00" OF_QUESTION "000f 0001" TTL "0005 000a 01 6d 00" OF_QUESTION
		"0021 0001" TTL "0009 0001 0002 0050 01 73 00" OF_QUESTION "0027 0001" TTL
		"0003 01 64 00" OF_QUESTION "0040 0001" TTL "0005 0000 01 76 00" OF_QUESTION
		"0041 0001" TTL "0005 0000 01 68 00",
		"n p m s d v h "},
	/* A question; a response without answers; an address of three bytes before a good one. */
	{"1234 0100 0001 0000 0000 0000" QUESTION, NULL},
	{HEAD("0001 0000 0000 0000") QUESTION, ""},
	{HEAD("0001 0002 0000 0000") QUESTION OF_QUESTION
		"0001 0001" TTL "0003 c00002" OF_QUESTION "0001 0001" TTL "0004 c0000203",
		"192.0.2.3 "},
	/* Data longer than the message; a pointer that leads to itself. */
	{HEAD("0001 0001 0000 0000") QUESTION OF_QUESTION "0001 0001" TTL "0009 c0000201", ""},
	{HEAD("0001 0001 0000 0000") QUESTION OF_QUESTION "0005 0001" TTL "0002 c02d", ""},
	/* Authorities are none. */
	{HEAD("0001 0000 0001 0000") QUESTION OF_QUESTION "0001 0001" TTL "0004 c0000201", ""},
};

static bool answers_text(
	const uint8_t *data, uint32_t cap, uint32_t wire, bool names, char text[TEXT_MAX])
{
	struct dns_answers answers;
	struct dns_answer answer;
	size_t len = 0;

	text[0] = '\0';
	if (!dns_answers_begin(&answers, data, cap, wire))
		return false;
	while (dns_answers_next(&answers, names, &answer)) {
		char address[IP_ADDR_TEXT];

		if (answer.is_address)
			ip_addr_print(&answer.address, address);
		else
			CU_ASSERT_EQUAL(answer.len, strlen(answer.name));
		len += (size_t)snprintf(text + len, TEXT_MAX - len, "%s ",
			answer.is_address ? address : answer.name);
		CU_ASSERT_FATAL(len < TEXT_MAX);
	}
	return true;
}

static void each_answer_that_leads_somewhere_is_told(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t bytes[MESSAGE_MAX];
		uint32_t len = (uint32_t)hex_read(rows[i].hex, bytes, sizeof(bytes));
		char text[TEXT_MAX];
		bool is_response = answers_text(bytes, len, len, true, text);

		CU_ASSERT_EQUAL(is_response, rows[i].want != NULL);
		if (rows[i].want && strcmp(text, rows[i].want) != 0)
			printf("%s: %s\n", rows[i].hex, text);
		CU_ASSERT_STRING_EQUAL(text, rows[i].want ? rows[i].want : "");
	}
}

static void addresses_alone_are_told_where_names_are_not_wanted(void)
{
	uint8_t bytes[MESSAGE_MAX];
	uint32_t len = (uint32_t)hex_read(rows[1].hex, bytes, sizeof(bytes));
	char text[TEXT_MAX];

	CU_ASSERT_TRUE(answers_text(bytes, len, len, false, text));
	CU_ASSERT_STRING_EQUAL(text, "192.0.2.2 ");
}

/* Cut anywhere, claimed as long as it was or not: what is told is the beginning of what the whole tells. */
static void every_truncation_tells_the_first_ones(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t bytes[MESSAGE_MAX];
		uint32_t len = (uint32_t)hex_read(rows[i].hex, bytes, sizeof(bytes));
		char whole[TEXT_MAX], text[TEXT_MAX];

		answers_text(bytes, len, len, true, whole);
		for (uint32_t cap = 0; cap < len; cap++) {
			uint8_t *exact = malloc(cap + 1);

			CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
			memcpy(exact, bytes, cap);
			answers_text(exact, cap, len, true, text);
			CU_ASSERT_EQUAL(strncmp(whole, text, strlen(text)), 0);
			answers_text(exact, cap, cap, true, text);
			CU_ASSERT_EQUAL(strncmp(whole, text, strlen(text)), 0);
			free(exact);
		}
	}
}

/* 65,535 answers that point at one long name: as much is read as DNS_ANSWERS_MAX says. */
static void a_message_of_pointers_is_bounded(void)
{
	static uint8_t bytes[65535];
	struct dns_answers answers;
	struct dns_answer answer;
	unsigned n = 0;
	size_t at = 12;

	memcpy(bytes, (const uint8_t[12]){0, 1, 0x80, 0, 0, 1, 0xff, 0xff}, 12);
	for (int i = 0; i < 4; i++) {
		bytes[at++] = 62;
		memset(bytes + at, 1, 62); /* \001: four characters each */
		at += 62;
	}
	at += 1 + 4;
	for (; at + 14 <= sizeof(bytes); at += 14)
		memcpy(bytes + at,
			(const uint8_t[14]){0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 0, 0, 2, 0xc0, 12},
			14);
	CU_ASSERT_TRUE(dns_answers_begin(&answers, bytes, sizeof(bytes), sizeof(bytes)));
	while (dns_answers_next(&answers, true, &answer))
		n++;
	CU_ASSERT(n > 1 && n <= 17); /* of 995 characters each */
	CU_ASSERT(answers.steps < 2 * DNS_ANSWERS_BYTES + 65535);
}

static void so_many_answers_are_looked_at(void)
{
	static uint8_t bytes[12 + 100 * 16];
	struct dns_answers answers;
	struct dns_answer answer;
	unsigned n = 0;

	memcpy(bytes, (const uint8_t[12]){0, 1, 0x80, 0, 0, 0, 0, 100}, 12);
	for (size_t at = 12; at < sizeof(bytes); at += 16)
		memcpy(bytes + at,
			(const uint8_t[16]){
				0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1},
			16);
	CU_ASSERT_TRUE(dns_answers_begin(&answers, bytes, sizeof(bytes), sizeof(bytes)));
	while (dns_answers_next(&answers, false, &answer))
		n++;
	CU_ASSERT_EQUAL(n, DNS_ANSWERS_MAX);
}

void suite_dns_answers(void);
void suite_dns_answers(void)
{
	CU_pSuite suite = CU_add_suite("dns_answers", NULL, NULL);

	CU_ADD_TEST(suite, each_answer_that_leads_somewhere_is_told);
	CU_ADD_TEST(suite, addresses_alone_are_told_where_names_are_not_wanted);
	CU_ADD_TEST(suite, every_truncation_tells_the_first_ones);
	CU_ADD_TEST(suite, a_message_of_pointers_is_bounded);
	CU_ADD_TEST(suite, so_many_answers_are_looked_at);
}
