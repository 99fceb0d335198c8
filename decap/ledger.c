#include "decap/ledger.h"

static const char *const bucket_names[] = {
#define BUCKET(name, meaning) [BUCKET_##name] = #name,
#include "decap/reasons.def"
};

static const char *const bucket_meanings[] = {
#define BUCKET(name, meaning) [BUCKET_##name] = (meaning),
#include "decap/reasons.def"
};

static const struct {
	const char *name, *sentence;
	enum bucket bucket;
} reasons[] = {
#define REASON(name, bucket, sentence) [REASON_##name] = {#name, sentence, BUCKET_##bucket},
#include "decap/reasons.def"
};

const char *bucket_name(enum bucket bucket)
{
	return bucket_names[bucket];
}

const char *bucket_meaning(enum bucket bucket)
{
	return bucket_meanings[bucket];
}

const char *reason_name(enum reason reason)
{
	return reasons[reason].name;
}

const char *reason_sentence(enum reason reason)
{
	return reasons[reason].sentence;
}

enum bucket reason_bucket(enum reason reason)
{
	return reasons[reason].bucket;
}

uint64_t ledger_bucket(const struct ledger *ledger, enum bucket bucket)
{
	uint64_t sum = 0;

	for (int r = 0; r < REASON_COUNT; r++)
		if (reasons[r].bucket == bucket)
			sum += ledger->reasons[r];
	return sum;
}

void ledger_add(struct ledger *to, const struct ledger *from)
{
	counters_add(to, from, sizeof(*to));
}

bool ledger_closes(const struct ledger *ledger)
{
	uint64_t sum = ledger->in_flight;

	for (int r = 0; r < REASON_COUNT; r++)
		sum += ledger->reasons[r];
	return sum == ledger->received;
}
