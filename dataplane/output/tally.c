#include "dataplane/output/tally.h"

#include <string.h>

#include "dataplane/output/ring.h"

_Static_assert(sizeof(struct tally) % sizeof(uint64_t) == 0, "copied as words");

/* Each word is stored with release, so whoever sees one sees the odd version too; on x86 that is an
 * ordinary store. */
void tally_publish(struct tally_board *board, const struct tally *tally)
{
	uint64_t version = atomic_load_explicit(&board->version, memory_order_relaxed);
	uint64_t words[TALLY_WORDS];

	memcpy(words, tally, sizeof(words));
	atomic_store_explicit(&board->version, version + 1, memory_order_relaxed);
	for (int i = 0; i < TALLY_WORDS; i++)
		atomic_store_explicit(&board->words[i], words[i], memory_order_release);
	atomic_store_explicit(&board->version, version + 2, memory_order_release);
}

void tally_read(struct tally_board *board, struct tally *tally)
{
	struct backoff backoff = {0};
	uint64_t words[TALLY_WORDS], before, after;

	for (;;) {
		before = atomic_load_explicit(&board->version, memory_order_acquire);
		for (int i = 0; i < TALLY_WORDS; i++)
			words[i] = atomic_load_explicit(&board->words[i], memory_order_acquire);
		after = atomic_load_explicit(&board->version, memory_order_relaxed);
		if (before == after && before % 2 == 0)
			break;
		backoff_wait(&backoff);
	}
	memcpy(tally, words, sizeof(words));
}

void tally_add(struct tally *sum, const struct tally *one)
{
	uint64_t words[TALLY_WORDS], more[TALLY_WORDS];
	uint64_t overload = sum->overload > one->overload ? sum->overload : one->overload;

	memcpy(words, sum, sizeof(words));
	memcpy(more, one, sizeof(more));
	for (int i = 0; i < TALLY_WORDS; i++)
		words[i] += more[i];
	memcpy(sum, words, sizeof(words));
	sum->overload = overload;
}

struct flow_table_stats tally_flows(const struct tally *t)
{
	return (struct flow_table_stats){
		.made = t->flows_made,
		.ended = t->flows_ended,
		.evicted = t->flows_evicted,
		.refused = t->flows_refused,
		.refused_unknown = t->flows_refused_unknown,
		.acked_unseen = t->acked_unseen,
		.live = (uint32_t)t->flows_live,
		.peak = (uint32_t)t->flows_peak,
	};
}

struct aggregates_stats tally_aggregates(const struct tally *t)
{
	return (struct aggregates_stats){.late = t->flow_log_late, .early = t->flow_log_early};
}

struct dpi_stats tally_dpi(const struct tally *t)
{
	return (struct dpi_stats){
		.packets = t->dpi_packets,
		.refused_flows = t->dpi_refused,
		.refused_unknown = t->dpi_refused_unknown,
		.given_up = t->dpi_given_up,
		.shed_flows = t->dpi_shed,
		.memory = t->dpi_memory,
		.memory_peak = t->dpi_memory_peak,
	};
}

uint64_t tally_shed(const struct tally *t, enum overload_step step)
{
	switch (step) {
	case OVERLOAD_DPI:
		return t->dpi_shed;
	case OVERLOAD_RECORDING:
		return t->recording.shed;
	case OVERLOAD_HANDOFF:
		return t->reasons[REASON_handoff_full];
	case OVERLOAD_NONE:
	case OVERLOAD_STEPS:
		break;
	}
	return 0;
}
