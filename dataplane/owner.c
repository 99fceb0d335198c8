#include "dataplane/owner.h"

#include "inspect/flow/flow.h"
#include "inspect/flow/hash.h"

/* The upper bits: the lower ones choose a flow's bucket in its table. */
static uint32_t share(uint64_t hash, uint32_t n)
{
	return (uint32_t)((hash >> 32) * n >> 32);
}

uint32_t owner_of_flow(const struct packet *p, uint32_t n)
{
	struct flow_key key;
	bool src_is_lo;

	flow_key_make(&key, p, &src_is_lo);
	return share(flow_key_hash(&key), n);
}

uint32_t owner_of_fragment(const struct packet *p, uint32_t n)
{
	uint64_t src = hash_fold(hash_word(p->src.byte) ^ hash_salt[0],
		hash_word(p->src.byte + 8) ^ hash_salt[1]);
	uint64_t dst = hash_fold(hash_word(p->dst.byte) ^ hash_salt[2],
		hash_word(p->dst.byte + 8) ^ hash_salt[3]);
	uint64_t rest = ((uint64_t)p->tenant << 32 | p->fragment_id) + p->protocol;

	return share(hash_fold(hash_fold(src, dst ^ hash_salt[4]), rest ^ hash_salt[5]), n);
}
