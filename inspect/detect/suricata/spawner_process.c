/* The small process itself. It has no memory to lose and no file but its socket: everything it holds is in
 * struct keeper. */
#include "inspect/detect/suricata/spawner_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ARGUMENTS = 64, READ = 4096, READS = 64 /* a pipe holds less */ };

struct keeper {
	int socket;
	char directory[64];
	pid_t pid;                   /* of the program; 0: none runs */
	int handle;                  /* of that process */
	int says;                    /* what it says can be read here; -1: no more of it */
	time_t kill_at;              /* monotonic, s; 0: never */
	char line[SPAWNER_LINE_MAX]; /* that is being said */
	size_t len;
};

static void tell(const struct keeper *k, enum spawner_message message, const char *text)
{
	struct spawner_packet packet = {.message = message};

	snprintf(packet.text, SPAWNER_LINE_MAX, "%s", text);
	(void)!send(k->socket, &packet,
		offsetof(struct spawner_packet, text) + strlen(packet.text) + 1,
		message == SPAWNER_LINE ? MSG_DONTWAIT : 0);
}

static time_t now(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* If its parent takes none the program must not wait for that. */
static void tell_line(struct keeper *k)
{
	k->line[k->len] = '\0';
	if (k->len > 0)
		tell(k, SPAWNER_LINE, k->line);
	k->len = 0;
}

/* false: it says no more. */
static bool listen_to(struct keeper *k)
{
	char bytes[READ];
	ssize_t n = read(k->says, bytes, sizeof(bytes));

	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] == '\n')
			tell_line(k);
		else if (k->len < SPAWNER_LINE_MAX - 1)
			k->line[k->len++] = bytes[i];
	}
	if (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
		return true;
	tell_line(k);
	close(k->says);
	k->says = -1;
	return false;
}

/* In the child: becomes the program. `in` and `out` are its ends of the pipes. */
static void __attribute__((noreturn)) become_program(char *const argv[], int in, int out)
{
	sigset_t none;

	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* What was sent to it meanwhile is taken now. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
		dup2(out, STDERR_FILENO) >= 0) {
		close_range(STDERR_FILENO + 1, UINT_MAX, 0);
		execvp(argv[0], argv);
	}
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static bool start_program(struct keeper *k, char *const argv[], int *input)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) != 0)
		return false;
	if (pipe2(out, O_CLOEXEC) != 0) {
		close(in[0]);
		close(in[1]);
		return false;
	}
	k->pid = fork();
	if (k->pid == 0)
		become_program(argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	k->handle = k->pid > 0 ? pidfd_open(k->pid, 0) : -1;
	if (k->handle < 0) {
		if (k->pid > 0)
			kill(k->pid, SIGKILL);
		if (k->pid > 0)
			waitpid(k->pid, NULL, 0);
		k->pid = 0;
		close(in[1]);
		close(out[0]);
		return false;
	}
	*input = in[1];
	k->says = out[0];
	k->kill_at = 0;
	return true;
}

static void send_input(const struct keeper *k, int input)
{
	enum spawner_message runs = SPAWNER_RUNS;
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			     .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS}};
	struct iovec part = {&runs, sizeof(runs)};
	const struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};

	memcpy(CMSG_DATA(&control.head), &input, sizeof(input));
	(void)sendmsg(k->socket, &message, MSG_NOSIGNAL);
	close(input); /* the program must see the end of it when the parent closes its own */
}

static void run(struct keeper *k, char *text, size_t len)
{
	char *argv[ARGUMENTS + 1];
	int n = 0, input;

	for (size_t at = 0; at < len && n < ARGUMENTS; at += strlen(text + at) + 1)
		argv[n++] = text + at;
	argv[n] = NULL;
	if (n == 0 || k->pid > 0)
		tell(k, SPAWNER_REFUSED, "one runs");
	else if (start_program(k, argv, &input))
		send_input(k, input);
	else
		tell(k, SPAWNER_REFUSED, strerror(errno));
}

/* All that it has said so far, but of one that says more without a pause: others are heard, too. */
static void tell_lines(struct keeper *k)
{
	struct pollfd ready = {.fd = k->says, .events = POLLIN};

	for (int i = 0; i < READS && k->says >= 0 && poll(&ready, 1, 0) > 0; i++)
		if (!listen_to(k))
			return;
}

static void program_ended(struct keeper *k)
{
	struct spawner_packet packet = {.message = SPAWNER_END};

	waitpid(k->pid, &packet.status, 0);
	tell_lines(k);
	tell_line(k);
	/* Those that it started may hold the pipe open for long. */
	if (k->says >= 0)
		close(k->says);
	k->says = -1;
	close(k->handle);
	k->pid = 0;
	(void)!write(k->socket, &packet,
		offsetof(struct spawner_packet, status) + sizeof(packet.status));
}

/* false: it is to end. */
static bool hear(struct keeper *k)
{
	struct spawner_packet packet;
	ssize_t n = read(k->socket, &packet, sizeof(packet));
	size_t head = offsetof(struct spawner_packet, text);

	if (n < 0)
		return errno == EINTR;
	if (n == 0 || packet.message == SPAWNER_QUIT)
		return false;
	if (packet.message == SPAWNER_RUN && (size_t)n > head &&
		packet.text[(size_t)n - head - 1] == '\0')
		run(k, packet.text, (size_t)n - head);
	if (packet.message == SPAWNER_ASK) {
		tell_lines(k);
		tell(k, SPAWNER_ANSWER, "");
	}
	if (packet.message == SPAWNER_TERM && k->pid > 0) {
		kill(k->pid, SIGTERM);
		k->kill_at = now() + SPAWNER_GRACE_S;
	}
	if (packet.message == SPAWNER_KILL && k->pid > 0)
		kill(k->pid, SIGKILL);
	return true;
}

static void attend(struct keeper *k)
{
	for (bool go_on = true; go_on;) {
		struct pollfd ready[] = {{.fd = k->socket, .events = POLLIN},
			{.fd = k->pid > 0 ? k->handle : -1, .events = POLLIN},
			{.fd = k->says, .events = POLLIN}};

		if (poll(ready, 3, k->pid > 0 && k->kill_at > 0 ? 1000 : -1) < 0)
			continue;
		if (k->pid > 0 && k->kill_at > 0 && now() >= k->kill_at)
			kill(k->pid, SIGKILL);
		if (ready[2].revents != 0)
			listen_to(k);
		if (ready[1].revents != 0)
			program_ended(k);
		if (ready[0].revents != 0)
			go_on = hear(k);
	}
}

/* Files and sockets in it, and itself; nobody else makes folders there. */
static void remove_directory(const struct keeper *k)
{
	DIR *dir = opendir(k->directory);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) // NOLINT(concurrency-mt-unsafe)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	rmdir(k->directory);
}

/* Away from the terminal: what is typed there is for the parent, which ends the program in its own time. */
static void settle(struct keeper *k)
{
	sigset_t held;
	int null;

	setsid();
	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	sigprocmask(SIG_SETMASK, &held, NULL);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "spawner", 0, 0, 0);
	k->socket = dup2(k->socket, STDERR_FILENO + 1);
	null = open("/dev/null", O_RDWR | O_CLOEXEC); /* not in the socket's place */
	for (int i = STDIN_FILENO; null >= 0 && i <= STDERR_FILENO; i++)
		dup2(null, i);
	close_range(STDERR_FILENO + 2, UINT_MAX, 0);
	(void)fcntl(k->socket, F_SETFD, FD_CLOEXEC);
	umask(077);
}

void spawner_process(int socket, const struct spawner_params *params)
{
	struct keeper k = {.socket = socket, .says = -1};
	const char *tmp = getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe): one thread
	struct error error;

	settle(&k);
	if (params->give_up != NULL && !params->give_up(params->ctx, &error)) {
		tell(&k, SPAWNER_FAILED, error.text);
		_exit(1);
	}
	if (tmp == NULL || strlen(tmp) > sizeof(k.directory) - sizeof("/periscope.XXXXXX"))
		tmp = "/tmp";
	snprintf(k.directory, sizeof(k.directory), "%s/periscope.XXXXXX", tmp);
	if (mkdtemp(k.directory) == NULL) {
		snprintf(error.text, sizeof(error.text), "%s: cannot make a folder there: %s",
			tmp, strerror(errno));
		tell(&k, SPAWNER_FAILED, error.text);
		_exit(1);
	}
	tell(&k, SPAWNER_READY, k.directory);
	attend(&k);
	if (k.pid > 0) {
		kill(k.pid, SIGKILL);
		waitpid(k.pid, NULL, 0);
	}
	remove_directory(&k);
	_exit(0);
}
