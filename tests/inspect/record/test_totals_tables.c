/* Conversations, names and failures of the totals: which fact goes where, what two workers' tables are together,
 * and what was not heard. */
#include <CUnit/Basic.h>
#include <netinet/in.h>
#include <string.h>

#include "inspect/record/fact.h"
#include "inspect/record/totals.h"

static const struct totals_tables all = {true, true, true, true};

static struct ip_addr host(uint8_t n)
{
	return ip_addr_v4((const uint8_t[]){10, 0, 0, n});
}

static void talk(struct totals *totals, uint8_t client, uint64_t first, uint64_t last,
	enum flow_begin begin)
{
	struct flow_fact fact = {.first_ns = first,
		.last_ns = last,
		.packets = {1, 2},
		.bytes = {1000, 10u * client},
		.begin = begin};

	fact.key.client = host(client);
	fact.key.server = host(99);
	fact.key.server_port = 80;
	fact.key.protocol = IPPROTO_TCP;
	totals_talk(totals, &fact);
}

static void name(struct totals *totals, uint8_t client, const char *what, const char *text,
	bool is_address)
{
	_Alignas(8) uint8_t room[sizeof(struct name_fact) + 64];
	struct name_fact *fact = (struct name_fact *)(void *)room;

	memset(fact, 0, sizeof(*fact));
	fact->by = NAMING_HTTP;
	fact->client = host(client);
	fact->what_len = (uint8_t)strlen(what);
	fact->name_len = (uint16_t)strlen(text);
	fact->is_address = is_address;
	memcpy(fact->text, what, strlen(what));
	memcpy(fact->text + fact->what_len, text, strlen(text));
	totals_name(totals, fact);
}

static void expect(const struct named *row, const char *what, const char *text, uint64_t count,
	bool several)
{
	CU_ASSERT_EQUAL(row->what_len, strlen(what));
	CU_ASSERT_EQUAL(memcmp(row->what, what, strlen(what)), 0);
	CU_ASSERT_EQUAL(row->name_len, strlen(text));
	CU_ASSERT_EQUAL(memcmp(row->name, text, strlen(text)), 0);
	CU_ASSERT_EQUAL(row->count, count);
	CU_ASSERT_EQUAL(row->several, several);
}

static void check_conversations(const struct totals *totals)
{
	struct conversation top[4];

	CU_ASSERT_EQUAL_FATAL(conversations_top(totals_conversations(totals), top, 4), 3);
	CU_ASSERT_EQUAL(top[0].value.bytes, 2020);
	CU_ASSERT_EQUAL(top[0].value.flows, 2);
	CU_ASSERT_EQUAL(top[0].value.packets, 6);
	CU_ASSERT_EQUAL(top[0].value.first_ns, 300);
	CU_ASSERT_EQUAL(top[0].value.last_ns, 900);
	CU_ASSERT_EQUAL(top[1].value.bytes, 1030);
	CU_ASSERT_EQUAL(top[2].value.bytes, 1020);
}

static void check_named(const struct totals *totals)
{
	struct named top[5];

	CU_ASSERT_EQUAL_FATAL(named_top(totals_names(totals), top, 5), 1);
	expect(&top[0], "", "a.example", 3, true);
	CU_ASSERT_EQUAL_FATAL(named_top(totals_failures(totals), top, 5), 4);
	expect(&top[0], "no answer", "10.0.0.99:80", 2, false);
	expect(&top[1], "404", "a.example", 1, false);
	expect(&top[2], "500", "10.0.0.99:80", 1, false);
	expect(&top[3], "refused", "10.0.0.99:80", 1, false);
}

/* Each of two workers has one of the flows of client 1. */
static void facts_of_two(void)
{
	struct totals *one = totals_create(&all), *other = totals_create(&all),
		      *apart = totals_create(NULL);

	CU_ASSERT_TRUE_FATAL(one && other && apart);
	talk(one, 1, 500, 900, FLOW_BEGIN_UNANSWERED);
	talk(other, 1, 300, 600, FLOW_BEGIN_UNANSWERED);
	talk(one, 2, 1, 2, FLOW_BEGIN_REFUSED);
	talk(other, 3, 1, 2, FLOW_BEGIN_OTHER);
	name(one, 4, "", "a.example", false);
	name(other, 4, "404", "A.example", false);
	name(other, 5, "", "a.example", false);
	name(other, 5, "500", "10.0.0.99:80", true);
	totals_merge(one, other);
	totals_merge(one, apart);
	check_conversations(one);
	check_named(one);
	talk(apart, 1, 1, 2, FLOW_BEGIN_REFUSED);
	name(apart, 4, "404", "a.example", false);
	CU_ASSERT_PTR_NULL(totals_conversations(apart));
	CU_ASSERT_PTR_NULL(totals_names(apart));
	CU_ASSERT_PTR_NULL(totals_failures(apart));
	totals_destroy(one);
	totals_destroy(other);
	totals_destroy(apart);
}

/* A flow's fact says how TCP began: that may have been a failure, too. */
static void what_was_not_heard(void)
{
	struct totals *totals = totals_create(&all);
	struct tables_stats stats;

	CU_ASSERT_PTR_NOT_NULL_FATAL(totals);
	totals_unheard(totals, &(struct totals_unheard){3, 5000, 20});
	stats = totals_tables_stats(totals);
	CU_ASSERT_EQUAL(stats.conversations_overflow, 3);
	CU_ASSERT_EQUAL(stats.names_overflow, 20);
	CU_ASSERT_EQUAL(stats.failures_overflow, 23);
	CU_ASSERT_EQUAL(heaviest_error(totals_conversations(totals)), 5000);
	CU_ASSERT_EQUAL(heaviest_error(totals_names(totals)), 20);
	totals_destroy(totals);
}

void suite_totals_tables(void);
void suite_totals_tables(void)
{
	CU_pSuite s = CU_add_suite("totals_tables", NULL, NULL);

	CU_ADD_TEST(s, facts_of_two);
	CU_ADD_TEST(s, what_was_not_heard);
}
