/* What the live appliance gives up once its devices are open: the user it was started by, every
 * capability that it does not need any more, new privileges by exec, core files, and all system calls
 * but those of syscalls.def. For all threads, those of DPDK too; later ones inherit it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/log/error.h"
#include "config/settings/settings.h"

enum { RIGHTS_GROUPS = 64 };

/* What is to become of the process; plain data. */
struct rights {
	char user[32]; /* the one to become; "": no change */
	uid_t uid;
	gid_t gid, groups[RIGHTS_GROUPS];
	int n_groups;
	uint64_t keep; /* capabilities, bit by number */
	bool core_dumps, xdp;
	enum settings_seccomp seccomp;
};

/* Looks up what the settings ask for; changes nothing. false: `error` says what cannot be. */
bool rights_plan(struct rights *rights, const struct settings *settings, struct error *error);

/* Call before anything is opened. No core files; files for owner and group alone. An output
 * directory that is not there is made, for the user that the process will be; one that is there
 * keeps its owner. */
bool rights_prepare(const struct rights *rights, const char *output_dir, struct error *error);

/* Gives up everything, and looks whether it is gone from every thread. false: `error` says why
 * not; the process must end then. */
bool rights_give_up(const struct rights *rights, struct error *error);

/* The same for a command that reads captures: no new privileges, and of the system only files, memory
 * and threads. Where the kernel has no filter it says so on stderr and goes on without. */
void rights_confine_offline(const struct settings *settings);

/* For a process with one thread, which is to start other programs: it becomes the user, and keeps no capability,
 * nor does what it starts. false: `error` says why not. */
bool rights_give_up_all(const struct rights *rights, struct error *error);

/* The capabilities that this thread has; bit by number. */
uint64_t rights_held(void);
/* Whether this build can work under a filter of system calls; sanitizers make calls of their own. */
bool rights_can_filter(void);

/* One sentence on stderr: who the process is now, and what it still may. */
void rights_say(const struct rights *rights);

/* Says on stderr which capabilities the ports of the settings need and this process lacks. */
void rights_say_missing(const struct settings *settings);

/* Says on stderr what to do when the output directory cannot be written to any more. */
void rights_say_unwritable(const char *output_dir);

/* Says on stderr which file of a reload the process cannot read any more. */
void rights_say_unreadable(const char *settings_file, const struct settings *settings);
