#include "dataplane/retrieval/retrieval.h"

#include "dataplane/replay/flow_pass.h"
#include "dataplane/retrieval/picks.h"
#include "dataplane/retrieval/question.h"
#include "dataplane/retrieval/time_order.h"

struct retrieving {
	const struct retrieval_params *params;
	struct time_order *order;
	bool enough;
};

/* What our packet file says of it is better than what can be found out from a frame that was decapsulated before. */
static void restore(struct packet_record *record, const struct block_index *index, uint32_t i)
{
	const struct recorded *recorded = &index->recorded[i];

	record->direction = index->places[i].direction == 1   ? DIRECTION_INGRESS
			    : index->places[i].direction == 2 ? DIRECTION_EGRESS
							      : DIRECTION_UNKNOWN;
	record->rule_number = recorded->rule_number;
	record->flow_id = recorded->flow_id;
	record->refused = recorded->refused;
}

static void take_slot(struct retrieving *r, const struct block *block, uint32_t i)
{
	const struct retrieval_params *params = r->params;
	struct packet_record record = block->marks[i].packet;
	uint32_t capture = block->index->captures[i];
	struct retrieved retrieved = {.packet = &block->packets[i],
		.record = &record,
		.flow = &block->index->flows[i]};
	struct packet as_captured;

	if (record.time_ns != retrieved.packet->time_ns) { /* a stray: see packet_times.h */
		as_captured = *retrieved.packet;
		as_captured.time_ns = record.time_ns;
		retrieved.packet = &as_captured;
	}

	if (params->recorded && params->recorded[capture])
		restore(&record, block->index, i);
	if (params->picks && params->picks[capture].flow_ids)
		record.flow_id =
			picks_flow(&params->picks[capture], block->index->places[i].offset);
	if (question_takes(params->question, &retrieved) &&
		!time_order_put(r->order, &retrieved))
		r->enough = true;
}

static void take_block(void *ctx, const struct block *block)
{
	struct retrieving *r = ctx;

	for (uint32_t i = 0; i < block->n_slots && !r->enough; i++)
		if (block->marks[i].least != RECORD_NONE)
			take_slot(r, block, i);
}

static bool go_on(void *ctx, uint64_t packets)
{
	struct retrieving *r = ctx;

	(void)packets;
	if (!r->params->pause(r->params->ctx))
		r->enough = true;
	return !r->enough;
}

static bool run(struct retrieving *r, struct error *error)
{
	const struct reader_params reader = {
		.input = r->params->input,
		.recorded = r->params->recorded,
		.mode = r->params->mode,
		.taker = {r, take_block},
	};
	struct flow_pass *pass = flow_pass_create(r->params->settings, &reader, error);
	bool done = pass && flow_pass_run(pass, (struct reader_watch){r, go_on}, error);

	flow_pass_destroy(pass);
	if (done && !r->enough)
		(void)time_order_end(r->order);
	if (done)
		(void)r->params->pause(r->params->ctx);
	if (done && time_order_failed(r->order))
		error_set(error, "not enough memory for packets that were found");
	return done && !time_order_failed(r->order);
}

bool retrieval_run(
	const struct retrieval_params *params, uint64_t *backwards, struct error *error)
{
	struct retrieving r = {
		.params = params, .order = time_order_create(params->ctx, params->take)};
	bool done;

	*backwards = 0;
	error_set(error, "not enough memory");
	if (!r.order)
		return false;
	done = run(&r, error);
	*backwards = time_order_backwards(r.order);
	time_order_destroy(r.order);
	return done;
}
