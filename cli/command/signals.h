/* The signals of a live appliance: its end (SIGINT, SIGTERM) and a reload (SIGHUP). */
#pragma once

#include <signal.h>

/* From here on they come as reads of a struct signalfd_siginfo, in this thread alone: no thread started
 * later takes them. SIGPIPE is nobody's. The descriptor, or -1 and errno; `signals` gets them. */
int signals_block(sigset_t *signals);
/* From here on a signal does what it does to any program: a second one ends this one at once. */
void signals_release(const sigset_t *signals);
