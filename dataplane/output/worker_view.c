#include "dataplane/output/worker_view.h"

#include <stdlib.h>

enum { SESSIONS_SLICE = 512, SLOTS_SLICE = 256, SLOTS_ASKED = 4096 };

#define EVERY_NS UINT64_C(500000000)

bool worker_view_init(struct worker_view_board *board, uint32_t rows)
{
	uint32_t capacity = rows < VIEW_SESSIONS_MAX ? rows : VIEW_SESSIONS_MAX;
	bool ok = true;

	for (int i = 0; i < VIEW_BUFFERS; i++) {
		board->buffers[i].sessions = calloc(capacity, sizeof(struct session));
		board->buffers[i].capacity = capacity;
		ok = ok && board->buffers[i].sessions;
	}
	board->filling = &board->buffers[0];
	atomic_init(&board->spare, &board->buffers[1]);
	atomic_init(&board->ready, NULL);
	board->held = &board->buffers[2]; /* empty: generation 0 */
	return ok;
}

void worker_view_fini(struct worker_view_board *board)
{
	for (int i = 0; i < VIEW_BUFFERS; i++)
		free(board->buffers[i].sessions);
}

static void begin(struct worker_view_board *board, const struct lane *lane, uint64_t asked,
	uint64_t now_ns)
{
	board->slice = asked != board->answering ? SLOTS_ASKED : SLOTS_SLICE;
	board->answering = asked;
	board->filling->answers = asked;
	board->filling->generation = lane->snapshot->generation;
	board->filling->n_sessions = 0;
	board->filling->n_flows = 0;
	board->sessions_done = board->learned = false;
	board->at = 0;
	board->begun_ns = now_ns;
}

/* The next rows, in two rounds: those of the settings, which have room, and then the learned ones. True
 * when all are copied, or as many as there is room for. */
static bool copy_sessions(struct worker_view_board *board, const struct lane *lane)
{
	struct worker_view *view = board->filling;
	uint32_t count = session_table_count(lane->sessions);

	for (uint32_t slice = 0; slice < SESSIONS_SLICE; slice++) {
		const struct session *session;

		if (board->at == count && board->learned)
			return true;
		if (board->at == count) {
			board->at = 0;
			board->learned = true;
			continue;
		}
		session = session_table_get(lane->sessions, board->at++);
		if (session->configured == board->learned)
			continue;
		if (view->n_sessions == view->capacity)
			return true;
		view->sessions[view->n_sessions++] = *session;
	}
	return false;
}

static uint64_t bytes_of(const struct flow *flow)
{
	return flow->side[0].bytes + flow->side[1].bytes;
}

static void find_least(struct worker_view_board *board)
{
	const struct worker_view *view = board->filling;

	board->least = 0;
	for (uint32_t i = 1; i < view->n_flows; i++)
		if (bytes_of(&view->flows[i].flow) < bytes_of(&view->flows[board->least].flow))
			board->least = i;
}

struct looking {
	struct worker_view_board *board;
	const struct lane *lane;
};

static void look(void *ctx, const struct flow *flow)
{
	const struct looking *looking = ctx;
	struct worker_view_board *board = looking->board;
	struct worker_view *view = board->filling;
	struct worker_view_flow *to;

	if (view->n_flows == VIEW_FLOWS &&
		bytes_of(flow) <= bytes_of(&view->flows[board->least].flow))
		return;
	to = &view->flows[view->n_flows < VIEW_FLOWS ? view->n_flows++ : board->least];
	to->flow = *flow;
	to->has_session = flow->key.point != SESSION_NONE;
	to->session = (struct session){.packets = 0};
	if (to->has_session)
		to->session = session_look(looking->lane->sessions, flow->key.point);
	to->flow_id = flow_id(flow, session_id(looking->lane->sessions, flow->key.point));
	if (view->n_flows == VIEW_FLOWS)
		find_least(board);
}

static void publish(struct worker_view_board *board)
{
	struct worker_view *old =
		atomic_exchange_explicit(&board->ready, board->filling, memory_order_acq_rel);

	/* Taken by the reader, who gives back the one it held before. */
	if (!old)
		old = atomic_exchange_explicit(&board->spare, NULL, memory_order_acq_rel);
	board->filling = old;
}

/* The next slice of the copy being made; true when it is whole. */
static bool copy_on(struct worker_view_board *board, const struct lane *lane)
{
	struct looking looking = {board, lane};

	if (!board->sessions_done) {
		board->sessions_done = copy_sessions(board, lane);
		if (board->sessions_done)
			board->at = 0;
		return false;
	}
	return flow_table_look(lane->flows, &board->at, board->slice, look, &looking);
}

void worker_view_step(struct worker_view_board *board, const struct lane *lane, uint64_t now_ns)
{
	uint64_t asked;

	if (!board->filling)
		board->filling =
			atomic_exchange_explicit(&board->spare, NULL, memory_order_acq_rel);
	if (!board->filling)
		return;
	asked = atomic_load_explicit(&board->asked, memory_order_acquire);
	if (!board->copying) {
		board->copying =
			asked != board->answering || now_ns - board->begun_ns >= EVERY_NS;
		if (board->copying)
			begin(board, lane, asked, now_ns);
	} else if (asked != board->answering ||
		   board->filling->generation != lane->snapshot->generation) {
		/* It is older than the question, or what the sessions copied so far point to is
		 * going away. */
		begin(board, lane, asked, now_ns);
	} else if (copy_on(board, lane)) {
		board->copying = false;
		publish(board);
	}
}

uint64_t worker_view_ask(struct worker_view_board *board)
{
	return atomic_fetch_add_explicit(&board->asked, 1, memory_order_acq_rel) + 1;
}

bool worker_view_answers(struct worker_view_board *board, uint64_t question)
{
	const struct worker_view *view = worker_view_read(board);

	return view && view->answers >= question;
}

const struct worker_view *worker_view_read(struct worker_view_board *board)
{
	struct worker_view *next =
		atomic_exchange_explicit(&board->ready, NULL, memory_order_acq_rel);

	if (next) {
		atomic_store_explicit(&board->spare, board->held, memory_order_release);
		board->held = next;
	}
	return board->held->generation ? board->held : NULL;
}
