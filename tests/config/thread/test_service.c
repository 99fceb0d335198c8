/* Service threads and what they are made of: names, signals, rounds, flushes, errands and ends. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/log/now.h"
#include "config/thread/service.h"

/* What a service did. Plain fields are the thread's, until it has ended. */
struct desk {
	struct service service;
	_Atomic uint32_t left; /* for its rounds to take */
	bool hangs;            /* there is always something to do until it is late */
	uint32_t taken, empty_ends, rests, errands;
	_Atomic uint32_t flushes;
	char name[THREAD_NAME];
	bool deaf, takes_rights, pipe_raised, late;
};

static void look_round(struct desk *desk)
{
	sigset_t blocked;
	int ends[2];

	pthread_getname_np(pthread_self(), desk->name, sizeof(desk->name));
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	desk->deaf = sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGINT) &&
		     sigismember(&blocked, SIGHUP);
	desk->takes_rights = !sigismember(&blocked, SIGRTMIN);
	/* A signal that was not blocked would end the test. */
	desk->pipe_raised = pipe(ends) == 0 && close(ends[0]) == 0 &&
			    write(ends[1], "", 1) < 0 && errno == EPIPE && close(ends[1]) == 0;
}

static bool desk_round(void *ctx)
{
	struct desk *desk = ctx;

	if (desk->name[0] == '\0')
		look_round(desk);
	desk->late = desk->late || desk->service.phase == SERVICE_LATE;
	if (desk->hangs)
		return desk->service.phase != SERVICE_LATE;
	if (atomic_load(&desk->left) > 0) {
		atomic_fetch_sub(&desk->left, 1);
		desk->taken++;
		return true;
	}
	desk->empty_ends += desk->service.phase != SERVICE_RUNS;
	return false;
}

static void desk_flush(void *ctx)
{
	atomic_fetch_add(&((struct desk *)ctx)->flushes, 1);
}

static void desk_rest(void *ctx)
{
	struct desk *desk = ctx;
	const struct timespec nap = {0, (long)NS_PER_MS};

	desk->rests++;
	nanosleep(&nap, NULL);
}

static void desk_errand(void *ctx)
{
	struct desk *desk = ctx;

	desk->errands += pthread_equal(pthread_self(), desk->service.thread.id) != 0;
}

static void start(struct desk *desk, const char *name, bool rests)
{
	const struct service_work work = {
		name, desk_round, desk_flush, rests ? desk_rest : NULL};
	struct error error = {""};

	CU_ASSERT_EQUAL_FATAL(service_start(&desk->service, &work, desk, &error), 0);
	CU_ASSERT_STRING_EQUAL(error.text, "");
}

/* What was left for it before the stop is taken, and the round after it was empty. */
static void it_takes_all_and_ends(void)
{
	struct desk desk = {.left = 100000};

	start(&desk, "a name that is too long", false);
	atomic_fetch_add(&desk.left, 5);
	service_stop(&desk.service, SERVICE_NO_LIMIT);
	CU_ASSERT_EQUAL(desk.taken, 100005);
	CU_ASSERT_EQUAL(desk.empty_ends, 1);
	CU_ASSERT_FALSE(desk.late);
	CU_ASSERT_STRING_EQUAL(desk.name, "a name that is ");
	CU_ASSERT_TRUE(desk.deaf && desk.takes_rights && desk.pipe_raised);
	service_stop(&desk.service, 0); /* twice is legal */
}

static void the_end_has_a_limit(void)
{
	struct desk desk = {.hangs = true};
	uint64_t began = now_monotonic();

	start(&desk, "hangs", false);
	service_stop(&desk.service, 50 * NS_PER_MS);
	CU_ASSERT_TRUE(desk.late);
	CU_ASSERT_TRUE(now_monotonic() - began >= 50 * NS_PER_MS);
}

static void one_that_was_not_started_ends(void)
{
	struct desk desk = {.left = 1};

	service_stop(&desk.service, SERVICE_NO_LIMIT);
	CU_ASSERT_EQUAL(desk.left, 1);
}

static void it_rests_and_flushes_and_runs_errands(void)
{
	struct desk desk = {.left = 1};
	const struct timespec nap = {0, 10 * (long)NS_PER_MS};

	start(&desk, "rests", true);
	CU_ASSERT_TRUE(service_do(&desk.service, desk_errand, &desk, 10 * NS_PER_S));
	CU_ASSERT_TRUE(service_do(&desk.service, desk_errand, &desk, 10 * NS_PER_S));
	for (int i = 0; i < 1000 && atomic_load(&desk.flushes) < 3; i++)
		nanosleep(&nap, NULL);
	service_stop(&desk.service, SERVICE_NO_LIMIT);
	CU_ASSERT_EQUAL(desk.errands, 2);
	/* Once a second, however many rounds that is. */
	CU_ASSERT_TRUE(desk.flushes >= 3 && desk.rests > 10 * desk.flushes);
}

void suite_service(void);
void suite_service(void)
{
	CU_pSuite s = CU_add_suite("service", NULL, NULL);

	CU_ADD_TEST(s, it_takes_all_and_ends);
	CU_ADD_TEST(s, the_end_has_a_limit);
	CU_ADD_TEST(s, one_that_was_not_started_ends);
	CU_ADD_TEST(s, it_rests_and_flushes_and_runs_errands);
}
