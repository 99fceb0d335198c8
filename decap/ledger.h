/* The ledger: every packet received ends in exactly one bucket. A stage that refuses a packet
 * counts a reason; each reason belongs to one bucket (reasons.def). No number is computed as a
 * remainder: `received` is counted where packets come in, reasons where packets end, and
 * ledger_closes() compares the two. One thread writes a ledger; readers add up copies. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/counters/counters.h"

enum bucket {
#define BUCKET(name, meaning) BUCKET_##name,
#include "decap/reasons.def"
	BUCKET_COUNT
};

enum reason {
#define REASON(name, bucket, sentence) REASON_##name,
#include "decap/reasons.def"
	REASON_COUNT
};

struct ledger {
	COUNTERS(ledger_stats);
	uint64_t reasons[REASON_COUNT];
};

/* Names as summary.json prints them; static strings. */
const char *bucket_name(enum bucket bucket);
const char *bucket_meaning(enum bucket bucket);
const char *reason_name(enum reason reason);
const char *reason_sentence(enum reason reason);
enum bucket reason_bucket(enum reason reason);

/* The sum of the bucket's reasons. */
uint64_t ledger_bucket(const struct ledger *ledger, enum bucket bucket);

/* Adds every counter of `from` to `to`. */
void ledger_add(struct ledger *to, const struct ledger *from);

/* True when received = in_flight + the sum of all buckets. */
bool ledger_closes(const struct ledger *ledger);
