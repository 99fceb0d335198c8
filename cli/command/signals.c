#include "cli/command/signals.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <time.h>

enum { SAME_SIGNAL_MS = 200 };

int signals_block(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	return signalfd(-1, signals, SFD_CLOEXEC);
}

/* One request often comes twice (timeout(1), sudo and terminals signal a process and its group), so what
 * follows within a moment is not a second one. */
void signals_release(const sigset_t *signals)
{
	const struct timespec moment = {0, SAME_SIGNAL_MS * 1000000L};

	nanosleep(&moment, NULL);
	while (sigtimedwait(signals, NULL, &(struct timespec){0, 0}) > 0)
		;
	pthread_sigmask(SIG_UNBLOCK, signals, NULL);
}
