#include "dataplane/replay/reader.h"

#include "config/log/now.h"
#include "config/thread/backoff.h"
#include "dataplane/capture/packet_times.h"
#include "dataplane/output/suricata.h"
#include "dataplane/replay/block_queue.h"
#include "dataplane/replay/distributor.h"
#include "dataplane/replay/index_feed.h"
#include "dataplane/replay/lookahead.h"
#include "decap/decap.h"
#include "decap/outer_defrag.h"

#include <stdlib.h>
#include <string.h>

/* Disorder up to this is no step back of the clock. */
#define REWIND_NS NS_PER_S

struct reader {
	struct reader_params params;
	struct decap_params decap;
	struct distributor *distributor;
	struct worker *const *workers;
	uint64_t left_out_mirror;
	struct block_queue
		held; /* filled; each is sent when enough is known of what comes behind it */
	struct block_queue sent;
	struct block_queue spare;
	uint32_t n_blocks, max_blocks;
	struct input_packet pending; /* read, and did not fit in the last block */
	enum defrag_status pending_is;
	struct input_place place; /* of it, when an index is built */
	bool has_pending, at_end;
	struct defrag *defrag; /* of outer fragments; NULL: nothing is decapsulated */
	bool lends;            /* the input's packets need no copy */
	struct backoff backoff;
	uint64_t received, returned;
	uint64_t horizon_ns, latest_ns; /* clock of expiry; time of the last packet */
	uint64_t strays;                /* times that were replaced */
};

static bool add_block(struct reader *reader)
{
	struct block *block = block_create(reader->params.n_workers,
		reader->params.packets != NULL || reader->params.recording != NULL ||
			reader->params.feeds != NULL || reader->params.suricata != NULL ||
			reader->params.taker.take != NULL,
		reader->params.index != NULL || reader->params.taker.take != NULL);

	if (!block)
		return false;
	reader->n_blocks++;
	block_queue_push(&reader->spare, block);
	return true;
}

/* Left out before anybody judged it: what it is says whether the expression meant it. */
static void left_out(void *ctx, const struct input_packet *in)
{
	struct reader *reader = ctx;
	struct packet p = {
		.data = in->data, .cap = in->cap, .wire = in->wire, .link = in->link};
	struct decap_params params = reader->decap;
	struct decap_met met = {.plain = 0};

	params.mode = DECAP_AUTO;
	decap_packet(&params, &p, &met);
	reader->left_out_mirror += met.plain == 0;
}

struct reader *reader_create(const struct reader_params *params)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->params = *params;
	reader->decap = lane_decap_params(params->settings);
	reader->decap.mode = params->mode;
	reader->max_blocks = BLOCKS_BASE + BLOCKS_PER_WORKER * params->n_workers;
	reader->distributor = distributor_create(params->settings, &reader->decap,
		params->inner, params->recorded, params->n_workers);
	if (params->mode != DECAP_PLAIN)
		reader->defrag = defrag_create(&reader->decap);
	if (params->mode != DECAP_PLAIN)
		input_watch(params->input, (struct input_watch){reader, left_out});
	reader->lends = input_lend(params->input, BLOCK_ROOM);
	/* With one block in hand, empty_block() never fails once blocks are on their way. */
	if (reader->distributor && add_block(reader) &&
		(reader->defrag || params->mode == DECAP_PLAIN))
		return reader;
	reader_destroy(reader);
	return NULL;
}

static void queue_free(struct block_queue *q)
{
	struct block *block;

	while ((block = block_queue_pop(q)))
		block_destroy(block);
}

void reader_destroy(struct reader *reader)
{
	if (!reader)
		return;
	queue_free(&reader->held);
	queue_free(&reader->sent);
	queue_free(&reader->spare);
	defrag_destroy(reader->defrag);
	distributor_destroy(reader->distributor);
	free(reader);
}

/* Where it lies in its capture. In a copy its comment does not lie behind it: that goes behind all packets. */
static void note_place(const struct reader *reader, struct block *block, uint32_t i)
{
	const struct input_packet *in = &reader->pending;
	struct block_index *index = block->index;
	struct input_place *place = &index->places[i];
	const uint8_t *data = block->packets[i].data;

	*place = reader->place;
	index->captures[i] = in->capture;
	if (data == in->data)
		return;
	if (place->comment_len > BLOCK_COMMENT || reader->pending_is != DEFRAG_NONE)
		place->comment_len = 0;
	if (place->comment_len > 0) {
		uint8_t *to = block->data + BLOCK_BYTES + index->n_comments;

		memcpy(to, in->data + place->comment, place->comment_len);
		place->comment = (uint32_t)(to - data);
		index->n_comments += place->comment_len;
	}
}

/* Puts what arrived into the next slot of the block; its bytes stand at `data`. */
static void arrive(struct reader *reader, struct block *block, const uint8_t *data)
{
	const struct input_packet *in = &reader->pending;
	uint32_t i = block->n_slots++;
	struct packet *p = &block->packets[i];

	block->times[i] = in->time_ns;
	p->data = data;
	p->cap = in->cap;
	p->wire = in->wire;
	p->number = block->first_number + i;
	p->link = in->link;
	p->time_ns = in->time_ns;
	if (block->index)
		note_place(reader, block, i);
}

/* Puts the pending packet into the block. */
static void add_packet(struct reader *reader, struct block *block)
{
	const struct input_packet *in = &reader->pending;

	arrive(reader, block, reader->lends ? in->data : block->data + block->n_bytes);
	if (!reader->lends)
		memcpy(block->data + block->n_bytes, in->data, in->cap);
	block->n_bytes += in->cap;
	reader->has_pending = false;
}

/* What the pending packet is to the defrag, which may have made it whole. */
static void __attribute__((noinline)) join_pending(struct reader *reader)
{
	struct input_packet *in = &reader->pending;
	struct packet p = {.data = in->data,
		.cap = in->cap,
		.wire = in->wire,
		.time_ns = in->time_ns,
		.link = in->link};

	reader->pending_is = defrag_add(reader->defrag, &p, reader->decap.mode == DECAP_MIRROR);
	in->data = p.data;
	in->cap = p.cap;
	in->wire = p.wire;
}

static bool is_recorded(const struct reader *reader)
{
	return reader->params.recorded && reader->params.recorded[reader->pending.capture];
}

/* The packet that comes next is in `pending`; false: none is to be had for this block. */
static bool have_packet(struct reader *reader)
{
	int got;

	if (!reader->has_pending && !reader->at_end) {
		got = input_next(reader->params.input, &reader->pending);
		reader->has_pending = got == 1;
		reader->at_end = got == 0;
		reader->pending_is = DEFRAG_NONE;
		if (got == 1 && (reader->params.index || reader->params.taker.take))
			reader->place = input_place(reader->params.input);
		if (got == 1 && reader->defrag && !is_recorded(reader) &&
			defrag_may_be(reader->pending.data, reader->pending.cap,
				reader->pending.link))
			join_pending(reader);
	}
	return reader->has_pending;
}

/* The time of the packet behind the block says whether the last times in it stand. */
static void settle(struct reader *reader, struct block *block)
{
	uint32_t strays = packet_times_settle(block->times, block->n_slots, reader->latest_ns,
		reader->has_pending ? reader->pending.time_ns : 0);

	for (uint32_t i = 0; strays && i < block->n_slots; i++) {
		uint64_t captured_ns = block->packets[i].time_ns;

		block->packets[i].time_ns = block->times[i];
		block->times[i] = captured_ns;
	}
	reader->strays += strays;
}

/* Reads until the block is full or the input ends. */
static void fill(struct reader *reader, struct block *block)
{
	block->first_number = reader->received + 1;
	while (have_packet(reader) && reader->pending_is == DEFRAG_NONE &&
		block_fits(block, reader->pending.cap))
		add_packet(reader, block);
	settle(reader, block);
	distributor_decap(reader->distributor, block);
	if (reader->lends)
		block->data = input_exchange(reader->params.input, block->data,
			reader->has_pending && reader->pending_is == DEFRAG_NONE
				? &reader->pending
				: NULL);
	reader->received += block->n_slots;
}

/* The clock of expiry: no packet of a sent block is older than the horizon by more than the
 * disorder we put up with; when the input's time steps back further, a new era begins. */
static void set_horizon(struct reader *reader, struct block *block)
{
	uint64_t oldest = UINT64_MAX;

	for (uint32_t i = 0; i < block->n_slots; i++)
		if (block->packets[i].time_ns < oldest)
			oldest = block->packets[i].time_ns;
	if (block->n_slots > 0)
		reader->latest_ns = block->packets[block->n_slots - 1].time_ns;
	else if (!block->last) /* the input gave fragments only */
		oldest = reader->horizon_ns;
	else /* the end: by the last packet, wherever blocks happen to begin */
		oldest = reader->latest_ns > reader->horizon_ns ? reader->latest_ns
								: reader->horizon_ns;
	if (oldest + REWIND_NS < reader->horizon_ns) {
		block->rewind_ns = reader->horizon_ns;
		reader->horizon_ns = oldest;
	} else if (oldest > reader->horizon_ns) {
		reader->horizon_ns = oldest;
	}
	block->horizon_ns = reader->horizon_ns;
}

/* The oldest block that is held. Those behind it are filled. */
static void send_oldest(struct reader *reader)
{
	uint64_t held_end = block_end(block_queue_newest(&reader->held));
	struct block *block = block_queue_pop(&reader->held);

	block->ahead_end = block_end(block) + LOOKAHEAD_PACKETS;
	if (block->ahead_end > held_end)
		block->ahead_end = held_end;
	distributor_deal(reader->distributor, block);
	for (uint32_t w = 0; w < reader->params.n_workers; w++)
		worker_send(reader->workers[w], block);
	block_queue_push(&reader->sent, block);
}

/* Whether all that lookahead.h wants behind the oldest block is there. */
static bool may_send(const struct reader *reader)
{
	const struct block *oldest = block_queue_oldest(&reader->held);

	return oldest && (reader->held.count > LOOKAHEAD_BLOCKS ||
				 block_end(block_queue_newest(&reader->held)) >=
					 block_end(oldest) + LOOKAHEAD_PACKETS);
}

static void send_held(struct reader *reader)
{
	while (reader->held.count > 0)
		send_oldest(reader);
}

static void send(struct reader *reader, struct block *block)
{
	struct block *newest = block_queue_newest(&reader->held);

	set_horizon(reader, block);
	if (newest)
		newest->next = block;
	block_queue_push(&reader->held, block);
	while (may_send(reader))
		send_oldest(reader);
}

static void record_to(struct packet_files *files, const struct mark *mark)
{
	struct packet_record record = mark->packet;

	record.cap = mark->keep;
	if (mark->keep != RECORD_NOTHING)
		packet_files_write(files, &record);
	else
		packet_files_leave_out(files);
}

static void record_one(
	const struct reader_params *to, const struct mark *mark, const struct packet *packet)
{
	if (mark->least == RECORD_NONE)
		return;
	if (to->packets && mark->least == RECORD_ACCEPTED)
		packet_file_write(to->packets, &mark->packet);
	if (mark->least == RECORD_ACCEPTED)
		suricata_send(to->suricata, &mark->packet);
	if (to->recording && mark->keep != RECORD_NOT_OFFERED)
		record_to(to->recording, mark);
	replay_feeds_put(to->feeds, mark->least, &mark->packet, packet);
}

static void record(struct reader *reader, const struct block *block)
{
	if (reader->params.index)
		index_feed_block(reader->params.index, block);
	for (uint32_t i = 0; block->marks && i < block->n_slots; i++) {
		block->marks[i].packet.time_ns = block->times[i];
		record_one(&reader->params, &block->marks[i], &block->packets[i]);
	}
	if (reader->params.taker.take)
		reader->params.taker.take(reader->params.taker.ctx, block);
}

/* Waits until every worker has done the oldest block, and takes it back. */
static void collect(struct reader *reader)
{
	struct block *block = block_queue_pop(&reader->sent);

	for (uint32_t w = 0; w < reader->params.n_workers; w++)
		while (!worker_done(reader->workers[w]))
			backoff_wait(&reader->backoff);
	record(reader, block);
	reader->returned += block->n_slots;
	block_reset(block);
	block_queue_push(&reader->spare, block);
}

/* All blocks are on their way. Waits for half of them: few long naps cost less than many short
 * ones, and the other half keeps the workers busy meanwhile. */
static void collect_half(struct reader *reader)
{
	uint32_t left = reader->sent.count / 2;

	while (reader->sent.count > left)
		collect(reader);
	backoff_ease(&reader->backoff);
}

/* An empty block: a spare one, a new one, or one that comes back. */
static struct block *empty_block(struct reader *reader)
{
	if (reader->spare.count == 0 && reader->n_blocks < reader->max_blocks)
		add_block(reader);
	if (reader->spare.count == 0 && reader->sent.count == 0) /* no memory for more */
		send_held(reader);
	if (reader->spare.count == 0 && reader->sent.count > 0)
		collect_half(reader);
	return block_queue_pop(&reader->spare);
}

/* A packet made whole travels alone: the fragments before it have numbers, too. */
static void send_whole(struct reader *reader)
{
	struct block *block = empty_block(reader);

	block->first_number = reader->received + 1;
	arrive(reader, block, block->data);
	memcpy(block->data, reader->pending.data, reader->pending.cap);
	block->n_bytes = reader->pending.cap;
	reader->received++;
	reader->has_pending = false;
	have_packet(reader);
	settle(reader, block);
	distributor_decap(reader->distributor, block);
	send(reader, block);
}

/* Outer fragments that come next are no packets of a block. */
static void join(struct reader *reader)
{
	while (have_packet(reader) && reader->pending_is != DEFRAG_NONE) {
		if (reader->pending_is == DEFRAG_WHOLE) {
			send_whole(reader);
			index_feed_joined(reader->params.index);
			continue;
		}
		index_feed_fragment(
			reader->params.index, reader->place.offset, reader->pending.time_ns);
		reader->received++;
		reader->returned++;
		reader->has_pending = false;
	}
}

static void send_last(struct reader *reader)
{
	struct block *block = empty_block(reader);

	block->first_number = reader->received + 1;
	block->last = true;
	send(reader, block);
	send_held(reader);
	while (reader->sent.count > 0)
		collect(reader);
}

void reader_run(struct reader *reader, struct worker *const *workers, struct reader_watch watch)
{
	struct block *block;

	reader->workers = workers;
	while (!reader->at_end && watch.go_on(watch.ctx, reader->received)) {
		join(reader);
		block = empty_block(reader);
		fill(reader, block);
		send(reader, block);
	}
	if (reader->defrag)
		defrag_end(reader->defrag);
	send_last(reader);
}

void reader_abandon(struct reader *reader, struct worker *const *workers, uint32_t n_started)
{
	reader->workers = workers;
	reader->params.n_workers = n_started;
	send_last(reader);
}

uint64_t reader_left_out_mirror(const struct reader *reader)
{
	return reader->left_out_mirror;
}

uint64_t reader_strays(const struct reader *reader)
{
	return reader->strays;
}

void reader_ledger(const struct reader *reader, struct ledger *ledger)
{
	struct defrag_counts counts = {.joined = 0};

	if (reader->defrag)
		counts = defrag_counts(reader->defrag);
	ledger->received = reader->received;
	ledger->in_flight = reader_in_flight(reader);
	ledger->reasons[REASON_outer_joined] += counts.joined;
	ledger->reasons[REASON_outer_fragment] += counts.left;
	ledger->reasons[REASON_outer_overlap] += counts.overlapping;
}

uint64_t reader_in_flight(const struct reader *reader)
{
	return reader->received - reader->returned;
}

void reader_overflow(const struct reader *reader, struct fragments_stats *sum)
{
	sum->fragments_overflow += distributor_overflow(reader->distributor);
	if (reader->defrag)
		sum->outer_fragments_overflow += defrag_counts(reader->defrag).overflow;
}

uint32_t reader_max_blocks(const struct reader *reader)
{
	return reader->max_blocks;
}

uint64_t reader_plain(const struct reader *reader)
{
	return distributor_plain(reader->distributor);
}
