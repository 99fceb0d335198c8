/* A call in every thread, and what is said of one that cannot be called. */
#include <CUnit/Basic.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/rights/each_thread.h"
#include "config/log/error.h"

enum { THREADS = 5 };

struct crowd {
	pthread_t threads[THREADS];
	atomic_int begun, ready;
	atomic_bool leave;
	bool deaf; /* the last one blocks every signal */
};

struct calls {
	_Atomic pid_t who[64];
	atomic_int n;
};

static void note(const void *arg)
{
	struct calls *calls = *(struct calls *const *)arg;

	calls->who[atomic_fetch_add(&calls->n, 1)] = (pid_t)syscall(SYS_gettid);
}

static void *stay(void *arg)
{
	struct crowd *crowd = arg;
	int number = atomic_fetch_add(&crowd->begun, 1);
	sigset_t all;

	sigfillset(&all);
	if (crowd->deaf && number == THREADS - 1) {
		pthread_setname_np(pthread_self(), "deaf");
		pthread_sigmask(SIG_SETMASK, &all, NULL);
	}
	atomic_fetch_add(&crowd->ready, 1);
	while (!crowd->leave)
		usleep(1000);
	return NULL;
}

static void crowd_begin(struct crowd *crowd, bool deaf)
{
	memset(crowd, 0, sizeof(*crowd));
	crowd->deaf = deaf;
	for (int i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&crowd->threads[i], NULL, stay, crowd), 0);
	while (crowd->ready < THREADS)
		usleep(1000);
}

static void crowd_end(struct crowd *crowd)
{
	crowd->leave = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(crowd->threads[i], NULL);
}

/* A sanitizer may have a thread of its own that takes no signal. */
static bool is_sanitized_by_thread(void)
{
#ifdef __SANITIZE_THREAD__
	return true;
#else
	return false;
#endif
}

static void every_thread_once(void)
{
	struct calls calls = {.n = 0}, *to = &calls;
	struct crowd crowd;
	struct error error = {0};

	if (is_sanitized_by_thread())
		return;
	crowd_begin(&crowd, false);
	CU_ASSERT_TRUE(each_thread(note, &to, &error));
	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_EQUAL(calls.n, THREADS + 1);
	for (int i = 0; i < calls.n; i++)
		for (int k = 0; k < i; k++)
			CU_ASSERT_NOT_EQUAL(calls.who[i], calls.who[k]);
	crowd_end(&crowd);
}

static void a_deaf_thread_is_named(void)
{
	struct calls calls = {.n = 0}, *to = &calls;
	struct crowd crowd;
	struct error error = {0};

	if (is_sanitized_by_thread())
		return;
	crowd_begin(&crowd, true);
	CU_ASSERT_FALSE(each_thread(note, &to, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "thread deaf "));
	crowd_end(&crowd);
}

void suite_each_thread(void);

void suite_each_thread(void)
{
	CU_pSuite suite = CU_add_suite("each_thread", NULL, NULL);

	CU_ADD_TEST(suite, every_thread_once);
	CU_ADD_TEST(suite, a_deaf_thread_is_named);
}
