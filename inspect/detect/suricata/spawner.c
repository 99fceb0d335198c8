#include "inspect/detect/suricata/spawner_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIPE_BYTES = 1 << 20 };

struct spawner {
	int socket;
	_Atomic bool is_gone; /* written by whoever hears or sends */
	char directory[256];
};

const char *spawner_directory(const struct spawner *s)
{
	return s->directory;
}

int spawner_descriptor(const struct spawner *s)
{
	return s->socket;
}

/* Receives a packet, with the descriptor it brings (-1: none). Returns its bytes; 0: the process is gone. */
static ssize_t receive(struct spawner *s, struct spawner_packet *packet, int *descriptor)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {packet, sizeof(*packet)};
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	const struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(s->socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	c = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	*descriptor = -1;
	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(descriptor, CMSG_DATA(c), sizeof(*descriptor));
	s->is_gone = s->is_gone || n <= 0;
	return n > 0 ? n : 0;
}

static bool hear_ready(struct spawner *s, struct error *error)
{
	struct spawner_packet packet = {.message = SPAWNER_FAILED};
	int none;

	if (receive(s, &packet, &none) == 0)
		error_set(error, "the process that starts programs has ended");
	else if (packet.message != SPAWNER_READY)
		error_set(error, "%.*s", (int)sizeof(packet.text), packet.text);
	else
		snprintf(s->directory, sizeof(s->directory), "%.*s",
			(int)sizeof(s->directory) - 1, packet.text);
	return packet.message == SPAWNER_READY;
}

struct spawner *spawner_start(const struct spawner_params *params, struct error *error)
{
	struct spawner *s = calloc(1, sizeof(*s));
	int ends[2];
	pid_t pid;

	if (s == NULL || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		error_set(error, "cannot start the process that starts programs: %m");
		free(s);
		return NULL;
	}
	s->socket = ends[0];
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		spawner_process(ends[1], params);
	}
	close(ends[1]);
	if (pid < 0)
		error_set(error, "cannot start the process that starts programs: %m");
	if (pid > 0 && hear_ready(s, error))
		return s;
	spawner_stop(s);
	return NULL;
}

static bool put_arguments(struct spawner_packet *packet, const char *const argv[], size_t *len)
{
	*len = 0;
	for (; *argv != NULL; argv++) {
		size_t n = strlen(*argv) + 1;

		if (n > sizeof(packet->text) - *len)
			return false;
		memcpy(packet->text + *len, *argv, n);
		*len += n;
	}
	return true;
}

int spawner_run(struct spawner *s, const char *const argv[], struct error *error)
{
	struct spawner_packet packet = {.message = SPAWNER_RUN};
	size_t len, head = offsetof(struct spawner_packet, text);
	int descriptor = -1;

	if (!put_arguments(&packet, argv, &len)) {
		error_set(error, "%s: its arguments are longer than %d bytes", argv[0],
			SPAWNER_ARGUMENTS);
		return -1;
	}
	if (write(s->socket, &packet, head + len) < 0 || receive(s, &packet, &descriptor) == 0)
		error_set(error, "the process that starts programs has ended");
	else if (packet.message != SPAWNER_RUNS || descriptor < 0)
		error_set(error, "%s: cannot start it: %.*s", argv[0], (int)sizeof(packet.text),
			packet.text);
	else
		(void)fcntl(descriptor, F_SETPIPE_SZ, PIPE_BYTES); /* fewer wake-ups */
	return descriptor;
}

static void say_to(struct spawner *s, enum spawner_message message)
{
	const struct spawner_packet packet = {.message = message};

	if (!s->is_gone && write(s->socket, &packet, sizeof(packet.message)) < 0)
		s->is_gone = errno == EPIPE || errno == ECONNRESET;
}

void spawner_end_program(struct spawner *s, bool at_once)
{
	say_to(s, at_once ? SPAWNER_KILL : SPAWNER_TERM);
}

void spawner_ask(struct spawner *s)
{
	say_to(s, SPAWNER_ASK);
}

static enum spawner_news news_of(
	const struct spawner_packet *packet, size_t len, struct spawner_told *told)
{
	size_t head = offsetof(struct spawner_packet, text);

	switch ((int)packet->message) {
	case SPAWNER_ANSWER:
		return SPAWNER_HEARD;
	case SPAWNER_END:
		told->status = packet->status;
		return SPAWNER_ENDED;
	case SPAWNER_LINE:
		snprintf(told->line, sizeof(told->line), "%.*s",
			(int)(len > head ? len - head : 0), packet->text);
		return SPAWNER_SAID;
	default:
		return SPAWNER_NONE;
	}
}

enum spawner_news spawner_news(struct spawner *s, int timeout_ms, struct spawner_told *told)
{
	struct pollfd ready = {.fd = s->socket, .events = POLLIN};
	struct spawner_packet packet;
	ssize_t n;

	if (s->is_gone)
		return SPAWNER_GONE;
	if (poll(&ready, 1, timeout_ms) <= 0)
		return SPAWNER_NONE;
	n = read(s->socket, &packet, sizeof(packet));
	if (n > 0)
		return news_of(&packet, (size_t)n, told);
	s->is_gone = n == 0 || errno != EINTR;
	return s->is_gone ? SPAWNER_GONE : SPAWNER_NONE;
}

void spawner_stop(struct spawner *s)
{
	struct spawner_told told;

	if (s == NULL)
		return;
	say_to(s, SPAWNER_QUIT);
	while (spawner_news(s, -1, &told) != SPAWNER_GONE)
		;
	close(s->socket);
	free(s);
}

const char *program_end_text(int status, char text[PROGRAM_END_TEXT])
{
	if (WIFSIGNALED(status))
		snprintf(text, PROGRAM_END_TEXT, "was killed by signal %d (%s)",
			WTERMSIG(status), sigdescr_np(WTERMSIG(status)));
	else
		snprintf(text, PROGRAM_END_TEXT, "ended with status %d", WEXITSTATUS(status));
	return text;
}
