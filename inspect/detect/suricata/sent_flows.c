#include "inspect/detect/suricata/sent_flows.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "decap/salt.h"
#include "inspect/flow/flow.h"
#include "inspect/flow/hash.h"
#include "inspect/flow/pages.h"

enum { NONE = UINT32_MAX };

/* Plain words, so that a key is hashed and compared whole. */
union key {
	struct {
		struct flow_key flow; /* without a point: the VLAN ids are these, in full */
		uint16_t vlan[EVE_VLANS];
	} is;
	uint64_t word[8];
};
_Static_assert(sizeof(union key) == 64, "no more than its words");

/* A flow of a key, from packet `since` on. */
struct row {
	union key key;
	uint64_t since, flow_id, time_ns;
	uint32_t older, newer; /* of the same bucket; NONE */
	uint8_t direction[2];  /* of packets from `lo`, from `hi`: enum direction */
	bool is_tagged;
};

/* Row number n holds the n-th that was taken, modulo the capacity. */
struct sent_flows {
	pthread_mutex_t lock;
	uint64_t taken;
	uint32_t capacity;
	uint64_t salt[2];
	uint32_t *buckets;
	struct row *rows;
};

struct sent_flows *sent_flows_create(uint32_t capacity)
{
	struct sent_flows *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	pthread_mutex_init(&f->lock, NULL);
	f->capacity = capacity;
	salt_take(f->salt, 2);
	f->buckets = malloc(capacity * sizeof(*f->buckets));
	f->rows = pages_alloc(capacity * sizeof(*f->rows));
	if (f->buckets == NULL || f->rows == NULL) {
		sent_flows_destroy(f);
		return NULL;
	}
	memset(f->buckets, 0xff, capacity * sizeof(*f->buckets));
	return f;
}

void sent_flows_destroy(struct sent_flows *f)
{
	if (f == NULL)
		return;
	free(f->buckets);
	pages_free(f->rows, f->capacity * sizeof(*f->rows));
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* Suricata tells no ids of ICMP queries: one conversation of them is the next one's. */
static union key key_of(
	const struct sent_vlans *vlans, const struct packet *is, bool *src_is_lo)
{
	union key key = {.word = {0}};

	flow_key_make(&key.is.flow, is, false, src_is_lo);
	key.is.flow.point = 0;
	key.is.flow.icmp_id = 0;
	for (uint32_t i = 0; i < vlans->n && i < EVE_VLANS; i++)
		key.is.vlan[i] = vlans->id[i];
	return key;
}

static uint32_t *bucket_of(struct sent_flows *f, const union key *key)
{
	uint64_t hash = f->salt[0];

	for (size_t i = 0; i < sizeof(key->word) / sizeof(key->word[0]); i++)
		hash = hash_fold(hash ^ key->word[i], f->salt[1] ^ hash_salt[i]);
	return &f->buckets[hash & (f->capacity - 1)];
}

/* The newest row of the key that is not newer than the packet. */
static struct row *find(struct sent_flows *f, const union key *key, uint64_t number)
{
	uint32_t at = *bucket_of(f, key);

	while (at != NONE && (f->rows[at].since > number ||
				     memcmp(&f->rows[at].key, key, sizeof(*key)) != 0))
		at = f->rows[at].older;
	return at != NONE ? &f->rows[at] : NULL;
}

/* In a bucket the newest comes first, so the oldest row of all is the last of its own. */
static void forget(struct sent_flows *f, const struct row *oldest)
{
	if (oldest->newer != NONE)
		f->rows[oldest->newer].older = NONE;
	else
		*bucket_of(f, &oldest->key) = NONE;
}

static struct row *take(struct sent_flows *f, const union key *key)
{
	uint32_t at = (uint32_t)(f->taken & (f->capacity - 1)), *bucket;

	if (f->taken++ >= f->capacity)
		forget(f, &f->rows[at]);
	bucket = bucket_of(f, key);
	f->rows[at] = (struct row){.key = *key, .older = *bucket, .newer = NONE};
	if (*bucket != NONE)
		f->rows[*bucket].newer = at;
	*bucket = at;
	return &f->rows[at];
}

void sent_flows_add(struct sent_flows *f, uint64_t number, const struct sent_vlans *vlans,
	const struct packet *is, const struct sent_flow *flow)
{
	bool src_is_lo;
	const union key key = key_of(vlans, is, &src_is_lo);
	struct row *row;

	pthread_mutex_lock(&f->lock);
	row = find(f, &key, number);
	if (row == NULL || row->flow_id != flow->flow_id || row->is_tagged != flow->is_tagged) {
		row = take(f, &key);
		row->since = number;
		row->flow_id = flow->flow_id;
		row->time_ns = flow->time_ns;
		row->is_tagged = flow->is_tagged;
	}
	row->direction[src_is_lo ? 0 : 1] = (uint8_t)flow->direction;
	pthread_mutex_unlock(&f->lock);
}

bool sent_flows_find(struct sent_flows *f, uint64_t number, const struct sent_vlans *vlans,
	const struct packet *is, struct sent_flow *flow)
{
	bool src_is_lo;
	const union key key = key_of(vlans, is, &src_is_lo);
	const struct row *row;

	pthread_mutex_lock(&f->lock);
	row = find(f, &key, number > 0 ? number : UINT64_MAX);
	if (row != NULL)
		*flow = (struct sent_flow){
			.flow_id = row->flow_id,
			.time_ns = row->time_ns,
			.direction = (enum direction)row->direction[src_is_lo ? 0 : 1],
			.is_tagged = row->is_tagged,
		};
	pthread_mutex_unlock(&f->lock);
	return row != NULL;
}

uint64_t sent_flows_forgotten(struct sent_flows *f)
{
	uint64_t n;

	pthread_mutex_lock(&f->lock);
	n = f->taken > f->capacity ? f->taken - f->capacity : 0;
	pthread_mutex_unlock(&f->lock);
	return n;
}
