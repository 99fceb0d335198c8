/* Makes a call in every thread of the process, those of libraries too: some of what the kernel
 * keeps (capabilities, no_new_privs) belongs to a thread, and only the thread itself can give it
 * up. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/log/error.h"

/* Calls `call` in every thread there is, this one included, by a signal; waits until all have. `call`
 * may do what a signal handler may. One thread of a program uses this at a time. false: `error`
 * names the thread that did not answer within two seconds; what others gave up stays so. */
bool each_thread(void (*call)(const void *arg), const void *arg, struct error *error);
