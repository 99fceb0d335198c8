#include <CUnit/Basic.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "config/log/error.h"
#include "dataplane/output/worker_view.h"
#include "dataplane/support/rig.h"
#include "support/drawer.h"

#define MS UINT64_C(1000000)

struct stand {
	struct settings settings;
	struct snapshot_slot slot;
	struct lane *lane;
	struct worker_view_board board;
	struct drawer drawer;
};

static struct stand *stand_make(void)
{
	struct stand *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	settings_init(&s->settings);
	s->settings.dpi.enabled = false;
	s->settings.flow.capacity = 4096;
	s->settings.sessions.capacity = 2048;
	rig_snapshot(&s->slot, &s->settings, 1);
	s->lane = rig_lane(&s->settings, &s->slot, 0, 1, DECAP_MIRROR, drawer_sink(&s->drawer),
		(struct sink){NULL, NULL});
	CU_ASSERT_TRUE_FATAL(
		worker_view_init(&s->board, session_table_capacity(s->lane->sessions)));
	return s;
}

static void stand_free(struct stand *s)
{
	worker_view_fini(&s->board);
	lane_destroy(s->lane);
	snapshot_destroy(snapshot_publish(&s->slot, NULL));
	settings_fini(&s->settings);
	free(s);
}

/* Flow number n: n * 100 bytes in one packet, of session n % 700. */
static void add_flow(struct stand *s, uint32_t n)
{
	struct packet p = {.ip_version = 4,
		.protocol = 17,
		.src_port = 1000,
		.dst_port = 53,
		.ip_len = n * 100,
		.vni = n % 700,
		.flags = PACKET_HAS_VNI,
		.time_ns = 1000 * MS};

	p.src.byte[12] = (uint8_t)(n >> 8);
	p.src.byte[13] = (uint8_t)n;
	CU_ASSERT_TRUE(session_table_packet(s->lane->sessions, &p, true));
	flow_table_prefetch(s->lane->flows, &p, 1);
	CU_ASSERT_PTR_NOT_NULL(flow_table_packet(s->lane->flows, &p, p.time_ns));
}

static void steps(struct stand *s, uint64_t *now, int n)
{
	for (; n > 0; n--, *now += MS)
		worker_view_step(&s->board, s->lane, *now);
}

static void shows_sessions_and_the_largest_flows(void)
{
	struct stand *s = stand_make();
	uint64_t now = 1000 * MS, packets = 0, bytes = 0;
	const struct worker_view *view;

	CU_ASSERT_PTR_NULL(worker_view_read(&s->board));
	for (uint32_t n = 1; n <= 1000; n++)
		add_flow(s, n);
	steps(s, &now, 50);
	view = worker_view_read(&s->board);
	CU_ASSERT_PTR_NOT_NULL_FATAL(view);
	CU_ASSERT_EQUAL(view->generation, 1);
	CU_ASSERT_EQUAL(view->n_sessions, 700);
	for (uint32_t i = 0; i < view->n_sessions; i++)
		packets += view->sessions[i].packets;
	CU_ASSERT_EQUAL(packets, 1000);
	CU_ASSERT_EQUAL_FATAL(view->n_flows, VIEW_FLOWS);
	for (uint32_t i = 0; i < VIEW_FLOWS; i++) {
		bytes += view->flows[i].flow.side[0].bytes;
		CU_ASSERT_EQUAL(view->flows[i].session.vni,
			view->flows[i].flow.side[0].bytes / 100 % 700);
	}
	/* 901 to 1000, times 100. */
	CU_ASSERT_EQUAL(bytes, (901 + 1000) * 100 / 2 * 100);
	stand_free(s);
}

/* With room for few of many: those of the settings, though they were the last to come. */
static void sessions_of_the_settings_come_first(void)
{
	enum { ROOM = 4, LEARNED = 20, CONFIGURED = 3 };
	struct stand *s = stand_make();
	uint64_t now = 1000 * MS;
	uint32_t configured = 0;
	const struct worker_view *view;

	worker_view_fini(&s->board);
	s->board = (struct worker_view_board){.at = 0};
	CU_ASSERT_TRUE_FATAL(worker_view_init(&s->board, 2 * ROOM));
	for (uint32_t n = 1; n <= LEARNED; n++)
		add_flow(s, n);
	for (uint32_t i = 0; i < CONFIGURED; i++) {
		const struct session_key key = {.vni = 1000 + i};

		CU_ASSERT_PTR_NOT_NULL(session_table_add(s->lane->sessions, &key));
	}
	steps(s, &now, 50);
	view = worker_view_read(&s->board);
	CU_ASSERT_PTR_NOT_NULL_FATAL(view);
	CU_ASSERT_EQUAL_FATAL(view->n_sessions, 2 * ROOM);
	for (uint32_t i = 0; i < view->n_sessions; i++)
		configured += view->sessions[i].configured;
	CU_ASSERT_EQUAL(configured, CONFIGURED);
	stand_free(s);
}

/* Unread copies are renewed; what the reader holds stays as it is. */
static void goes_on_without_a_reader(void)
{
	struct stand *s = stand_make();
	uint64_t now = 1000 * MS;
	const struct worker_view *first;

	add_flow(s, 1);
	steps(s, &now, 2000);
	add_flow(s, 2);
	steps(s, &now, 2000);
	first = worker_view_read(&s->board);
	CU_ASSERT_PTR_NOT_NULL_FATAL(first);
	CU_ASSERT_EQUAL(first->n_flows, 2);
	add_flow(s, 3);
	steps(s, &now, 2000);
	CU_ASSERT_EQUAL(first->n_flows, 2);
	CU_ASSERT_EQUAL(worker_view_read(&s->board)->n_flows, 3);
	CU_ASSERT_EQUAL(worker_view_read(&s->board)->n_flows, 3);
	stand_free(s);
}

/* A copy begun before the question does not answer it; one that nobody asked for waits its time. */
static void answers_when_asked(void)
{
	struct stand *s = stand_make();
	uint64_t now = 1000 * MS, question;

	add_flow(s, 1);
	steps(s, &now, 3); /* amid a copy */
	add_flow(s, 2);
	question = worker_view_ask(&s->board);
	CU_ASSERT_FALSE(worker_view_answers(&s->board, question));
	steps(s, &now, 10);
	CU_ASSERT_TRUE_FATAL(worker_view_answers(&s->board, question));
	CU_ASSERT_EQUAL(worker_view_read(&s->board)->n_flows, 2);
	add_flow(s, 3);
	steps(s, &now, 10);
	CU_ASSERT_EQUAL(worker_view_read(&s->board)->n_flows, 2);
	question = worker_view_ask(&s->board);
	steps(s, &now, 10);
	CU_ASSERT_TRUE(worker_view_answers(&s->board, question));
	CU_ASSERT_EQUAL(worker_view_read(&s->board)->n_flows, 3);
	stand_free(s);
}

struct race {
	struct stand *stand;
	atomic_bool stop;
};

static void *reader(void *arg)
{
	struct race *race = arg;
	uint64_t wrong = 0;

	while (!atomic_load(&race->stop)) {
		const struct worker_view *view = worker_view_read(&race->stand->board);

		for (uint32_t i = 0; view && i < view->n_sessions; i++)
			wrong += view->sessions[i].packets != 1;
		wrong += view && view->n_flows != view->n_sessions;
	}
	return wrong ? arg : NULL;
}

/* For ThreadSanitizer, above all. */
static void worker_and_reader_at_once(void)
{
	struct race race = {.stand = stand_make()};
	uint64_t now = 1000 * MS;
	pthread_t thread;
	void *wrong;

	for (uint32_t n = 1; n <= 50; n++)
		add_flow(race.stand, n);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, reader, &race), 0);
	for (int i = 0; i < 20000; i++, now += 100 * MS)
		worker_view_step(&race.stand->board, race.stand->lane, now);
	atomic_store(&race.stop, true);
	pthread_join(thread, &wrong);
	CU_ASSERT_PTR_NULL(wrong);
	stand_free(race.stand);
}

void suite_worker_view(void);
void suite_worker_view(void)
{
	CU_pSuite suite = CU_add_suite("worker_view", NULL, NULL);

	CU_ADD_TEST(suite, shows_sessions_and_the_largest_flows);
	CU_ADD_TEST(suite, sessions_of_the_settings_come_first);
	CU_ADD_TEST(suite, goes_on_without_a_reader);
	CU_ADD_TEST(suite, answers_when_asked);
	CU_ADD_TEST(suite, worker_and_reader_at_once);
}
