/* The giving up itself. Its order: what every thread must do itself; then the user, which the C
 * library changes in every thread (and the kernel takes the capabilities away with it); then what
 * is to stay; a look whether all of it is gone; and last the filter, which none of this would pass. */
#include "cli/rights/rights.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/rights/each_thread.h"
#include "cli/rights/rights_needs.h"
#include "cli/rights/syscalls.h"
#include "config/log/error.h"
#include "config/log/log.h"

struct caps {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2];
};

static uint64_t permitted(struct caps *caps)
{
	*caps = (struct caps){.header = {_LINUX_CAPABILITY_VERSION_3, 0}};
	if (syscall(SYS_capget, &caps->header, caps->data) != 0)
		return 0;
	return caps->data[0].permitted | (uint64_t)caps->data[1].permitted << 32;
}

uint64_t rights_held(void)
{
	struct caps caps;

	return permitted(&caps);
}

/* Of this thread: no more than `keep` of what it has, and nothing for a program it would start. */
static void keep_capabilities(uint64_t keep)
{
	struct caps caps;
	uint64_t left = permitted(&caps) & keep;

	for (int i = 0; i < 2; i++) {
		uint32_t part = (uint32_t)(left >> (32 * i));

		caps.data[i] = (struct __user_cap_data_struct){part, part, 0};
	}
	syscall(SYS_capset, &caps.header, caps.data);
}

/* In each thread, in a signal handler: system calls alone. */
static void give_up_here(const void *arg)
{
	const struct rights *r = arg;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0,
			0); /* fails where it may not, which is well */
	if (r->user[0] == '\0')
		keep_capabilities(r->keep);
}

static bool become(const struct rights *r, struct error *error)
{
	/* Of this thread alone: those to come inherit what it keeps, those there are lose all. */
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setgroups((size_t)r->n_groups, r->groups) != 0 ||
		setresgid(r->gid, r->gid, r->gid) != 0 ||
		setresuid(r->uid, r->uid, r->uid) != 0) {
		error_set(error, "rights.user: cannot become %s: %s", r->user, strerror(errno));
		return false;
	}
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	keep_capabilities(r->keep);
	if (r->uid != 0 && setresuid(0, 0, 0) == 0) {
		error_set(
			error, "rights.user: became %s, and could become root again", r->user);
		return false;
	}
	return true;
}

/* The value of a line of /proc/.../status; UINT64_MAX: not there. */
static uint64_t status_value(const char *text, const char *key, int base)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, base) : UINT64_MAX;
}

static bool has_given_up(const struct rights *r, const char *thread, struct error *error)
{
	char path[300], text[8192], names[256];
	uint64_t caps;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/self/task/%s/status", thread);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT; /* it has ended since */
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	caps = status_value(text, "\nCapPrm:", 16) & ~r->keep;
	if (caps == 0 && status_value(text, "\nNoNewPrivs:", 10) == 1 &&
		(r->user[0] == '\0' || status_value(text, "\nUid:", 10) == r->uid))
		return true;
	error_set(error, "thread %s has not given up its rights: %s", thread,
		needs_names(caps, names, sizeof(names)));
	return false;
}

static bool all_have_given_up(const struct rights *r, struct error *error)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	bool ok = dir != NULL;

	if (!dir)
		error_set(error, "/proc/self/task: cannot list the threads: %m");
	while (ok && (entry = readdir(dir))) // NOLINT(concurrency-mt-unsafe): own stream
		if (entry->d_name[0] != '.')
			ok = has_given_up(r, entry->d_name, error);
	if (dir)
		closedir(dir);
	return ok;
}

static bool confine(const struct rights *r, struct error *error)
{
	const struct syscalls_params params = {
		.live = true, .xdp = r->xdp, .log = r->seccomp == SECCOMP_LOG};

	return r->seccomp == SECCOMP_OFF || !rights_can_filter() ||
	       syscalls_confine(&params, error);
}

bool rights_can_filter(void)
{
	return syscalls_confinable();
}

void rights_confine_offline(const struct settings *s)
{
	const struct syscalls_params params = {
		.sinks = s->events.stdout || s->events.socket[0] || s->events.syslog ||
			 s->feeds.count > 0,
		.feeds = s->feeds.count > 0,
		.log = s->rights.seccomp == SECCOMP_LOG,
	};
	struct error error;

	if (s->rights.seccomp == SECCOMP_OFF || !rights_can_filter())
		return;
	if (!syscalls_confine(&params, &error))
		log_error("%s", error.text);
}

bool rights_give_up_all(const struct rights *r, struct error *error)
{
	const struct rlimit none = {0, 0};
	struct rights bare = *r;

	bare.keep = 0;
	if (!r->core_dumps)
		setrlimit(RLIMIT_CORE, &none);
	give_up_here(&bare);
	if (r->user[0] != '\0' && !become(&bare, error))
		return false;
	if (rights_held() == 0)
		return true;
	error_set(error, "the process that starts programs could not give up its capabilities");
	return false;
}

bool rights_give_up(const struct rights *r, struct error *error)
{
	if (!each_thread(give_up_here, r, error))
		return false;
	if (r->user[0] != '\0' && !become(r, error))
		return false;
	/* The kernel has set it back with the user. A leak checker must look into its own process. */
	if (rights_can_filter())
		prctl(PR_SET_DUMPABLE, r->core_dumps ? 1 : 0, 0, 0, 0);
	return all_have_given_up(r, error) && confine(r, error);
}
