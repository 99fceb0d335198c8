#include "inspect/record/talkers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "decap/salt.h"
#include "inspect/flow/hash.h"
#include "inspect/flow/index.h"

/* Space-saving (Metwally, Agrawal, El Abbadi, 2005), with bytes as weights: when all places are
 * taken, the lightest talker gives way to the new one, which may have had as many bytes before,
 * unseen. The heap is made when that happens first; until then it costs nothing. */
struct talkers {
	struct flow_index index;
	uint32_t count;
	bool full; /* the heap is in use */
	uint64_t overflow;
	uint64_t error;                  /* bytes that one who is not listed has had at most */
	uint64_t salt[SALT_WORDS_MAX];   /* a secret of its own: no result depends on it */
	uint32_t heap[TALKERS_MAX];      /* numbers of talkers, the lightest first */
	uint32_t place[TALKERS_MAX];     /* of each talker in the heap */
	uint64_t missed[TALKERS_MAX];    /* bytes that each may have had before it was listed */
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

/* What it had at most. */
static uint64_t weight(const struct talkers *t, uint32_t number)
{
	const struct talker *talker = &t->list[number];

	return talker->sent.bytes + talker->received.bytes + t->missed[number];
}

static bool is_lighter(const struct talkers *t, uint32_t a, uint32_t b)
{
	uint64_t left = weight(t, a), right = weight(t, b);

	return left != right ? left < right : a < b;
}

static void heap_put(struct talkers *t, uint32_t at, uint32_t number)
{
	t->heap[at] = number;
	t->place[number] = at;
}

/* Weights only grow: one that has changed goes down. */
static void heap_settle(struct talkers *t, uint32_t at)
{
	uint32_t number = t->heap[at];

	for (uint32_t child; (child = 2 * at + 1) < TALKERS_MAX; at = child) {
		if (child + 1 < TALKERS_MAX &&
			is_lighter(t, t->heap[child + 1], t->heap[child]))
			child++;
		if (!is_lighter(t, t->heap[child], number))
			break;
		heap_put(t, at, t->heap[child]);
	}
	heap_put(t, at, number);
}

static void heap_make(struct talkers *t)
{
	for (uint32_t i = 0; i < TALKERS_MAX; i++)
		heap_put(t, i, i);
	for (uint32_t i = TALKERS_MAX / 2; i-- > 0;)
		heap_settle(t, i);
	t->full = true;
}

/* The number of the lightest, whose place is free now. */
static uint32_t give_way(struct talkers *t)
{
	uint32_t number;
	const struct talker *gone;

	if (!t->full)
		heap_make(t);
	number = t->heap[0];
	gone = &t->list[number];
	if (weight(t, number) > t->error)
		t->error = weight(t, number);
	index_remove(&t->index, hash_of(t, &gone->addr, gone->tenant), number);
	return number;
}

/* `less`: of the error, what is known not to be missing. */
static void __attribute__((noinline))
talker_make(struct talkers *t, uint64_t hash, const struct talker *made, uint64_t less)
{
	bool full = t->count == TALKERS_MAX, room = index_has_room(&t->index, hash);
	uint32_t number;

	t->overflow += full || !room;
	if (!room) {
		t->error += made->sent.bytes + made->received.bytes;
		return;
	}
	number = full ? give_way(t) : t->count++;
	index_add(&t->index, hash, number);
	t->list[number] = *made;
	t->missed[number] = t->error - less;
	if (full)
		heap_settle(t, t->place[number]);
}

static void talker_add(struct talkers *t, const struct talker *add, uint64_t less)
{
	uint64_t hash = hash_of(t, &add->addr, add->tenant);
	struct index_place place = index_place(&t->index, hash);
	struct talker *talker = bucket_find(
		t, &t->index.buckets[place.first], place.tag, &add->addr, add->tenant);

	if (talker == NULL)
		talker = bucket_find(
			t, &t->index.buckets[place.second], place.tag, &add->addr, add->tenant);
	if (talker == NULL) {
		talker_make(t, hash, add, less);
		return;
	}
	total_add(&talker->sent, &add->sent);
	total_add(&talker->received, &add->received);
	if (t->full)
		heap_settle(t, t->place[talker - t->list]);
}

void talkers_add(struct talkers *talkers, const struct talker *add)
{
	talker_add(talkers, add, 0);
}

void talkers_prefetch(
	const struct talkers *talkers, const struct ip_addr *addr, uint32_t tenant)
{
	__builtin_prefetch(index_first(&talkers->index, hash_of(talkers, addr, tenant)));
}

void talkers_miss(struct talkers *talkers, uint64_t conversations, uint64_t bytes)
{
	talkers->overflow += conversations;
	talkers->error += bytes;
	for (uint32_t i = 0; i < talkers->count; i++)
		talkers->missed[i] += bytes;
}

/* Whoever is not listed in `from` may have had as many bytes there as its error says; of one that is
 * listed there `missed` is known, and is not more. */
void talkers_merge(struct talkers *to, const struct talkers *from)
{
	to->overflow += from->overflow;
	to->error += from->error;
	for (uint32_t i = 0; i < to->count; i++)
		to->missed[i] += from->error;
	for (uint32_t i = 0; i < from->count; i++)
		talker_add(to, &from->list[i], from->error - from->missed[i]);
}

uint32_t talkers_count(const struct talkers *talkers)
{
	return talkers->count;
}

uint64_t talkers_overflow(const struct talkers *talkers)
{
	return talkers->overflow;
}

uint64_t talkers_error(const struct talkers *talkers)
{
	return talkers->error;
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
