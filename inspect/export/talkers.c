#include "inspect/export/talkers.h"

#include <stdlib.h>
#include <string.h>

#include "decap/salt.h"
#include "inspect/flow/hash.h"
#include "inspect/flow/index.h"

struct talkers {
	struct flow_index index;
	uint32_t count;
	uint64_t overflow;
	uint64_t salt[SALT_WORDS_MAX];   /* a secret of its own: no result depends on it */
	struct talker list[TALKERS_MAX]; /* in the order they came */
};

struct talkers *talkers_create(void)
{
	struct talkers *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	salt_take(t->salt, SALT_WORDS_MAX);
	t->index.n_buckets = index_buckets(TALKERS_MAX);
	t->index.buckets = aligned_alloc(
		sizeof(*t->index.buckets), t->index.n_buckets * sizeof(*t->index.buckets));
	if (t->index.buckets != NULL) {
		memset(t->index.buckets, 0, t->index.n_buckets * sizeof(*t->index.buckets));
		return t;
	}
	free(t);
	return NULL;
}

void talkers_destroy(struct talkers *talkers)
{
	if (talkers == NULL)
		return;
	free(talkers->index.buckets);
	free(talkers);
}

void total_add(struct total *to, const struct total *from)
{
	to->flows += from->flows;
	to->packets += from->packets;
	to->bytes += from->bytes;
}

static uint64_t hash_of(const struct talkers *t, const struct ip_addr *addr, uint32_t tenant)
{
	uint64_t hash = hash_fold(
		hash_word(addr->byte) ^ t->salt[0], hash_word(addr->byte + 8) ^ t->salt[1]);

	return hash_fold(hash ^ tenant, t->salt[2]);
}

/* NULL: it does not lie in this bucket. */
static struct talker *bucket_find(struct talkers *t, const struct index_bucket *bucket,
	uint16_t tag, const struct ip_addr *addr, uint32_t tenant)
{
	for (uint32_t ways = index_match(bucket, tag); ways != 0; ways &= ways - 1) {
		struct talker *talker = &t->list[bucket->slots[__builtin_ctz(ways)]];

		if (talker->tenant == tenant && ip_addr_equal(&talker->addr, addr))
			return talker;
	}
	return NULL;
}

/* NULL: no room. */
static struct talker *talker_make(
	struct talkers *t, uint64_t hash, const struct ip_addr *addr, uint32_t tenant)
{
	struct talker *talker = &t->list[t->count];

	if (t->count == TALKERS_MAX || !index_add(&t->index, hash, t->count))
		return NULL;
	t->count++;
	talker->addr = *addr;
	talker->tenant = tenant;
	return talker;
}

static struct talker *talker_find(
	struct talkers *t, const struct ip_addr *addr, uint32_t tenant)
{
	uint64_t hash = hash_of(t, addr, tenant);
	struct index_place place = index_place(&t->index, hash);
	struct talker *talker =
		bucket_find(t, &t->index.buckets[place.first], place.tag, addr, tenant);

	if (talker == NULL)
		talker = bucket_find(
			t, &t->index.buckets[place.second], place.tag, addr, tenant);
	return talker != NULL ? talker : talker_make(t, hash, addr, tenant);
}

void talkers_add(struct talkers *talkers, const struct talker *add)
{
	struct talker *talker = talker_find(talkers, &add->addr, add->tenant);

	if (talker == NULL) {
		talkers->overflow += add->sent.flows + add->received.flows;
		return;
	}
	total_add(&talker->sent, &add->sent);
	total_add(&talker->received, &add->received);
}

void talkers_prefetch(
	const struct talkers *talkers, const struct ip_addr *addr, uint32_t tenant)
{
	__builtin_prefetch(index_first(&talkers->index, hash_of(talkers, addr, tenant)));
}

/* Where it lies in its first bucket, which is most of the time. */
void talkers_prefetch_one(
	const struct talkers *talkers, const struct ip_addr *addr, uint32_t tenant)
{
	struct index_place place = index_place(&talkers->index, hash_of(talkers, addr, tenant));
	const struct index_bucket *bucket = &talkers->index.buckets[place.first];
	uint32_t ways = index_match(bucket, place.tag);
	const struct talker *talker;

	if (ways == 0)
		return;
	talker = &talkers->list[bucket->slots[__builtin_ctz(ways)]];
	__builtin_prefetch(talker, 1);
	__builtin_prefetch((const char *)(talker + 1) - 1, 1);
}

void talkers_merge(struct talkers *to, const struct talkers *from)
{
	to->overflow += from->overflow;
	for (uint32_t i = 0; i < from->count; i++)
		talkers_add(to, &from->list[i]);
}

uint32_t talkers_count(const struct talkers *talkers)
{
	return talkers->count;
}

uint64_t talkers_overflow(const struct talkers *talkers)
{
	return talkers->overflow;
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int talker_order(const struct talker *a, const struct talker *b)
{
	int by = order(b->sent.bytes + b->received.bytes, a->sent.bytes + a->received.bytes);

	if (by == 0)
		by = order(a->tenant, b->tenant);
	return by != 0 ? by : memcmp(a->addr.byte, b->addr.byte, sizeof(a->addr.byte));
}

/* Puts the talker into its place among the `n` first ones, or leaves it out; returns how many
 * there are now. There are many talkers, and few of them are wanted. */
static uint32_t talker_place(
	struct talker *out, uint32_t n, uint32_t max, const struct talker *talker)
{
	uint32_t at = n < max ? n : max - 1;

	if (n == max && talker_order(&out[at], talker) < 0)
		return n;
	for (; at > 0 && talker_order(talker, &out[at - 1]) < 0; at--)
		out[at] = out[at - 1];
	out[at] = *talker;
	return n < max ? n + 1 : n;
}

uint32_t talkers_top(const struct talkers *talkers, struct talker *out, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = 0; max > 0 && i < talkers->count; i++)
		n = talker_place(out, n, max, &talkers->list[i]);
	return talkers->count;
}
