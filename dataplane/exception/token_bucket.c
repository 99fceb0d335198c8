#include "dataplane/exception/token_bucket.h"

#include "config/log/now.h"

#define TOKEN NS_PER_S

void token_bucket_init(
	struct token_bucket *bucket, uint64_t rate, uint64_t burst, uint64_t now_ns)
{
	*bucket = (struct token_bucket){rate, burst, burst * TOKEN, now_ns};
}

void token_bucket_fill(struct token_bucket *bucket, uint64_t now_ns)
{
	uint64_t room = bucket->burst * TOKEN - bucket->parts, passed;

	if (bucket->rate == 0 || now_ns <= bucket->now_ns)
		return;
	passed = now_ns - bucket->now_ns;
	bucket->now_ns = now_ns;
	/* Compared by division: the product of a long time would not fit. */
	bucket->parts += passed > room / bucket->rate ? room : passed * bucket->rate;
}

bool token_bucket_take(struct token_bucket *bucket)
{
	if (bucket->rate == 0)
		return true;
	if (bucket->parts < TOKEN)
		return false;
	bucket->parts -= TOKEN;
	return true;
}
