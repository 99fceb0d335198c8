/* The signals of a live appliance: its end (SIGINT, SIGTERM) and a reload (SIGHUP). */
#pragma once

#include <signal.h>

/* From here on signals are read from the descriptor, as struct signalfd_siginfo, by this thread
 * alone; threads started later do not get them. SIGPIPE is ignored. Returns the descriptor, or
 * -1 and errno; `signals` gets the set. */
int signals_block(sigset_t *signals);
/* From here on a signal does what it does to any program: a second one ends this one at once. */
void signals_release(const sigset_t *signals);
