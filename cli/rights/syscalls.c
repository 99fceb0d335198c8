#include "cli/rights/syscalls.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/log/error.h"

enum who { BOTH, SINKS, LIVE };

struct allowed {
	const char *call;
	enum who who;
};

static const struct allowed allowed[] = {
#define ALLOW(call, who, why) {#call, who},
#define KILL(call)
#include "cli/rights/syscalls.def"
#undef ALLOW
#undef KILL
};

static const char *const killing[] = {
#define ALLOW(call, who, why)
#define KILL(call) #call,
#include "cli/rights/syscalls.def"
#undef ALLOW
#undef KILL
};

struct filter {
	scmp_filter_ctx ctx;
	int failed; /* the first error, negative; 0: none */
};

static void keep(struct filter *f, int result)
{
	if (f->failed == 0)
		f->failed = result;
}

/* A call of another machine's has no number here. */
static void add(struct filter *f, uint32_t action, const char *call)
{
	int number = seccomp_syscall_resolve_name(call);

	if (number >= 0)
		keep(f, seccomp_rule_add(f->ctx, action, number, 0));
}

static void allow_if(struct filter *f, const char *call, struct scmp_arg_cmp condition)
{
	int number = seccomp_syscall_resolve_name(call);

	if (number >= 0)
		keep(f, seccomp_rule_add_array(f->ctx, SCMP_ACT_ALLOW, number, 1, &condition));
}

/* Argument `n` & mask == value. */
static struct scmp_arg_cmp masked(unsigned n, uint64_t mask, uint64_t value)
{
	return (struct scmp_arg_cmp){n, SCMP_CMP_MASKED_EQ, mask, value};
}

static struct scmp_arg_cmp equal(unsigned n, uint64_t value)
{
	return (struct scmp_arg_cmp){n, SCMP_CMP_EQ, value, 0};
}

/* Threads, but no processes; memory, but none that is run. */
static void allow_memory(struct filter *f)
{
	allow_if(f, "clone", masked(0, CLONE_THREAD, CLONE_THREAD));
	allow_if(f, "mmap", masked(2, PROT_EXEC, 0));
	allow_if(f, "mprotect", masked(2, PROT_EXEC, 0));
	allow_if(f, "prctl", equal(0, PR_SET_NAME)); /* of a thread */
	/* abort(), and EAL ends its thread so: never another process. */
	allow_if(f, "tgkill", equal(0, (uint64_t)getpid()));
}

/* Of terminals no more than whether it is one: TIOCSTI writes into another's. */
static void allow_ioctl(struct filter *f, const struct syscalls_params *params)
{
	static const unsigned long requests[] = {TCGETS, TIOCGWINSZ, FIONBIO, FIONREAD};
	/* Of sockets and interfaces; what changes one needs a capability that is gone. Of vfio. */
	static const unsigned types[] = {0x89, ';'};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		allow_if(f, "ioctl", masked(1, UINT32_MAX, requests[i]));
	for (size_t i = 0; params->live && i < sizeof(types) / sizeof(types[0]); i++)
		allow_if(f, "ioctl", masked(1, 0xff00, types[i] << 8));
}

static void allow_sockets(struct filter *f, const struct syscalls_params *params)
{
	if (params->live || params->sinks)
		allow_if(f, "socket", equal(0, AF_UNIX));
	if (params->live || params->feeds) {
		allow_if(f, "socket", equal(0, AF_INET));
		allow_if(f, "socket", equal(0, AF_INET6));
	}
	if (params->xdp) /* takes the program off the interface */
		allow_if(f, "socket", equal(0, AF_NETLINK));
}

static bool is_for(enum who who, const struct syscalls_params *params)
{
	return who == BOTH || params->live || (who == SINKS && params->sinks);
}

static void fill(struct filter *f, const struct syscalls_params *params)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (is_for(allowed[i].who, params))
			add(f, SCMP_ACT_ALLOW, allowed[i].call);
	allow_memory(f);
	allow_ioctl(f, params);
	allow_sockets(f, params);
	/* Refused by the other filter, which reports nothing. */
	add(f, SCMP_ACT_ALLOW, "clone3");
	for (size_t i = 0; !params->log && i < sizeof(killing) / sizeof(killing[0]); i++)
		add(f, SCMP_ACT_KILL_PROCESS, killing[i]);
}

static bool begin(struct filter *f, uint32_t otherwise)
{
	*f = (struct filter){.ctx = seccomp_init(otherwise)};
	if (!f->ctx)
		return false;
	keep(f, seccomp_attr_set(f->ctx, SCMP_FLTATR_CTL_TSYNC, 1));
	keep(f, seccomp_attr_set(f->ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
	return true;
}

/* clone3() has its flags in memory, where no filter looks. The C library takes clone() when a kernel
 * does not know it, as here; it tries at every thread, which is nothing to report. */
static int refuse_clone3(void)
{
	struct filter f;

	if (!begin(&f, SCMP_ACT_ALLOW))
		return -ENOMEM;
	add(&f, SCMP_ACT_ERRNO(ENOSYS), "clone3");
	if (f.failed == 0)
		keep(&f, seccomp_load(f.ctx));
	seccomp_release(f.ctx);
	return f.failed;
}

static int refuse_others(const struct syscalls_params *params)
{
	struct filter f;

	if (!begin(&f, params->log ? SCMP_ACT_LOG : SCMP_ACT_ERRNO(EPERM)))
		return -ENOMEM;
	keep(&f, seccomp_attr_set(f.ctx, SCMP_FLTATR_CTL_LOG, 1));
	keep(&f, seccomp_attr_set(f.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2));
	fill(&f, params);
	if (f.failed == 0)
		keep(&f, seccomp_load(f.ctx));
	seccomp_release(f.ctx);
	return f.failed;
}

bool syscalls_confine(const struct syscalls_params *params, struct error *error)
{
	int failed = params->log ? 0 : refuse_clone3();

	if (failed == 0)
		failed = refuse_others(params);
	if (failed != 0)
		error_set(error,
			"rights.seccomp: the kernel takes no filter of system calls: %s; off "
			"goes without",
			strerror(-failed));
	return failed == 0;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

bool syscalls_confinable(void)
{
#ifdef SANITIZED
	return false;
#else
	return true;
#endif
}
