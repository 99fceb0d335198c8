/* The filter of system calls, met for real: each call is made in a process of its own that has put
 * the filter on, and what became of it is compared with what docs/OPERATIONS.md promises. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/rights/syscalls.h"
#include "config/log/error.h"

/* What a child made of a call: errno (0: it was done), or what its process died of. */
enum { DIED = 1000, NO_FILTER = 900, NOT_MADE = 901 };

struct call {
	const char *what;
	long number, args[6];
	int live, offline; /* errno or DIED + signal */
};

#define KILLED (DIED + SIGSYS)

static const char shell[] = "/bin/sh", null_device[] = "/dev/null";
static char page[4096];

/* Errors that the kernel itself gives (EBADF, EINVAL, ...) mean that the call was let through. */
static const struct call calls[] = {
	{"a file is opened", SYS_openat, {AT_FDCWD, (long)null_device}, 0, 0},
	{"a file that is not open is read", SYS_read, {-1, (long)page, 1}, EBADF, EBADF},
	{"memory", SYS_mmap, {0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1}, 0, 0},
	{"memory that can be run", SYS_mmap,
		{0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1}, EPERM,
		EPERM},
	{"memory made to be run", SYS_mprotect, {0, 4096, PROT_EXEC}, EPERM, EPERM},
	{"a TCP socket", SYS_socket, {AF_INET, SOCK_STREAM}, 0, EPERM},
	{"a UNIX socket", SYS_socket, {AF_UNIX, SOCK_DGRAM}, 0, EPERM},
	{"a netlink socket", SYS_socket, {AF_NETLINK, SOCK_RAW}, EPERM, EPERM},
	{"a packet socket", SYS_socket, {AF_PACKET, SOCK_RAW}, EPERM, EPERM},
	{"a connection", SYS_connect, {-1, (long)page, 16}, EBADF, EPERM},
	{"a connection taken", SYS_accept4, {-1}, EBADF, EPERM},
	{"is it a terminal", SYS_ioctl, {-1, TCGETS, (long)page}, EBADF, EBADF},
	{"keys put into a terminal", SYS_ioctl, {-1, TIOCSTI, (long)page}, EPERM, EPERM},
	{"flags of an interface", SYS_ioctl, {-1, SIOCGIFFLAGS, (long)page}, EBADF, EPERM},
	{"another process", SYS_clone, {SIGCHLD}, EPERM, EPERM},
	{"another process, the new way", SYS_clone3, {(long)page, 88}, ENOSYS, ENOSYS},
	{"a new user namespace", SYS_clone, {CLONE_NEWUSER | SIGCHLD}, EPERM, EPERM},
	{"a signal to init", SYS_kill, {1, 0}, EPERM, EPERM},
	{"a signal to a thread of init", SYS_tgkill, {1, 1, 0}, EPERM, EPERM},
	{"a kernel program", SYS_bpf, {0, (long)page, 16}, EPERM, EPERM},
	{"dumps switched on again", SYS_prctl, {PR_SET_DUMPABLE, 1}, EPERM, EPERM},
	{"a file of another owner", SYS_chown, {(long)null_device, 1, 1}, EPERM, EPERM},
	{"the machine's name", SYS_sethostname, {(long)page, 0}, EPERM, EPERM},
	{"another program", SYS_execve, {(long)shell}, KILLED, KILLED},
	{"another program by descriptor", SYS_execveat, {-1, (long)page}, KILLED, KILLED},
	{"a debugger", SYS_ptrace, {0}, KILLED, KILLED},
	{"another process's memory", SYS_process_vm_readv, {1}, KILLED, KILLED},
	{"root", SYS_setresuid, {0, 0, 0}, KILLED, KILLED},
	{"capabilities", SYS_capset, {0, 0}, KILLED, KILLED},
	{"a kernel module", SYS_finit_module, {-1, (long)page}, KILLED, KILLED},
	{"a mount", SYS_mount, {(long)page, (long)page}, KILLED, KILLED},
	{"a namespace", SYS_unshare, {CLONE_NEWUSER}, KILLED, KILLED},
	{"an I/O ring", SYS_io_uring_setup, {1, (long)page}, KILLED, KILLED},
};

/* In the child: no library may be called once the filter is on. */
static void make_call(const struct call *c, const struct syscalls_params *params)
{
	struct error error;
	long result;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core files of those that are to die */
	if (!syscalls_confine(params, &error))
		_exit(NO_FILTER - 800);
	result = syscall(c->number, c->args[0], c->args[1], c->args[2], c->args[3], c->args[4],
		c->args[5]);
	syscall(SYS_exit_group, result < 0 ? errno : 0);
}

static int outcome(const struct call *c, const struct syscalls_params *params)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		make_call(c, params);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return NOT_MADE;
	return WIFSIGNALED(status) ? DIED + WTERMSIG(status) : WEXITSTATUS(status);
}

static void check_all(const struct syscalls_params *params)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int want = params->live ? calls[i].live : calls[i].offline;
		int got = outcome(&calls[i], params);

		if (got != want)
			fprintf(stderr, "%s (%s): %d, and not %d\n", calls[i].what,
				params->live ? "live" : "offline", got, want);
		CU_ASSERT_EQUAL(got, want);
	}
}

static void live_calls(void)
{
	check_all(&(struct syscalls_params){.live = true});
}

static void offline_calls(void)
{
	check_all(&(struct syscalls_params){.live = false});
}

/* Only closing a port of net_af_xdp talks netlink. */
static void xdp_ports_need_more(void)
{
	const struct call netlink = {"netlink", SYS_socket, {AF_NETLINK, SOCK_RAW}, 0, 0};
	const struct call packet = {"packet", SYS_socket, {AF_PACKET, SOCK_RAW}, 0, 0};
	const struct syscalls_params params = {.live = true, .xdp = true};

	CU_ASSERT_EQUAL(outcome(&netlink, &params), 0);
	CU_ASSERT_EQUAL(outcome(&packet, &params), EPERM);
}

/* A replay whose events go to a collector has UNIX sockets, and no others. */
static void sinks_need_more(void)
{
	const struct call local = {"UNIX", SYS_socket, {AF_UNIX, SOCK_STREAM}, 0, 0};
	const struct call tcp = {"TCP", SYS_socket, {AF_INET, SOCK_STREAM}, 0, 0};
	const struct call listens = {"listen", SYS_listen, {-1, 1}, 0, 0};
	const struct syscalls_params params = {.sinks = true};

	CU_ASSERT_EQUAL(outcome(&local, &params), 0);
	CU_ASSERT_EQUAL(outcome(&tcp, &params), EPERM);
	CU_ASSERT_EQUAL(outcome(&listens, &params), EPERM);
}

/* `log` refuses nothing, killing calls included. */
static void logging_lets_through(void)
{
	const struct call bad = {"capabilities", SYS_capset, {0, 0}, 0, 0};
	const struct call clone3 = {"clone3", SYS_clone3, {(long)page, 8}, 0, 0};
	const struct syscalls_params params = {.live = true, .log = true};

	CU_ASSERT_EQUAL(outcome(&bad, &params), EFAULT);
	CU_ASSERT_EQUAL(outcome(&clone3, &params), EINVAL);
}

void suite_syscalls(void);

void suite_syscalls(void)
{
	CU_pSuite suite = CU_add_suite("syscalls", NULL, NULL);

	CU_ADD_TEST(suite, live_calls);
	CU_ADD_TEST(suite, offline_calls);
	CU_ADD_TEST(suite, xdp_ports_need_more);
	CU_ADD_TEST(suite, sinks_need_more);
	CU_ADD_TEST(suite, logging_lets_through);
}
