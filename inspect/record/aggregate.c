#include "inspect/record/aggregate.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "decap/salt.h"
#include "inspect/flow/hash.h"
#include "inspect/flow/pages.h"

enum { PER_HEAD = 2 }; /* aggregates to a chain when all are in use */

struct aggregates {
	struct aggregates_params params;
	struct aggregate *slots;
	uint32_t *heads; /* of the chains: slot + 1 */
	uint32_t head_mask;
	uint32_t used; /* slots that were ever in use: the first ones */
	uint32_t live;
	uint32_t free, oldest, newest; /* slot + 1 */
	/* Windows before this one were closed at some time; the clock may have gone back since. */
	uint64_t closed;
	/* The window of the clock by which aggregates are being closed, and what is left to look at. */
	uint64_t clock;
	uint32_t hand, left;
	uint64_t salt[SALT_WORDS_MAX];
	struct aggregates_stats stats;
};

_Static_assert(sizeof(struct aggregate_key) == 48 &&
		       offsetof(struct aggregate_key, window) == 32 &&
		       offsetof(struct aggregate_key, lo_port) == 40,
	"six words, without padding");

static size_t slots_size(const struct aggregates *a)
{
	return (size_t)a->params.capacity * sizeof(*a->slots);
}

static size_t heads_size(const struct aggregates *a)
{
	return ((size_t)a->head_mask + 1) * sizeof(*a->heads);
}

struct aggregates *aggregates_create(const struct aggregates_params *params)
{
	struct aggregates *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->params = *params;
	while (((uint64_t)a->head_mask + 1) * PER_HEAD < params->capacity)
		a->head_mask = 2 * a->head_mask + 1;
	salt_take(a->salt, SALT_WORDS_MAX);
	a->slots = pages_alloc(slots_size(a));
	a->heads = pages_alloc(heads_size(a));
	if (a->slots != NULL && a->heads != NULL)
		return a;
	aggregates_destroy(a);
	return NULL;
}

void aggregates_destroy(struct aggregates *a)
{
	if (a == NULL)
		return;
	pages_free(a->slots, slots_size(a));
	pages_free(a->heads, heads_size(a));
	free(a);
}

static uint64_t key_word(const struct aggregate_key *key, size_t word)
{
	return hash_word((const uint8_t *)key + 8 * word);
}

static uint32_t *head_of(const struct aggregates *a, const struct aggregate_key *key)
{
	uint64_t hash = hash_fold(key_word(key, 1) ^ a->salt[0], key_word(key, 3) ^ a->salt[1]);

	if (key->ip_version != 4)
		hash ^= hash_fold(
			key_word(key, 0) ^ a->salt[2] ^ hash, key_word(key, 2) ^ a->salt[0]);
	hash = hash_fold(hash ^ key_word(key, 4) ^ a->salt[2], key_word(key, 5) ^ a->salt[3]);
	return &a->heads[hash & a->head_mask];
}

static struct aggregate *find(
	const struct aggregates *a, uint32_t at, const struct aggregate_key *key)
{
	for (; at != 0; at = a->slots[at - 1].next)
		if (memcmp(&a->slots[at - 1].key, key, sizeof(*key)) == 0)
			return &a->slots[at - 1];
	return NULL;
}

static uint32_t slot_of(const struct aggregates *a, const struct aggregate *aggregate)
{
	return (uint32_t)(aggregate - a->slots) + 1;
}

static void unchain(struct aggregates *a, const struct aggregate *gone)
{
	uint32_t *link = head_of(a, &gone->key), slot = slot_of(a, gone);

	while (*link != slot)
		link = &a->slots[*link - 1].next;
	*link = gone->next;
}

/* Out of the order of making. */
static void unlist(struct aggregates *a, const struct aggregate *gone)
{
	if (gone->older != 0)
		a->slots[gone->older - 1].newer = gone->newer;
	else
		a->oldest = gone->newer;
	if (gone->newer != 0)
		a->slots[gone->newer - 1].older = gone->older;
	else
		a->newest = gone->older;
	if (a->hand == slot_of(a, gone))
		a->hand = gone->newer;
}

static unsigned records_of(const struct aggregate *aggregate)
{
	return (unsigned)(aggregate->side[0].packets != 0) +
	       (unsigned)(aggregate->side[1].packets != 0);
}

static void finish(struct aggregates *a, struct aggregate *aggregate)
{
	a->params.write(a->params.ctx, aggregate);
	a->stats.late += aggregate->late ? records_of(aggregate) : 0;
	unchain(a, aggregate);
	unlist(a, aggregate);
	aggregate->next = a->free;
	a->free = slot_of(a, aggregate);
	a->live--;
}

static struct aggregate *take_slot(struct aggregates *a)
{
	struct aggregate *taken;

	if (a->free == 0 && a->used == a->params.capacity) {
		a->stats.early += records_of(&a->slots[a->oldest - 1]);
		finish(a, &a->slots[a->oldest - 1]);
	}
	if (a->free == 0)
		return &a->slots[a->used++];
	taken = &a->slots[a->free - 1];
	a->free = taken->next;
	return taken;
}

static struct aggregate *make(
	struct aggregates *a, const struct aggregate_key *key, uint32_t *head)
{
	struct aggregate *made = take_slot(a);
	uint32_t slot = slot_of(a, made);

	*made = (struct aggregate){.key = *key,
		.next = *head,
		.older = a->newest,
		.late = key->window < a->closed};
	*head = slot;
	if (a->newest != 0)
		a->slots[a->newest - 1].newer = slot;
	else
		a->oldest = slot;
	a->newest = slot;
	a->live++;
	return made;
}

/* The mirror session stands for the network interface. */
static uint32_t session_of(const struct flow *flow)
{
	return flow->key.point;
}

static uint8_t opposite(uint8_t direction)
{
	if (direction == DIRECTION_UNKNOWN)
		return direction;
	return direction == DIRECTION_INGRESS ? DIRECTION_EGRESS : DIRECTION_INGRESS;
}

uint8_t aggregate_direction(const struct aggregate_key *key, unsigned side)
{
	return side == 0 ? key->direction : opposite(key->direction);
}

/* All but the window; returns the side that `lo` is: 0, the client, or 1. */
static unsigned key_fill(struct aggregate_key *key, const struct flow *flow)
{
	const struct flow_key *from = &flow->key;
	bool ports = flow_has_ports(from->protocol);
	uint8_t direction = (uint8_t)flow_direction(flow);
	unsigned lo = !(flow->flags & FLOW_CLIENT_IS_LO);

	*key = (struct aggregate_key){
		.lo = from->lo,
		.hi = from->hi,
		.session = session_of(flow),
		.lo_port = ports ? from->lo_port : 0,
		.hi_port = ports ? from->hi_port : 0,
		.protocol = from->protocol,
		.ip_version = from->ip_version,
	};
	/* One-way ICMP has its sender first. */
	if (memcmp(&key->lo, &key->hi, sizeof(key->lo)) > 0) {
		key->lo = from->hi;
		key->hi = from->lo;
		lo = !lo;
	}
	key->direction = lo == 0 ? direction : opposite(direction);
	return lo;
}

/* One 5-tuple for both directions: a host that pings itself. */
static bool is_one_sided(const struct aggregate_key *key)
{
	return key->lo_port == key->hi_port && memcmp(&key->lo, &key->hi, sizeof(key->lo)) == 0;
}

static void side_add(
	struct aggregate_side *side, const struct flow_window *sent, uint64_t begin_s)
{
	uint16_t first = (uint16_t)(sent->first - begin_s);
	uint16_t last = (uint16_t)(sent->last - begin_s);

	if (sent->packets == 0)
		return;
	if (side->packets == 0 || first < side->first)
		side->first = first;
	if (last > side->last)
		side->last = last;
	side->packets += sent->packets;
	side->bytes += sent->bytes;
	side->tcp_flags |= sent->tcp_flags;
}

void aggregates_add(
	struct aggregates *a, const struct flow *flow, const struct flow_window sent[2])
{
	uint32_t window_s = a->params.window_s;
	struct aggregate_key key;
	struct aggregate *aggregate;
	unsigned lo = key_fill(&key, flow);
	uint64_t begin_s;
	uint32_t *head;

	if (sent[0].packets == 0 && sent[1].packets == 0)
		return;
	key.window = (uint32_t)(sent[sent[0].packets == 0].first / window_s);
	begin_s = (uint64_t)key.window * window_s;
	head = head_of(a, &key);
	aggregate = find(a, *head, &key);
	if (aggregate == NULL)
		aggregate = make(a, &key, head);
	side_add(&aggregate->side[0], &sent[lo], begin_s);
	side_add(&aggregate->side[!is_one_sided(&key)], &sent[!lo], begin_s);
}

/* By a clock in window number `clock`. */
static bool is_over(const struct aggregate *aggregate, uint64_t clock)
{
	return (uint64_t)aggregate->key.window + 2 <= clock;
}

void aggregates_close(struct aggregates *a, uint64_t now_s, uint32_t n)
{
	uint64_t clock = now_s / a->params.window_s;

	if (a->left == 0) {
		if (clock == a->clock)
			return;
		a->clock = clock;
		a->left = a->live;
		a->hand = a->oldest;
		if (clock > a->closed + 1)
			a->closed = clock - 1;
	}
	for (; n > 0 && a->hand != 0 && a->left > 0; n--, a->left--) {
		struct aggregate *aggregate = &a->slots[a->hand - 1];

		a->hand = aggregate->newer;
		if (is_over(aggregate, a->clock))
			finish(a, aggregate);
	}
	if (a->hand == 0)
		a->left = 0;
}

void aggregates_finish(struct aggregates *a)
{
	while (a->oldest != 0)
		finish(a, &a->slots[a->oldest - 1]);
	a->left = 0;
}

const struct aggregates_stats *aggregates_stats(const struct aggregates *a)
{
	return &a->stats;
}
