/* Names and failures against a naive count; and what is past the bound of the table. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/record/tables/named.h"
#include "support/random.h"

enum { KINDS = 300, TURNS = 20000, CLIENTS = 3 };

static struct random draws = {20260102};

static struct ip_addr client_of(uint32_t n)
{
	return ip_addr_v4((const uint8_t[]){10, 0, 0, (uint8_t)n});
}

/* The plain copy of a row. */
struct told {
	enum naming by;
	char what[8], name[300];
	uint64_t count;
	uint32_t clients; /* bit n: client n */
};

/* Names that begin alike and end apart, and the same ones with other kinds and failures. */
static void make_kinds(struct told *told)
{
	for (uint32_t i = 0; i < KINDS; i++) {
		told[i] = (struct told){.by = (enum naming)(i % 3)};
		if (i % 2)
			snprintf(told[i].what, sizeof(told[i].what), "%u", i / 6 % 7);
		snprintf(told[i].name, sizeof(told[i].name), "%.*s%u.example",
			(int)(i / 6 % 20), "aaaaaaaaaaaaaaaaaaaa", i / 6);
	}
}

static void add(struct heaviest *table, const struct told *told, uint32_t client)
{
	named_add(table, &(const struct named){.by = told->by,
				 .what = told->what,
				 .what_len = strlen(told->what),
				 .name = told->name,
				 .name_len = strlen(told->name),
				 .count = 1,
				 .client = client_of(client)});
}

static struct told *find(struct told *told, const struct named *row)
{
	for (uint32_t i = 0; i < KINDS; i++)
		if (told[i].by == row->by && strlen(told[i].what) == row->what_len &&
			strlen(told[i].name) == row->name_len &&
			memcmp(told[i].what, row->what, row->what_len) == 0 &&
			memcmp(told[i].name, row->name, row->name_len) == 0)
			return &told[i];
	return NULL;
}

static void check(const struct heaviest *table, struct told *told)
{
	static struct named got[KINDS], few[7];
	uint32_t n = named_top(table, got, KINDS), want = 0;

	for (uint32_t i = 0; i < KINDS; i++)
		want += told[i].count > 0;
	CU_ASSERT_EQUAL_FATAL(n, want);
	CU_ASSERT_EQUAL(heaviest_overflow(table), 0);
	CU_ASSERT_EQUAL(heaviest_error(table), 0);
	CU_ASSERT_EQUAL(named_top(table, few, 7), n);
	for (uint32_t i = 0; i < 7; i++)
		CU_ASSERT_TRUE(few[i].name == got[i].name && few[i].what == got[i].what);
	for (uint32_t i = 0; i < n; i++) {
		const struct told *row = find(told, &got[i]);

		CU_ASSERT_PTR_NOT_NULL_FATAL(row);
		CU_ASSERT_EQUAL(got[i].count, row->count);
		CU_ASSERT_EQUAL(got[i].several, (row->clients & (row->clients - 1)) != 0);
		if (!got[i].several) {
			struct ip_addr one = client_of((uint32_t)__builtin_ctz(row->clients));

			CU_ASSERT_TRUE(ip_addr_equal(&got[i].client, &one));
		}
		CU_ASSERT_TRUE(i == 0 || got[i - 1].count >= got[i].count);
	}
}

/* In one table, and spread over three that are merged. */
static void counts_are_those_of_a_naive_count(void)
{
	static struct told told[KINDS];
	struct heaviest *one = named_create(), *merged = named_create(), *part[3];

	CU_ASSERT_TRUE_FATAL(one && merged);
	make_kinds(told);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_PTR_NOT_NULL_FATAL(part[i] = named_create());
	for (int i = 0; i < TURNS; i++) {
		uint32_t kind = random_below(&draws, 1 + random_below(&draws, KINDS));
		uint32_t client = random_below(&draws, 1 + kind % CLIENTS);

		told[kind].count++;
		told[kind].clients |= 1u << client;
		add(one, &told[kind], client);
		add(part[random_below(&draws, 3)], &told[kind], client);
	}
	for (int i = 0; i < 3; i++) {
		heaviest_merge(merged, part[i]);
		heaviest_destroy(part[i]);
	}
	check(one, told);
	check(merged, told);
	heaviest_destroy(one);
	heaviest_destroy(merged);
}

/* Any bytes; letters in one case; what is too long is cut, and does not reach over its row. */
static void any_bytes(void)
{
	struct heaviest *table = named_create();
	struct told told = {.by = NAMING_DNS, .name = "WWW.\x01\xff[Z]"};
	struct named row;

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	add(table, &told, 1);
	strcpy(told.name, "www.\x01\xff[z]");
	add(table, &told, 1);
	CU_ASSERT_EQUAL(named_top(table, &row, 1), 1);
	CU_ASSERT_EQUAL(row.count, 2);
	CU_ASSERT_EQUAL(row.name_len, 9);
	CU_ASSERT_EQUAL(memcmp(row.name, "www.\x01\xff[z]", 9), 0);
	memset(told.name, 'a', 299);
	told.name[299] = '\0';
	strcpy(told.what, "NOPE");
	for (uint32_t i = 0; i < 3; i++)
		add(table, &told, i);
	CU_ASSERT_EQUAL(named_top(table, &row, 1), 2);
	CU_ASSERT_EQUAL(row.count, 3);
	CU_ASSERT_TRUE(row.several);
	CU_ASSERT_EQUAL(row.what_len + row.name_len, NAMED_TEXT);
	CU_ASSERT_EQUAL(memcmp(row.what, "NOPE", 4), 0);
	named_add(table, &(const struct named){.by = NAMING_TCP, .name = "", .count = 9});
	CU_ASSERT_EQUAL(named_top(table, &row, 1), 3);
	CU_ASSERT_EQUAL(row.name_len, 0);
	heaviest_destroy(table);
}

/* A flood of names that come once: the table does not grow, and who comes often stays, within the error. */
static void many_random_names(void)
{
	enum { FLOOD = 400000, OFTEN = 10, EACH = 2000 };
	struct heaviest *table = named_create();
	struct told told = {.by = NAMING_DNS};
	struct named top[OFTEN];
	uint64_t all = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	for (uint32_t i = 0; i < FLOOD; i++, all++) {
		snprintf(told.name, sizeof(told.name), "%016llx.tunnel.example",
			(unsigned long long)random_at(7, i));
		add(table, &told, 1);
		if (i % (FLOOD / EACH) != 0)
			continue;
		for (uint32_t n = 0; n < OFTEN; n++, all++) {
			snprintf(told.name, sizeof(told.name), "often%u.example", n);
			add(table, &told, n);
		}
	}
	CU_ASSERT_EQUAL(heaviest_count(table), NAMED_MAX);
	CU_ASSERT_TRUE(heaviest_overflow(table) > 0);
	CU_ASSERT_TRUE(heaviest_error(table) <= all / NAMED_MAX + 1);
	CU_ASSERT_EQUAL(named_top(table, top, OFTEN), NAMED_MAX);
	for (uint32_t n = 0; n < OFTEN; n++) {
		CU_ASSERT_EQUAL(memcmp(top[n].name, "often", 5), 0);
		CU_ASSERT_TRUE(top[n].count <= EACH);
		CU_ASSERT_TRUE(top[n].count + heaviest_error(table) >= EACH);
	}
	heaviest_destroy(table);
}

void suite_named(void);
void suite_named(void)
{
	CU_pSuite s = CU_add_suite("named", NULL, NULL);

	CU_ADD_TEST(s, counts_are_those_of_a_naive_count);
	CU_ADD_TEST(s, any_bytes);
	CU_ADD_TEST(s, many_random_names);
}
