#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "inspect/proto/details_draft.h"

static struct draft draft;

static void expect(const struct details *d, enum detail detail, const char *text)
{
	size_t len = 0;
	const char *found = details_string(d, detail, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	CU_ASSERT_EQUAL_FATAL(len, strlen(text));
	CU_ASSERT_EQUAL(memcmp(found, text, len), 0);
}

static void gives_back_what_was_set(void)
{
	struct memory memory = {0};
	struct memory_list list = {0};
	char addresses[3][16] = {"192.0.2.1", "", "::1"};
	struct details *d;
	const char *at;
	size_t len;

	draft_reset(&draft);
	draft.risks.ndpi = 1ull << 63 | 2;
	draft_text(&draft, DETAIL_ssh_client, "SSH-2.0-x");
	draft_number(&draft, DETAIL_http_status, 204);
	draft_list(&draft, DETAIL_dns_answers, addresses[0], sizeof(addresses[0]), 3);
	draft_string(&draft, DETAIL_tls_sni, "a\0b", 3);
	draft_text(&draft, DETAIL_tls_sni, "not taken: the first value stays");
	draft_text(&draft, DETAIL_tls_ja3, NULL);
	draft_text(&draft, DETAIL_tls_ja3s, "");
	d = draft_finish(&draft, &memory, &list);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d);

	expect(d, DETAIL_ssh_client, "SSH-2.0-x");
	CU_ASSERT_EQUAL(details_number(d, DETAIL_http_status), 204);
	CU_ASSERT_EQUAL(details_risks(d).ndpi, 1ull << 63 | 2);
	at = details_string(d, DETAIL_tls_sni, &len);
	CU_ASSERT_EQUAL(len, 3);
	CU_ASSERT_EQUAL(memcmp(at, "a\0b", 3), 0);
	CU_ASSERT_PTR_NULL(details_next(d, DETAIL_tls_sni, at, &len));
	CU_ASSERT_PTR_NULL(details_string(d, DETAIL_tls_ja3, &len));
	CU_ASSERT_PTR_NULL(details_string(d, DETAIL_tls_ja3s, &len));

	at = details_string(d, DETAIL_dns_answers, &len);
	CU_ASSERT_EQUAL_FATAL(len, 9);
	CU_ASSERT_EQUAL(memcmp(at, "192.0.2.1", 9), 0);
	at = details_next(d, DETAIL_dns_answers, at, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_EQUAL(len, 0);
	at = details_next(d, DETAIL_dns_answers, at, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_EQUAL(memcmp(at, "::1", 3), 0);
	CU_ASSERT_PTR_NULL(details_next(d, DETAIL_dns_answers, at, &len));
	memory_free(d);
	CU_ASSERT_EQUAL(memory.used, 0);
	memory_trim(&memory);
}

static void nothing_set_is_no_details(void)
{
	struct memory memory = {0};
	struct memory_list list = {0};
	size_t len;

	draft_reset(&draft);
	CU_ASSERT_PTR_NULL(draft_finish(&draft, &memory, &list));
	CU_ASSERT_EQUAL(memory.peak, 0);
	CU_ASSERT_PTR_NULL(details_string(NULL, DETAIL_tls_sni, &len));
	CU_ASSERT_EQUAL(details_number(NULL, DETAIL_http_status), -1);
	CU_ASSERT_EQUAL(details_risks(NULL).ndpi | details_risks(NULL).own, 0);
}

static void expect_why(const struct details *details, unsigned risk, const char *text)
{
	size_t len = 0;
	const char *why = details_why(details, risk, &len);

	CU_ASSERT_TRUE(why && len == strlen(text) && !memcmp(why, text, len));
}

static void keeps_older_values_that_are_not_replaced(void)
{
	struct memory memory = {0};
	struct memory_list list = {0};
	struct details *first, *second;
	size_t len;

	draft_reset(&draft);
	draft.risks = (struct risk_set){4, 1};
	draft_why(&draft, NDPI_RISKS, "first");
	draft_why(&draft, 2, "second");
	draft_text(&draft, DETAIL_dns_query, "old");
	draft_text(&draft, DETAIL_dns_type, "A");
	first = draft_finish(&draft, &memory, &list);
	draft_reset(&draft);
	draft.risks.ndpi = 1;
	draft_why(&draft, 0, "third");
	draft_why(&draft, 2, "newer");
	draft_text(&draft, DETAIL_dns_query, "new");
	draft_keep(&draft, first);
	second = draft_finish(&draft, &memory, &list);
	CU_ASSERT_PTR_NOT_NULL_FATAL(second);
	expect(second, DETAIL_dns_query, "new");
	expect(second, DETAIL_dns_type, "A");
	CU_ASSERT_EQUAL(details_risks(second).ndpi, 5);
	CU_ASSERT_EQUAL(details_risks(second).own, 1);
	expect_why(second, NDPI_RISKS, "first");
	expect_why(second, 2, "newer");
	expect_why(second, 0, "third");
	CU_ASSERT_PTR_NULL(details_why(second, 1, &len));
	memory_sweep(&list);
	CU_ASSERT_EQUAL(memory.used, 0);
	memory_trim(&memory);
}

static void cuts_what_is_too_long(void)
{
	static char text[3 * DETAILS_STRING_MAX];
	struct memory memory = {0};
	struct memory_list list = {0};
	struct details *d;
	size_t len;

	memset(text, 'x', sizeof(text));
	draft_reset(&draft);
	for (int i = 0; i < DETAIL_COUNT; i++)
		draft_string(&draft, (enum detail)i, text, sizeof(text));
	d = draft_finish(&draft, &memory, &list);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	for (int i = 0; i < DETAIL_COUNT; i++) {
		CU_ASSERT_PTR_NOT_NULL(details_string(d, (enum detail)i, &len));
		CU_ASSERT_EQUAL(len, DETAILS_STRING_MAX);
	}
	/* A draft that is full leaves out what does not fit, and stays whole. */
	text[sizeof(text) - 1] = '\0';
	draft_reset(&draft);
	for (int i = 0; i < DETAIL_COUNT; i++)
		draft_list(&draft, (enum detail)i, text, 0, 40);
	CU_ASSERT_TRUE(draft.len <= DETAILS_BYTES);
	d = draft_finish(&draft, &memory, &list);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	CU_ASSERT_PTR_NOT_NULL(details_string(d, DETAIL_tls_version, &len));
	CU_ASSERT_EQUAL(len, DETAILS_STRING_MAX);
	memory_sweep(&list);
	memory_trim(&memory);
}

/* Counts go from block to block, also with a copy that has room for nothing else. */
static void counts_stay(void)
{
	_Alignas(8) uint8_t room[DETAILS_COPY_MIN];
	struct memory memory = {0};
	struct memory_list list = {0};
	struct details *first, *second;

	draft_reset(&draft);
	draft.transactions[TRANSACTION_SSH] = 1;
	first = draft_finish(&draft, &memory, &list);
	CU_ASSERT_PTR_NOT_NULL_FATAL(first);
	details_count(first, TRANSACTION_SSH);
	details_count(first, TRANSACTION_DNS);
	draft_reset(&draft);
	draft_text(&draft, DETAIL_ssh_client, "SSH-2.0-x");
	draft_keep(&draft, first);
	draft_keep(&draft, first);
	second = draft_finish(&draft, &memory, &list);
	CU_ASSERT_EQUAL(details_transactions(second, TRANSACTION_DNS), 1);
	CU_ASSERT_EQUAL(details_transactions(second, TRANSACTION_SSH), 2);
	CU_ASSERT_EQUAL(details_transactions(second, TRANSACTION_TLS), 0);
	CU_ASSERT_FALSE(details_copy((struct details *)room, second, sizeof(room)));
	CU_ASSERT_EQUAL(details_transactions((struct details *)room, TRANSACTION_SSH), 2);
	CU_ASSERT_FALSE(details_has((struct details *)room, DETAIL_ssh_client));
	CU_ASSERT_EQUAL(details_transactions(NULL, TRANSACTION_SSH), 0);
	memory_sweep(&list);
	memory_trim(&memory);
}

void suite_details(void);
void suite_details(void)
{
	CU_pSuite s = CU_add_suite("details", NULL, NULL);

	CU_ADD_TEST(s, gives_back_what_was_set);
	CU_ADD_TEST(s, nothing_set_is_no_details);
	CU_ADD_TEST(s, keeps_older_values_that_are_not_replaced);
	CU_ADD_TEST(s, cuts_what_is_too_long);
	CU_ADD_TEST(s, counts_stay);
}
