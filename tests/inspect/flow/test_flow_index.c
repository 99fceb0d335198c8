/* What a lookup in the flow table's index costs, in keys compared: with numbered keys, and with keys made up
 * by somebody who knows all but the seed. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/flow/index.h"
#include "inspect/flow/row.h"

/* An index by itself, of keys that the test makes. */
struct shelf {
	struct flow_index index;
	uint64_t salt[4];
	uint32_t refused; /* both buckets were full */
	uint64_t compared,
		most; /* keys that a lookup compares, by their tags: all together, at once */
};

static void shelf_open(struct shelf *shelf, uint32_t capacity, uint64_t seed)
{
	*shelf = (struct shelf){.index.n_buckets = index_buckets(capacity)};
	shelf->index.buckets = calloc(shelf->index.n_buckets, sizeof(*shelf->index.buckets));
	CU_ASSERT_PTR_NOT_NULL_FATAL(shelf->index.buckets);
	key_salt(shelf->salt, seed);
}

static void shelf_add(struct shelf *shelf, const struct flow_key *key, uint32_t slot)
{
	shelf->refused += !index_add(&shelf->index, key_hash(key, shelf->salt), slot);
}

/* Two buckets are read at most; more than tags is compared where they are equal. */
static void shelf_look(struct shelf *shelf, const struct flow_key *key)
{
	struct index_place place = index_place(&shelf->index, key_hash(key, shelf->salt));
	uint32_t first = index_match(&shelf->index.buckets[place.first], place.tag);
	uint32_t second = index_match(&shelf->index.buckets[place.second], place.tag);
	uint64_t n = (uint64_t)__builtin_popcount(first) + (uint64_t)__builtin_popcount(second);

	shelf->compared += n;
	if (n > shelf->most)
		shelf->most = n;
}

/* One field counts, all others stand still; `kind` says which. */
static struct flow_key counting(unsigned kind, uint32_t n)
{
	struct packet p = {.protocol = 6,
		.ip_version = 4,
		.session = 3,
		.src_port = 40000,
		.dst_port = 8080};
	struct flow_key key = {0};
	bool src_is_lo;

	p.src = ip_addr_v4((const uint8_t[]){10, 0, 0, 2});
	p.dst = ip_addr_v4((const uint8_t[]){10, 0, 0, 1});
	if (kind == 0)
		p.src_port = (uint16_t)n;
	else if (kind == 1)
		p.dst_port = (uint16_t)n;
	else if (kind == 2)
		memcpy(p.src.byte + 12, &n, 4);
	else if (kind == 3)
		p.session = n;
	else
		p.src_port = p.dst_port = (uint16_t)n;
	flow_key_make(&key, &p, false, &src_is_lo);
	return key;
}

static void numbered_flows_cost_few_probes(void)
{
	enum { KEYS = 65000, KINDS = 5, SEEDS = 6 };

	for (unsigned kind = 0; kind < KINDS; kind++) {
		for (uint64_t seed = 0; seed < SEEDS; seed++) {
			struct shelf shelf;

			shelf_open(&shelf, KEYS, seed * 0x9e3779b97f4a7c15);
			for (uint32_t n = 0; n < KEYS; n++) {
				struct flow_key key = counting(kind, n);

				shelf_add(&shelf, &key, n);
			}
			for (uint32_t n = 0; n < KEYS; n++) {
				struct flow_key key = counting(kind, n);

				shelf_look(&shelf, &key);
			}
			CU_ASSERT_EQUAL(shelf.refused, 0);
			CU_ASSERT_TRUE(shelf.compared >= KEYS);
			CU_ASSERT_TRUE(shelf.compared < KEYS + KEYS / 500);
			CU_ASSERT_TRUE(shelf.most <= 3);
			free(shelf.index.buckets);
		}
	}
}

/* Keys that all meet in two buckets under one seed are spread by another. */
static void made_up_flows_meet_under_no_other_seed(void)
{
	enum { CAPACITY = 64, SEEDS = 50 };
	struct shelf known, secret[SEEDS];
	uint32_t found = 0, refused = 0;

	shelf_open(&known, CAPACITY, 0);
	for (uint32_t i = 0; i < SEEDS; i++)
		shelf_open(&secret[i], CAPACITY, (i + UINT64_C(1)) * 0x9e3779b97f4a7c15);
	for (uint32_t n = 0; found < CAPACITY; n++) {
		struct flow_key key = counting(2, n);
		struct index_place place =
			index_place(&known.index, key_hash(&key, known.salt));

		if ((place.first | 1) != 9 || (place.second | 1) != 9)
			continue;
		shelf_add(&known, &key, found);
		for (uint32_t i = 0; i < SEEDS; i++)
			shelf_add(&secret[i], &key, found);
		found++;
	}
	CU_ASSERT_EQUAL(known.refused, CAPACITY - 2 * INDEX_WAYS);
	for (uint32_t i = 0; i < SEEDS; i++) {
		refused += secret[i].refused;
		free(secret[i].index.buckets);
	}
	CU_ASSERT_EQUAL(refused, 0);
	free(known.index.buckets);
}

void suite_flow_index(void);
void suite_flow_index(void)
{
	CU_pSuite s = CU_add_suite("flow_index", NULL, NULL);

	CU_ADD_TEST(s, numbered_flows_cost_few_probes);
	CU_ADD_TEST(s, made_up_flows_meet_under_no_other_seed);
}
