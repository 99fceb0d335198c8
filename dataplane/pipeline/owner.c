#include "dataplane/pipeline/owner.h"

#include "decap/ip.h"
#include "inspect/flow/hash.h"

/* The upper bits: the lower ones choose a flow's bucket in its table. */
static uint32_t share(uint64_t hash, uint32_t n)
{
	return (uint32_t)((hash >> 32) * n >> 32);
}

static uint64_t hash_end(const struct ip_addr *address, uint16_t port)
{
	return hash_fold(hash_word(address->byte) ^ hash_salt[0],
		hash_word(address->byte + 8) ^ hash_salt[1] ^ port);
}

/* A sum does not care which end comes first, so the ends need not be put in order as a flow's key
 * has them. Where a protocol has no ports they are 0. */
uint32_t owner_of_flow(const struct packet *p, uint32_t n)
{
	uint64_t ends = hash_end(&p->src, p->src_port) + hash_end(&p->dst, p->dst_port);

	return share(hash_fold(ends ^ hash_salt[2],
			     ((uint64_t)p->tenant << 8 | p->protocol) ^ hash_salt[3]),
		n);
}

uint32_t owner_of_fragment(const struct packet *p, uint32_t n)
{
	uint64_t src = hash_fold(hash_word(p->src.byte) ^ hash_salt[0],
		hash_word(p->src.byte + 8) ^ hash_salt[1]);
	uint64_t dst = hash_fold(hash_word(p->dst.byte) ^ hash_salt[2],
		hash_word(p->dst.byte + 8) ^ hash_salt[3]);
	uint64_t rest = ((uint64_t)p->tenant << 32 | ip_fragment_id(p)) + p->protocol;

	return share(hash_fold(hash_fold(src, dst ^ hash_salt[4]), rest ^ hash_salt[5]), n);
}
