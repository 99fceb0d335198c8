/* Which parts of a flow and of its transactions are looked for, and what a hit says. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "inspect/detect/lists/match.h"
#include "inspect/proto/details_draft.h"
#include "inspect/proto/tls/tls_draft.h"
#include "support/folder.h"
#include "support/hex.h"

#define MD5 "e7d705a3286e19ea42f587b344ee6865"
#define SHA1 "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"
#define SHA256 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define JA4 "t13d1516h2_8daaf6152771_b186095e22b6"

static struct folder folder;
static struct lists *lists;
static struct draft draft;
static _Alignas(8) uint8_t room[DETAILS_MAX];

static int setup(void)
{
	struct report report = {0};
	struct settings settings;
	struct error error;
	char path[128];

	folder = folder_make();
	folder_put(&folder, "bad.txt",
		"192.0.2.0/24\n2001:db8::/32\nevil.example\nhttp://evil.example/x\n" MD5
		"\n" JA4 "\n" SHA1 "\n" SHA256 "\n");
	settings_init(&settings);
	if (settings_set(&settings, "detect.lists=[{file: bad.txt}]", &error) == 0)
		lists = lists_load(
			&settings, folder_path(&folder, "x", path, sizeof(path)), &report);
	settings_fini(&settings);
	report_fini(&report);
	return lists == NULL;
}

static int teardown(void)
{
	lists_destroy(lists);
	folder_remove(&folder);
	return 0;
}

/* "FIELD VALUE LINE" each. */
static const char *hits_text(const struct list_hits *hits)
{
	static char text[4096];
	size_t len = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < hits->count; i++) {
		const struct list_hit *hit = &hits->hit[i];

		CU_ASSERT_EQUAL(hit->value[hit->len], '\0');
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s %u\n",
			list_field_name(hit->field), hit->value, hit->indicator->line);
	}
	return text;
}

static void ends_are_matched_as_client_and_server(void)
{
	struct flow flow = {.flags = FLOW_CLIENT_IS_LO, .key = {.ip_version = 4}};
	struct list_hits hits = {.count = 0};

	flow.key.lo = ip_addr_v4((const uint8_t[]){192, 0, 2, 1});
	flow.key.hi = ip_addr_v4((const uint8_t[]){198, 51, 100, 1});
	lists_match_ends(lists, &flow, &hits);
	CU_ASSERT_STRING_EQUAL(hits_text(&hits), "src_ip 192.0.2.1 1\n");
	flow.flags = 0;
	lists_match_ends(lists, &flow, &hits);
	CU_ASSERT_STRING_EQUAL(hits_text(&hits), "src_ip 192.0.2.1 1\ndst_ip 192.0.2.1 1\n");
	lists_match_ends(lists, &flow, &hits); /* the same again */
	CU_ASSERT_EQUAL(hits.count, 2);
}

static const struct details *drafted(void)
{
	return draft_copy(&draft, room);
}

static const char *matched(enum transaction kind)
{
	static struct list_hits hits;

	hits.count = hits.more = 0;
	lists_match_transaction(lists, kind, drafted(), &hits);
	return hits_text(&hits);
}

static void every_text_is_looked_for_in_its_kind_alone(void)
{
	static const struct {
		enum transaction kind;
		enum detail detail;
		const char *text, *want;
	} rows[] = {
		{TRANSACTION_DNS, DETAIL_dns_query, "www.Evil.example",
			"dns.query www.Evil.example 3\n"},
		{TRANSACTION_HTTP, DETAIL_http_host, "evil.example",
			"http.host evil.example 3\n"},
		{TRANSACTION_HTTP, DETAIL_http_host, "[2001:db8::1]",
			"http.host [2001:db8::1] 2\n"},
		{TRANSACTION_HTTP, DETAIL_http_url, "evil.example:80/x",
			"http.url evil.example:80/x 4\n"},
		{TRANSACTION_TLS, DETAIL_tls_sni, "a.evil.example",
			"tls.sni a.evil.example 3\n"},
		{TRANSACTION_QUIC, DETAIL_tls_sni, "a.evil.example",
			"tls.sni a.evil.example 3\n"},
		{TRANSACTION_TLS, DETAIL_tls_ja3, MD5, "tls.ja3 " MD5 " 5\n"},
		{TRANSACTION_TLS, DETAIL_tls_ja3s, MD5, "tls.ja3s " MD5 " 5\n"},
		{TRANSACTION_QUIC, DETAIL_tls_ja4, JA4, "tls.ja4 " JA4 " 6\n"},
		{TRANSACTION_TLS, DETAIL_tls_sha1, SHA1, "tls.sha1 " SHA1 " 7\n"},
		{TRANSACTION_TLS, DETAIL_tls_sha256, SHA256, "tls.sha256 " SHA256 " 8\n"},
		{TRANSACTION_SSH, DETAIL_ssh_hassh, MD5, "ssh.hassh " MD5 " 5\n"},
		{TRANSACTION_SSH, DETAIL_ssh_hassh_server, MD5, "ssh.hassh_server " MD5 " 5\n"},
		{TRANSACTION_HTTP, DETAIL_http_user_agent, "evil.example", ""},
		{TRANSACTION_DNS, DETAIL_dns_query, "good.example", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		draft_reset(&draft);
		draft_text(&draft, rows[i].detail, rows[i].text);
		CU_ASSERT_STRING_EQUAL(matched(rows[i].kind), rows[i].want);
		CU_ASSERT_STRING_EQUAL(
			matched(rows[i].kind == TRANSACTION_SSH ? TRANSACTION_DNS
								: TRANSACTION_SSH),
			"");
	}
}

static void answers_are_matched_from_the_message(void)
{
	/* evil.example: CNAME x.evil.example, A 192.0.2.7, A 192.0.2.8, AAAA 2001:db9::1 */
	static const char hex[] =
		"0001 8180 0001 0004 0000 0000 0461626364 00 0001 0001"
		"c00c 0005 0001 0000003c 0010 0178 046576696c 076578616d706c65 00"
		"c00c 0001 0001 0000003c 0004 c0000207 c00c 0001 0001 0000003c 0004 c0000208"
		"c00c 001c 0001 0000003c 0010 20010db9000000000000000000000001";
	uint8_t bytes[256];
	uint32_t len = (uint32_t)hex_read(hex, bytes, sizeof(bytes));

	draft_reset(&draft);
	draft_message(&draft, DETAIL_dns_message, bytes, len, len);
	CU_ASSERT_STRING_EQUAL(matched(TRANSACTION_DNS),
		"dns.answer x.evil.example 3\ndns.answer 192.0.2.7 1\n");
	for (uint32_t cap = 0; cap < len; cap++) {
		draft_reset(&draft);
		draft_message(&draft, DETAIL_dns_message, bytes, cap, len);
		CU_ASSERT_EQUAL(strlen(matched(TRANSACTION_DNS)) > 0, cap >= 50);
	}
}

static void certificates_that_vouch_are_matched(void)
{
	struct tls_vouching v = {.is_whole = true};
	uint8_t *at;

	hex_read(SHA1, v.sha1, sizeof(v.sha1));
	draft_reset(&draft);
	at = draft_room(&draft, DETAIL_tls_certificates, sizeof(v));
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	memcpy(at, &v, sizeof(v));
	CU_ASSERT_STRING_EQUAL(matched(TRANSACTION_TLS), "tls.certificates " SHA1 " 7\n");
	v.is_whole = false;
	memcpy(at, &v, sizeof(v));
	CU_ASSERT_STRING_EQUAL(matched(TRANSACTION_TLS), "");
}

static const char *matched_details(uint32_t told)
{
	static struct list_hits hits;

	hits.count = hits.more = 0;
	lists_match_details(lists, drafted(), told, &hits);
	return hits_text(&hits);
}

static void of_a_flow_what_was_told_before_is_left_out(void)
{
	static const char answers[2][24] = {"192.0.2.9", "10 www.evil.example"};
	const uint32_t dns = 1 << TRANSACTION_DNS, tls = 1 << TRANSACTION_TLS,
		       quic = 1 << TRANSACTION_QUIC;

	draft_reset(&draft);
	draft_text(&draft, DETAIL_dns_query, "evil.example");
	draft_list(&draft, DETAIL_dns_answers, answers[0], sizeof(answers[0]), 2);
	CU_ASSERT_STRING_EQUAL(
		matched_details(0), "dns.query evil.example 3\ndns.answer 192.0.2.9 1\n");
	CU_ASSERT_STRING_EQUAL(matched_details(dns), "");
	draft_reset(&draft);
	draft_text(&draft, DETAIL_tls_sni, "evil.example");
	CU_ASSERT_STRING_EQUAL(matched_details(quic), "tls.sni evil.example 3\n");
	CU_ASSERT_STRING_EQUAL(matched_details(tls), "");
	draft_text(&draft, DETAIL_quic_version, "v1");
	CU_ASSERT_STRING_EQUAL(matched_details(tls), "tls.sni evil.example 3\n");
	CU_ASSERT_STRING_EQUAL(matched_details(quic), "");
}

static void what_has_no_room_is_counted_and_long_values_are_cut(void)
{
	static struct list_hits hits;
	struct indicator other[LIST_HITS_MAX];
	char name[DETAILS_STRING_MAX];
	size_t len = 0;

	while (len < 600)
		len += (size_t)sprintf(name + len, "a.");
	sprintf(name + len, "evil.example");
	draft_reset(&draft);
	draft_text(&draft, DETAIL_dns_query, name);
	lists_match_transaction(lists, TRANSACTION_DNS, drafted(), &hits);
	CU_ASSERT_EQUAL_FATAL(hits.count, 1);
	CU_ASSERT_EQUAL(hits.hit[0].len, LIST_VALUE_MAX);
	for (hits.count = 0; hits.count < LIST_HITS_MAX; hits.count++)
		hits.hit[hits.count] = (struct list_hit){.indicator = &other[hits.count]};
	lists_match_transaction(lists, TRANSACTION_DNS, drafted(), &hits);
	CU_ASSERT(hits.count == LIST_HITS_MAX && hits.more == 1);
	lists_match_transaction(lists, TRANSACTION_DNS, NULL, &hits);
	CU_ASSERT_EQUAL(hits.more, 1);
}

void suite_list_match(void);
void suite_list_match(void)
{
	CU_pSuite suite = CU_add_suite("list_match", setup, teardown);

	CU_ADD_TEST(suite, ends_are_matched_as_client_and_server);
	CU_ADD_TEST(suite, every_text_is_looked_for_in_its_kind_alone);
	CU_ADD_TEST(suite, answers_are_matched_from_the_message);
	CU_ADD_TEST(suite, certificates_that_vouch_are_matched);
	CU_ADD_TEST(suite, of_a_flow_what_was_told_before_is_left_out);
	CU_ADD_TEST(suite, what_has_no_room_is_counted_and_long_values_are_cut);
}
