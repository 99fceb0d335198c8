/* The expression of --inner against frames of every kind: each is asked in its own form. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "dataplane/pipeline/inner_filter.h"
#include "decap/decap.h"
#include "support/hex.h"

#define IP_DNS "45000020 00000000 40110000 0a000001 0a000002 1388 0035 000c 0000 61626364"

static const struct {
	enum link link;
	const char *before;
} kinds[] = {
	{LINK_ETHERNET, "02000000000b 02000000000a 0800"},
	{LINK_IP, ""},
	{LINK_SLL, "0000 0001 0006 02000000000a0000 0800"},
	{LINK_SLL2, "0800 0000 00000001 0001 00 06 02000000000a0000"},
	{LINK_NULL, "02000000"},
	{LINK_PPP, "ff03 0021"},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), ROOM = 128 };

static struct packet judged(
	int kind, const char *expression, uint32_t missing, uint8_t *bytes, enum reason *why)
{
	char hex[256];
	struct error error;
	struct inner_filter *f = inner_filter_create(expression, NULL, NULL, &error);
	struct packet p;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	snprintf(hex, sizeof(hex), "%s%s", kinds[kind].before, IP_DNS);
	memset(&p, 0xa5, sizeof(p));
	p.wire = (uint32_t)hex_read(hex, bytes, ROOM);
	p.cap = p.wire - missing;
	p.data = bytes;
	p.link = kinds[kind].link;
	*why = inner_filter_judge(f, &p, decap_plain(&p));
	inner_filter_destroy(f);
	return p;
}

static void takes(int kind, const char *expression, uint32_t missing, bool want)
{
	uint8_t bytes[ROOM];
	enum reason why;
	struct packet p = judged(kind, expression, missing, bytes, &why);

	CU_ASSERT_EQUAL(why, want ? REASON_inspected : REASON_inner_excluded);
	if (want) {
		CU_ASSERT_EQUAL(p.dst_port, 53);
	} else {
		CU_ASSERT_EQUAL(p.flags, 0);
		CU_ASSERT_PTR_NULL(p.ip);
		CU_ASSERT_EQUAL(p.ip_len, 0);
	}
}

static void every_kind_of_frame(void)
{
	for (int k = 0; k < (int)KINDS; k++) {
		takes(k, "port 53", 0, true);
		takes(k, "udp and host 10.0.0.2", 0, true);
		takes(k, "not port 53", 0, false);
		takes(k, "ip6", 0, false);
		takes(k, "tcp", 0, false);
	}
}

/* What arrived is asked, and the length is the one that it had. */
static void cut_packets(void)
{
	for (int k = 0; k < (int)KINDS; k++) {
		takes(k, "port 53", 8, true);
		takes(k, "greater 32", 8, true);
		takes(k, "ip[28] = 0x61", 0, true);
		takes(k, "ip[28] = 0x61", 4, false);
	}
}

/* Words about MAC addresses: for Ethernet, and for nothing else. */
static void words_of_one_kind(void)
{
	takes(0, "ether src 02:00:00:00:00:0a", 0, true);
	takes(0, "ether src 02:00:00:00:00:0c", 0, false);
	takes(1, "ether src 02:00:00:00:00:0a", 0, false);
	takes(1, "not ether src 02:00:00:00:00:0a", 0, false);
}

/* Frames whose IP packet could not be used, or that have none, are asked as well; where there is no
 * frame, nothing is. */
static void packets_that_are_not_inspected(void)
{
	static const struct {
		enum reason why, want;
	} rows[] = {
		{REASON_inner_not_ip, REASON_inner_excluded},
		{REASON_inner_cut, REASON_inner_excluded},
		{REASON_inner_ip_header, REASON_inner_excluded},
		{REASON_outer_cut, REASON_outer_cut},
		{REASON_too_deep, REASON_too_deep},
		{REASON_other_port, REASON_other_port},
	};
	struct error error;
	struct inner_filter *f = inner_filter_create("udp", NULL, NULL, &error);
	struct inner_filter *arp = inner_filter_create("arp", NULL, NULL, &error);
	uint8_t bytes[ROOM];
	uint32_t len =
		(uint32_t)hex_read("02000000000b 02000000000a 0806 00010800", bytes, ROOM);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_PTR_NOT_NULL_FATAL(arp);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet p = {.frame = bytes, .frame_cap = len, .frame_wire = len};

		CU_ASSERT_EQUAL(inner_filter_judge(arp, &p, rows[i].why), rows[i].why);
		CU_ASSERT_EQUAL(inner_filter_judge(f, &p, rows[i].why), rows[i].want);
	}
	inner_filter_destroy(f);
	inner_filter_destroy(arp);
}

static void expressions_that_are_none(void)
{
	struct error error;

	CU_ASSERT_PTR_NULL(inner_filter_create("port port", NULL, NULL, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "--inner 'port port': "));
	CU_ASSERT_PTR_NULL(strstr(error.text, "quote"));
	CU_ASSERT_PTR_NULL(inner_filter_create("port", NULL, NULL, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "quote it"));
	inner_filter_destroy(NULL);
}

void suite_inner_filter(void);
void suite_inner_filter(void)
{
	CU_pSuite s = CU_add_suite("inner_filter", NULL, NULL);

	CU_ADD_TEST(s, every_kind_of_frame);
	CU_ADD_TEST(s, cut_packets);
	CU_ADD_TEST(s, words_of_one_kind);
	CU_ADD_TEST(s, packets_that_are_not_inspected);
	CU_ADD_TEST(s, expressions_that_are_none);
}
