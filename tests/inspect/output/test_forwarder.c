/* Forwarders, with readers that are slow, that go away in the middle of a line, or that are not there;
 * and with a sink made for the test that takes as few bytes and breaks as often as told. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "config/log/error.h"
#include "inspect/output/forwarder.h"
#include "support/folder.h"

#define SECOND UINT64_C(1000000000)

enum { ERROR = 256, WAIT_MS = 20000, TEXT_MAX = 16 * 1024 * 1024 };

/* --- a desk: one forwarder, and what it was given --- */

struct desk {
	struct folder folder;
	struct forwarder_params params;
	struct forwarder *forwarder;
	unsigned offered, taken;
};

static void desk_make(struct desk *desk, const struct event_sink *sink, size_t room)
{
	*desk = (struct desk){.folder = folder_make(), .params = {.sink = sink, .room = room}};
	folder_path(&desk->folder, "socket", desk->params.target.address,
		sizeof(desk->params.target.address));
}

static void desk_start(struct desk *desk)
{
	struct error error;

	desk->forwarder = forwarder_start(&desk->params, &error);
	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(desk->forwarder);
}

/* Ends it, and the ledger must close. */
static struct forwarder_state desk_stop(struct desk *desk, uint64_t ns)
{
	struct forwarder_state state;

	forwarder_stop(desk->forwarder, ns);
	state = forwarder_state(desk->forwarder);
	CU_ASSERT_EQUAL(desk->offered, state.written + state.lost_queue + state.lost_disk);
	CU_ASSERT_EQUAL(state.fill, 0);
	return state;
}

static void desk_clear(struct desk *desk)
{
	forwarder_destroy(desk->forwarder);
	folder_remove(&desk->folder);
}

/* "number xxx...\n", `len` bytes. */
static bool put_line(struct desk *desk, size_t len)
{
	char *line = malloc(len + 1);
	int head = snprintf(line, len, "%u ", desk->offered++);
	bool taken;

	memset(line + head, 'x', len - 1 - (size_t)head);
	line[len - 1] = '\n';
	taken = forwarder_put(desk->forwarder, line, len);
	desk->taken += taken;
	free(line);
	return taken;
}

static bool written_is(const struct desk *desk, uint64_t n)
{
	for (int i = 0; i < WAIT_MS && forwarder_state(desk->forwarder).written < n; i++)
		usleep(1000);
	return forwarder_state(desk->forwarder).written == n;
}

/* --- a reader on a UNIX socket --- */

static int listen_at(const struct desk *desk, int type)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", desk->params.target.address);
	unlink(at.sun_path);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	if (type == SOCK_STREAM)
		CU_ASSERT_EQUAL_FATAL(listen(fd, 4), 0);
	return fd;
}

static bool comes(int fd)
{
	struct pollfd waiting = {fd, POLLIN, 0};

	return poll(&waiting, 1, WAIT_MS) == 1;
}

static int accept_at(int listener)
{
	CU_ASSERT_TRUE_FATAL(comes(listener));
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

/* Reads until the end, or `most` bytes; freed by the caller. */
static char *read_text(int fd, size_t most, size_t *len)
{
	char *text = malloc(most + 1);
	ssize_t n = 1;

	*len = 0;
	while (*len < most && n > 0 && comes(fd)) {
		n = read(fd, text + *len, most - *len);
		*len += n > 0 ? (size_t)n : 0;
	}
	text[*len] = '\0';
	return text;
}

/* The number of whole lines in `text`, which are numbered from `*next` on without a gap; sets `*next`
 * behind them. What follows the last newline is left alone. */
static bool lines_follow(const char *text, unsigned *next)
{
	const char *end;

	for (; (end = strchr(text, '\n')) != NULL; text = end + 1)
		if (strtoul(text, NULL, 10) != (*next)++ ||
			strspn(strchr(text, ' ') + 1, "x") !=
				(size_t)(end - strchr(text, ' ') - 1))
			return false;
	return true;
}

struct reading {
	int fd;
	char *text;
	size_t len;
};

static void *read_all(void *arg)
{
	struct reading *reading = arg;

	reading->text = read_text(reading->fd, TEXT_MAX, &reading->len);
	return NULL;
}

static void every_line_arrives_once_and_in_order(void)
{
	enum { LINES = 20000 };
	struct reading reading;
	unsigned next = 0;
	pthread_t thread;
	struct desk desk;
	int listener;

	desk_make(&desk, &sink_socket, TEXT_MAX);
	listener = listen_at(&desk, SOCK_STREAM);
	desk_start(&desk);
	reading.fd = accept_at(listener);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, read_all, &reading), 0);
	for (unsigned i = 0; i < LINES; i++)
		CU_ASSERT_TRUE(put_line(&desk, 20 + i % 300));
	CU_ASSERT_EQUAL(desk_stop(&desk, 20 * SECOND).written, LINES);
	desk_clear(&desk);
	pthread_join(thread, NULL);
	CU_ASSERT_TRUE(lines_follow(reading.text, &next));
	CU_ASSERT_EQUAL(next, LINES);
	free(reading.text);
	close(reading.fd);
	close(listener);
}

/* Nobody reads: what does not fit is refused at once, and what was taken is whole. */
static void a_slow_reader_costs_lines_and_no_time(void)
{
	enum { LINES = 20000, LEN = 1000, ROOM = 1024 * 1024 };
	struct forwarder_state state;
	int listener, reader;
	struct timespec began, now;
	unsigned lines = 0;
	struct desk desk;
	size_t len;
	char *text;

	desk_make(&desk, &sink_socket, ROOM);
	listener = listen_at(&desk, SOCK_STREAM);
	desk_start(&desk);
	reader = accept_at(listener);
	clock_gettime(CLOCK_MONOTONIC, &began);
	for (unsigned i = 0; i < LINES; i++)
		(void)put_line(&desk, LEN);
	clock_gettime(CLOCK_MONOTONIC, &now);
	CU_ASSERT_TRUE(now.tv_sec - began.tv_sec < 5);
	CU_ASSERT_TRUE(desk.taken >= ROOM / LEN && desk.taken < LINES);
	state = forwarder_state(desk.forwarder);
	CU_ASSERT_EQUAL(state.lost_queue, LINES - desk.taken);
	CU_ASSERT_TRUE(state.fill > ROOM / 2 && state.fill <= state.size);
	CU_ASSERT_TRUE(state.reached);
	text = read_text(reader, (size_t)desk.taken * LEN, &len);
	CU_ASSERT_EQUAL(len, (size_t)desk.taken * LEN);
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	CU_ASSERT_EQUAL(lines, desk.taken);
	CU_ASSERT_TRUE(written_is(&desk, desk.taken));
	free(text);
	state = desk_stop(&desk, SECOND);
	CU_ASSERT_EQUAL(state.written, desk.taken);
	CU_ASSERT_EQUAL(state.lost_disk, 0);
	desk_clear(&desk);
	close(reader);
	close(listener);
}

/* The reader goes away in the middle of a line. The next one begins with that line, whole. */
static void a_line_is_never_continued_on_another_connection(void)
{
	enum { LINES = 6, LEN = 1000 * 1000, PART = 2 * LEN + LEN / 2 };
	unsigned next = 0, again;
	int listener, reader;
	struct desk desk;
	size_t len;
	char *text;

	desk_make(&desk, &sink_socket, 2 * LINES * LEN);
	listener = listen_at(&desk, SOCK_STREAM);
	desk_start(&desk);
	reader = accept_at(listener);
	for (unsigned i = 0; i < LINES; i++)
		CU_ASSERT_TRUE(put_line(&desk, LEN));
	text = read_text(reader, PART, &len);
	CU_ASSERT_EQUAL(len, PART);
	CU_ASSERT_TRUE(lines_follow(text, &next));
	CU_ASSERT_EQUAL(next, 2);
	free(text);
	close(reader);
	reader = accept_at(listener);
	text = read_text(reader, (size_t)(LINES - 2) * LEN, &len);
	again = (unsigned)strtoul(text, NULL, 10);
	CU_ASSERT_EQUAL(again, 2); /* more than a socket's buffer was left of it */
	CU_ASSERT_TRUE(lines_follow(text, &again));
	CU_ASSERT_EQUAL(again, LINES);
	free(text);
	CU_ASSERT_TRUE(written_is(&desk, LINES));
	desk_stop(&desk, SECOND);
	desk_clear(&desk);
	close(reader);
	close(listener);
}

static void a_reader_that_comes_late_gets_what_waited(void)
{
	enum { LINES = 100, LEN = 50 };
	int listener, reader;
	unsigned next = 0;
	struct desk desk;
	size_t len;
	char *text;

	desk_make(&desk, &sink_socket, 1024 * 1024);
	desk_start(&desk);
	CU_ASSERT_FALSE(forwarder_state(desk.forwarder).reached);
	for (unsigned i = 0; i < LINES; i++)
		CU_ASSERT_TRUE(put_line(&desk, LEN));
	usleep(150 * 1000); /* and it has been tried again in vain */
	listener = listen_at(&desk, SOCK_STREAM);
	reader = accept_at(listener);
	text = read_text(reader, LINES * LEN, &len);
	CU_ASSERT_TRUE(lines_follow(text, &next));
	CU_ASSERT_EQUAL(next, LINES);
	free(text);
	CU_ASSERT_EQUAL(desk_stop(&desk, SECOND).written, LINES);
	desk_clear(&desk);
	close(reader);
	close(listener);
}

/* A reader that goes while nothing is sent is missed at once, not with the next line. */
static void an_idle_connection_is_watched(void)
{
	int listener, reader;
	struct desk desk;

	desk_make(&desk, &sink_socket, 1024 * 1024);
	listener = listen_at(&desk, SOCK_STREAM);
	desk_start(&desk);
	reader = accept_at(listener);
	close(reader);
	reader = accept_at(listener);
	CU_ASSERT_TRUE(reader >= 0);
	CU_ASSERT_EQUAL(desk_stop(&desk, SECOND).written, 0);
	desk_clear(&desk);
	close(reader);
	close(listener);
}

static void the_end_waits_for_nobody(void)
{
	struct timespec began, now;
	struct forwarder_state state;
	int listener, reader;
	struct desk desk;

	desk_make(&desk, &sink_socket, TEXT_MAX);
	listener = listen_at(&desk, SOCK_STREAM);
	desk_start(&desk);
	reader = accept_at(listener);
	for (unsigned i = 0; i < 1000; i++)
		CU_ASSERT_TRUE(put_line(&desk, 5000));
	clock_gettime(CLOCK_MONOTONIC, &began);
	state = desk_stop(&desk, SECOND / 5);
	clock_gettime(CLOCK_MONOTONIC, &now);
	CU_ASSERT_TRUE(now.tv_sec - began.tv_sec < 4);
	CU_ASSERT_TRUE(state.written > 0 && state.lost_queue > 0);
	desk_clear(&desk);
	close(reader);
	close(listener);
	/* Nobody there at all. */
	desk_make(&desk, &sink_socket, TEXT_MAX);
	desk_start(&desk);
	CU_ASSERT_TRUE(put_line(&desk, 100));
	CU_ASSERT_EQUAL(desk_stop(&desk, 0).lost_queue, 1);
	desk_clear(&desk);
}

/* --- a sink of the test --- */

enum { CONNECTIONS_MAX = 4096 };

/* What each connection took, each text ending with a NUL; one forwarder thread at a time writes it. */
static struct {
	char *text;
	size_t used, starts[CONNECTIONS_MAX];
	unsigned connections, calls;
	unsigned break_every; /* calls; 0: never */
	unsigned most;        /* bytes a call */
} made_up;

static int made_up_open(const struct sink_target *target)
{
	(void)target;
	if (made_up.connections == CONNECTIONS_MAX) {
		errno = ECONNREFUSED;
		return -1;
	}
	if (made_up.connections > 0)
		made_up.text[made_up.used++] = '\0';
	made_up.starts[made_up.connections++] = made_up.used;
	return open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static ssize_t made_up_send(
	int fd, const struct sink_target *target, const struct iovec *piece, int n)
{
	size_t most = made_up.most == 0 ? SIZE_MAX : 1 + made_up.calls % made_up.most, sent = 0;

	(void)fd;
	(void)target;
	made_up.calls++;
	if (made_up.break_every != 0 && made_up.calls % made_up.break_every == 0) {
		errno = ECONNRESET;
		return -1;
	}
	if (made_up.calls % 5 == 0) {
		errno = EAGAIN;
		return -1;
	}
	for (int i = 0; i < n; i++) {
		size_t len = piece[i].iov_len < most - sent ? piece[i].iov_len : most - sent;

		memcpy(made_up.text + made_up.used, piece[i].iov_base, len);
		made_up.used += len;
		sent += len;
	}
	return (ssize_t)sent;
}

static const struct event_sink sink_made_up = {
	.name = "made_up",
	.setting = "made.up",
	.open = made_up_open,
	.send = made_up_send,
};

static void made_up_reset(unsigned most, unsigned break_every)
{
	free(made_up.text);
	memset(&made_up, 0, sizeof(made_up));
	made_up.text = calloc(1, TEXT_MAX);
	made_up.most = most;
	made_up.break_every = break_every;
}

/* The queue is small, so lines wrap round its end at every place, too. */
static void a_few_bytes_at_a_time(void)
{
	enum { LINES = 2000 };
	unsigned next = 0;
	struct desk desk;

	made_up_reset(7, 0);
	desk_make(&desk, &sink_made_up, 4096);
	desk.params.wait = true;
	desk_start(&desk);
	for (unsigned i = 0; i < LINES; i++)
		CU_ASSERT_TRUE(put_line(&desk, 10 + i % 90));
	CU_ASSERT_EQUAL(desk_stop(&desk, 0).written, LINES);
	made_up.text[made_up.used] = '\0';
	CU_ASSERT_EQUAL(made_up.connections, 1);
	CU_ASSERT_TRUE(lines_follow(made_up.text, &next));
	CU_ASSERT_EQUAL(next, LINES);
	desk_clear(&desk);
}

/* Each connection begins with a whole line: the one that the connection before took a part of, or the
 * next one. A line taken whole is not sent again. */
static void breaks_lose_and_repeat_no_line(void)
{
	enum { LINES = 60 };
	unsigned next = 0;
	struct desk desk;

	made_up_reset(40, 47);
	desk_make(&desk, &sink_made_up, 65536);
	desk_start(&desk);
	for (unsigned i = 0; i < LINES; i++)
		CU_ASSERT_TRUE(put_line(&desk, 25 + i % 30));
	CU_ASSERT_TRUE(written_is(&desk, LINES));
	desk_stop(&desk, SECOND);
	made_up.text[made_up.used] = '\0';
	CU_ASSERT_TRUE(made_up.connections > 2);
	for (unsigned i = 0; i < made_up.connections; i++)
		CU_ASSERT_TRUE(lines_follow(made_up.text + made_up.starts[i], &next));
	CU_ASSERT_EQUAL(next, LINES);
	desk_clear(&desk);
	made_up_reset(0, 0);
	free(made_up.text);
	made_up.text = NULL;
}

/* --- system log --- */

static void the_system_log_gets_a_datagram_an_event(void)
{
	enum { LINES = 200, HEAD = 64 };
	char datagram[4096], want[HEAD];
	struct desk desk;
	int reader;

	desk_make(&desk, &sink_syslog, 1024 * 1024);
	desk.params.target.option = 16 * 8 + 6; /* local0.info: RFC 5424, section 6.2.1 */
	reader = listen_at(&desk, SOCK_DGRAM);
	desk_start(&desk);
	for (unsigned i = 0; i < LINES; i++)
		CU_ASSERT_TRUE(put_line(&desk, 100 + i));
	snprintf(want, sizeof(want), " periscope[%d]: ", (int)getpid());
	for (unsigned i = 0; i < LINES && comes(reader); i++) {
		ssize_t n = recv(reader, datagram, sizeof(datagram) - 1, 0);
		const char *body;
		struct tm t;

		CU_ASSERT_TRUE_FATAL(n > 0);
		datagram[n] = '\0';
		CU_ASSERT_EQUAL(strncmp(datagram, "<134>", 5), 0);
		body = strptime(datagram + 5, "%b %e %H:%M:%S", &t);
		CU_ASSERT_PTR_NOT_NULL_FATAL(body);
		CU_ASSERT_EQUAL(strncmp(body, want, strlen(want)), 0);
		body += strlen(want);
		CU_ASSERT_EQUAL(strtoul(body, NULL, 10), i);
		CU_ASSERT_EQUAL(strlen(body), 100 + i - 1); /* without the newline */
	}
	CU_ASSERT_EQUAL(desk_stop(&desk, SECOND).written, LINES);
	desk_clear(&desk);
	close(reader);
}

/* The daemon is started anew; and an event is longer than any datagram may be. */
static void the_system_log_may_go_and_come(void)
{
	struct forwarder_state state;
	struct desk desk;
	int reader;

	desk_make(&desk, &sink_syslog, TEXT_MAX);
	reader = listen_at(&desk, SOCK_DGRAM);
	desk_start(&desk);
	CU_ASSERT_TRUE(put_line(&desk, 100));
	CU_ASSERT_TRUE(written_is(&desk, 1));
	close(reader);
	CU_ASSERT_TRUE(put_line(&desk, 100));
	usleep(50 * 1000);
	CU_ASSERT_EQUAL(forwarder_state(desk.forwarder).written, 1);
	reader = listen_at(&desk, SOCK_DGRAM);
	CU_ASSERT_TRUE(comes(reader));
	CU_ASSERT_TRUE(put_line(&desk, 8 * 1024 * 1024));
	CU_ASSERT_TRUE(put_line(&desk, 100));
	CU_ASSERT_TRUE(written_is(&desk, 3));
	state = desk_stop(&desk, SECOND);
	CU_ASSERT_EQUAL(state.lost_disk, 1);
	CU_ASSERT_EQUAL(state.lost_queue, 0);
	desk_clear(&desk);
	close(reader);
}

/* --- standard output --- */

/* Starts the forwarder while `fd` is standard output. */
static void desk_start_on(struct desk *desk, int fd)
{
	int saved = dup(STDOUT_FILENO);

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	desk_start(desk);
	dup2(saved, STDOUT_FILENO);
	close(saved);
}

static void standard_output_may_be_a_pipe(void)
{
	enum { LINES = 3000 };
	struct forwarder_state state;
	unsigned next = 0;
	struct desk desk;
	char *text;
	size_t len;
	int ends[2];

	CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
	desk_make(&desk, &sink_stdout, TEXT_MAX);
	desk_start_on(&desk, ends[1]);
	CU_ASSERT_EQUAL(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0); /* it is not ours alone */
	close(ends[1]);
	for (unsigned i = 0; i < LINES; i++)
		CU_ASSERT_TRUE(put_line(&desk, 100));
	text = read_text(ends[0], (size_t)LINES * 100, &len);
	CU_ASSERT_TRUE(lines_follow(text, &next));
	CU_ASSERT_EQUAL(next, LINES);
	free(text);
	CU_ASSERT_TRUE(written_is(&desk, LINES));
	/* The reader ends: no signal, and the rest is counted. */
	close(ends[0]);
	for (unsigned i = 0; i < LINES; i++)
		(void)put_line(&desk, 100);
	state = desk_stop(&desk, SECOND);
	CU_ASSERT_EQUAL(state.written, LINES);
	CU_ASSERT_EQUAL(state.lost_disk, LINES);
	desk_clear(&desk);
}

static void standard_output_may_be_a_file(void)
{
	unsigned next = 0;
	char path[PATH_MAX];
	struct desk desk;
	size_t len;
	char *text;
	int fd;

	desk_make(&desk, &sink_stdout, TEXT_MAX);
	folder_put(&desk.folder, "file", "before\n");
	fd = open(folder_path(&desk.folder, "file", path, sizeof(path)), O_WRONLY | O_CLOEXEC);
	CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_END), 7);
	desk_start_on(&desk, fd);
	for (unsigned i = 0; i < 1000; i++)
		CU_ASSERT_TRUE(put_line(&desk, 100));
	CU_ASSERT_EQUAL(desk_stop(&desk, SECOND * 10).written, 1000);
	close(fd);
	text = folder_get(&desk.folder, "file", &len);
	CU_ASSERT_EQUAL(strncmp(text, "before\n", 7), 0);
	CU_ASSERT_TRUE(lines_follow(text + 7, &next));
	CU_ASSERT_EQUAL(next, 1000);
	free(text);
	desk_clear(&desk);
}

void suite_forwarder(void);
void suite_forwarder(void)
{
	CU_pSuite s = CU_add_suite("forwarder", NULL, NULL);

	CU_ADD_TEST(s, every_line_arrives_once_and_in_order);
	CU_ADD_TEST(s, a_slow_reader_costs_lines_and_no_time);
	CU_ADD_TEST(s, a_line_is_never_continued_on_another_connection);
	CU_ADD_TEST(s, a_reader_that_comes_late_gets_what_waited);
	CU_ADD_TEST(s, an_idle_connection_is_watched);
	CU_ADD_TEST(s, the_end_waits_for_nobody);
	CU_ADD_TEST(s, a_few_bytes_at_a_time);
	CU_ADD_TEST(s, breaks_lose_and_repeat_no_line);
	CU_ADD_TEST(s, the_system_log_gets_a_datagram_an_event);
	CU_ADD_TEST(s, the_system_log_may_go_and_come);
	CU_ADD_TEST(s, standard_output_may_be_a_pipe);
	CU_ADD_TEST(s, standard_output_may_be_a_file);
}
