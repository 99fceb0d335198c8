/* Rows by key, the one used longest ago first; against a naive twin. */
#include <CUnit/Basic.h>
#include <string.h>

#include "inspect/detect/scans/recent.h"
#include "support/random.h"

enum { CAPACITY = 50, KEYS = 90, STEPS = 20000 };

struct row {
	struct recent_row row;
	uint64_t value;
};

static struct recent_key key_of(uint32_t i)
{
	return (struct recent_key){
		ip_addr_v4((const uint8_t[]){10, 0, 0, (uint8_t)(i / 3)}), i % 3, i % 2};
}

/* The twin: keys by when they were used. */
static uint32_t order[KEYS], n_order;
static uint64_t values[KEYS];
static const struct row *rows[CAPACITY]; /* by number */

static bool twin_take_out(uint32_t key)
{
	for (uint32_t i = 0; i < n_order; i++) {
		if (order[i] != key)
			continue;
		memmove(&order[i], &order[i + 1], (--n_order - i) * sizeof(*order));
		return true;
	}
	return false;
}

static void agree(const struct recent *r)
{
	const struct row *row = recent_oldest(r);

	CU_ASSERT_EQUAL(recent_count(r), n_order);
	for (uint32_t i = 0; i < n_order; i++) {
		struct recent_key key = key_of(order[i]);

		CU_ASSERT_PTR_NOT_NULL_FATAL(row);
		CU_ASSERT_EQUAL(memcmp(&row->row.key, &key, sizeof(key)), 0);
		CU_ASSERT_EQUAL(row->value, values[order[i]]);
		CU_ASSERT_TRUE(recent_number(r, row) < CAPACITY);
		row = row->row.newer < CAPACITY ? rows[row->row.newer] : NULL;
	}
	CU_ASSERT_PTR_NULL(row);
}

static void a_naive_twin_says_the_same(void)
{
	struct random random = random_seeded(3);
	struct recent *r = recent_create(CAPACITY, sizeof(struct row));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	n_order = 0;
	for (uint32_t step = 0; step < STEPS; step++) {
		uint32_t i = random_below(&random, KEYS);
		const struct recent_key key = key_of(i);
		struct row *row = recent_find(r, &key);
		bool known = twin_take_out(i);

		CU_ASSERT_EQUAL(row != NULL, known);
		if (row != NULL && random_below(&random, 3) == 0) {
			recent_drop(r, row);
			continue;
		}
		if (row == NULL) {
			row = recent_take(r, &key);
			CU_ASSERT_EQUAL(row == NULL, n_order == CAPACITY);
			if (row == NULL) {
				twin_take_out(order[0]);
				recent_drop(r, recent_oldest(r));
				row = recent_take(r, &key);
			}
			CU_ASSERT_EQUAL(row->value, 0);
			row->value = values[i] = step + 1;
			rows[recent_number(r, row)] = row;
		}
		order[n_order++] = i;
		if (step % 64 == 0)
			agree(r);
	}
	agree(r);
	recent_destroy(r);
	recent_destroy(NULL);
}

void suite_recent(void);
void suite_recent(void)
{
	CU_pSuite s = CU_add_suite("recent", NULL, NULL);

	CU_ADD_TEST(s, a_naive_twin_says_the_same);
}
