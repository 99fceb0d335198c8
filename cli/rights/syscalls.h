/* The system calls a running periscope needs, and a filter in the kernel (seccomp) that refuses all
 * others. The list is syscalls.def, one row a call with its reason; what is allowed only with
 * certain arguments is in syscalls.c. To need one more: add a row.
 *
 * A call that is on neither list fails with EPERM and is reported to the kernel's log: a library
 * that took a new way gets an error it must cope with, and the appliance goes on. A call that only
 * someone who has taken the process over would make (another program, another process's memory, a
 * kernel module, ...) ends the process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/log/error.h"

struct syscalls_params {
	bool live; /* sockets too; without: files, memory and threads */
	bool sinks; /* not live, and events go to a collector, or there are feeds: UNIX sockets */
	bool feeds; /* there are some: also TCP */
	bool xdp;   /* live, with a port of net_af_xdp: what closing it takes */
	bool log;   /* report what would be refused, and refuse nothing */
};

/* For every thread of the process, for good; sets no_new_privs. false: `error` says why, and
 * nothing has changed. */
bool syscalls_confine(const struct syscalls_params *params, struct error *error);

/* Whether this build can work under the filter: sanitizers make calls of their own. */
bool syscalls_confinable(void);
