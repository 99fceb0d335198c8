#include "inspect/output/forwarder.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/log/error.h"
#include "config/log/log.h"
#include "config/log/now.h"
#include "config/thread/service.h"
#include "decap/counters/shared.h"
#include "inspect/output/line_queue.h"
#include "inspect/output/pieces.h"

enum { RETRY_MS = 100, RETRY_MAX_MS = 5000, FULL_MS = 20, REST_MS = 2, SEND_MAX = 64 * 1024 };

struct forwarder {
	struct forwarder_params params;
	struct line_queue *queue;
	struct service service;
	_Atomic uint64_t written, lost_disk; /* the thread's */
	_Atomic uint64_t lost_queue; /* the producer's, and at the end forwarder_stop()'s */
	atomic_bool reached;
	/* The thread's own. */
	int fd;    /* -1: the sink is away */
	bool over; /* and will never be there again */
	bool said; /* that it is away */
	bool last; /* it was tried since the end began */
	struct log_limit limit;
	size_t part; /* bytes of the oldest line that this connection has taken */
	uint64_t retry_ms, retry_at_ns, opened_ns;
	/* The producer's. */
	bool refused;
};

static void say(const struct forwarder *c, const char *what)
{
	log_error("%s: %s: %s", c->params.sink->setting, c->params.target.address, what);
}

/* A peer may go and come as often as it likes. */
static void say_change(struct forwarder *c, enum log_level level, const char *what)
{
	log_limited(&c->limit, level, "%s: %s: %s", c->params.sink->setting,
		c->params.target.address, what);
}

/* --- the connection --- */

static void say_away(struct forwarder *c, int cause)
{
	char text[160];

	if (c->said)
		return;
	c->said = true;
	snprintf(text, sizeof(text), "%s; %s", strerror(cause),
		c->over ? "events for it are lost and counted"
			: "events for it wait, as far as they fit, and it is tried again");
	say_change(c, LOG_LEVEL_WARNING, text);
}

/* Waits longer each time, until a connection has lasted. */
static void put_off(struct forwarder *c)
{
	uint64_t now = now_monotonic();

	if (c->opened_ns != 0 && now - c->opened_ns > RETRY_MAX_MS * NS_PER_MS)
		c->retry_ms = 0;
	c->opened_ns = 0;
	c->retry_ms = c->retry_ms == 0 ? RETRY_MS : 2 * c->retry_ms;
	if (c->retry_ms > RETRY_MAX_MS)
		c->retry_ms = RETRY_MAX_MS;
	c->retry_at_ns = now + c->retry_ms * NS_PER_MS;
}

static void leave(struct forwarder *c, int cause)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->part = 0;
	c->over = c->params.sink->is_over != NULL && c->params.sink->is_over(cause);
	atomic_store_explicit(&c->reached, false, memory_order_relaxed);
	put_off(c);
	say_away(c, cause);
}

static bool reach(struct forwarder *c)
{
	if (c->fd >= 0)
		return true;
	c->fd = c->params.sink->open(&c->params.target);
	if (c->fd < 0) {
		leave(c, errno);
		return false;
	}
	c->opened_ns = now_monotonic();
	atomic_store_explicit(&c->reached, true, memory_order_relaxed);
	if (c->said)
		say_change(c, LOG_LEVEL_INFO, "there again");
	c->said = false;
	return true;
}

/* --- delivering --- */

/* `sent` bytes behind the part already sent were taken: forgets the lines that are whole now. */
static void took(struct forwarder *c, const struct iovec piece[2], size_t sent)
{
	size_t whole = 0, lines = 0;

	for (int i = 0; i < 2; i++) {
		const char *at = piece[i].iov_base, *end, *newline;

		end = at + (sent < piece[i].iov_len ? sent : piece[i].iov_len);
		sent -= (size_t)(end - at);
		while (at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
			whole += c->part + (size_t)(newline + 1 - at);
			c->part = 0;
			lines++;
			at = newline + 1;
		}
		c->part += (size_t)(end - at);
	}
	line_queue_drop(c->queue, whole);
	shared_add(&c->written, lines);
}

/* Returns 0, or the errno. */
static int send_line(struct forwarder *c, struct iovec piece[2])
{
	const struct forwarder_params *p = &c->params;
	size_t len = pieces_line(piece);

	pieces_limit(piece, len);
	if (p->sink->send(c->fd, &p->target, piece, 2) < 0) {
		if (errno != EMSGSIZE)
			return errno;
		/* It would never go. */
		if (shared_get(&c->lost_disk) == 0)
			say(c, "an event is too long for it; such are lost and counted");
		shared_add(&c->lost_disk, 1);
	} else {
		shared_add(&c->written, 1);
	}
	line_queue_drop(c->queue, len + 1);
	return 0;
}

static int send_bytes(struct forwarder *c, struct iovec piece[2])
{
	ssize_t sent;

	pieces_skip(piece, c->part);
	pieces_limit(piece, SEND_MAX);
	sent = c->params.sink->send(c->fd, &c->params.target, piece, 2);
	if (sent < 0)
		return errno;
	took(c, piece, (size_t)sent);
	return 0;
}

/* For the descriptor's `events`, or for `ms`. true: the peer has gone. */
static bool doze(struct forwarder *c, short events, int ms)
{
	struct pollfd waiting = {c->fd, events, 0}; /* poll() passes over -1 */

	return poll(&waiting, 1, ms) > 0 &&
	       (waiting.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

/* One send, or a wait for the room to do it. */
static void deliver(struct forwarder *c, struct iovec piece[2])
{
	int cause = c->params.sink->by_line ? send_line(c, piece) : send_bytes(c, piece);

	if (cause == EAGAIN || cause == EINTR)
		(void)doze(
			c, POLLOUT, FULL_MS); /* what became of the peer, the next send says */
	else if (cause == ENOSPC || cause == ENOBUFS || cause == ENOMEM || cause == EDQUOT)
		(void)doze(c, 0, FULL_MS);
	else if (cause != 0)
		leave(c, cause);
}

/* Nothing waits, or the sink is away. */
static void rest(void *ctx)
{
	struct forwarder *c = ctx;

	if (doze(c, 0, REST_MS))
		leave(c, EPIPE);
}

static void lose_rest(struct forwarder *c, _Atomic uint64_t *counter)
{
	struct iovec piece[2];
	size_t len = line_queue_peek(c->queue, piece), at = 0;

	while (at < len) {
		size_t line = pieces_line(piece) + 1;

		pieces_skip(piece, line);
		at += line;
		shared_add(counter, 1);
	}
	line_queue_drop(c->queue, len);
}

static bool forward_round(void *ctx)
{
	struct forwarder *c = ctx;
	bool ends = c->service.phase != SERVICE_RUNS;
	struct iovec piece[2];
	size_t fill = line_queue_peek(c->queue, piece);

	if (c->over) {
		lose_rest(c, &c->lost_disk);
		fill = 0;
	}
	if (ends && (fill == 0 || c->service.phase == SERVICE_LATE))
		return false;
	if (c->fd < 0 && !c->over &&
		(now_monotonic() >= c->retry_at_ns || (ends && !c->last))) {
		c->last = ends;
		(void)reach(c);
	}
	if (fill == 0 || c->fd < 0)
		return false;
	deliver(c, piece);
	return true;
}

/* --- the other side --- */

/* For room in the queue, as long as somebody takes from it. */
static bool put_patiently(struct forwarder *c, const char *line, size_t len)
{
	const struct timespec nap = {0, (long)NS_PER_MS};

	while (c->params.wait && len <= line_queue_size(c->queue) &&
		atomic_load_explicit(&c->reached, memory_order_relaxed)) {
		nanosleep(&nap, NULL);
		if (line_queue_put(c->queue, line, len))
			return true;
	}
	return false;
}

bool forwarder_put(struct forwarder *c, const char *line, size_t len)
{
	bool taken = line_queue_put(c->queue, line, len) || put_patiently(c, line, len);

	if (!taken) {
		shared_add(&c->lost_queue, 1);
		if (!c->refused)
			say(c, "its queue is full; events for it are lost and counted as "
			       "lost_queue");
		c->refused = true;
	}
	return taken;
}

struct forwarder *forwarder_start(const struct forwarder_params *params, struct error *error)
{
	const struct service_work work = {params->sink->setting, forward_round, NULL, rest};
	struct forwarder *c = calloc(1, sizeof(*c));

	error_set(error, "%s: not enough memory", params->sink->setting);
	if (c == NULL)
		return NULL;
	c->params = *params;
	c->fd = -1;
	c->queue = line_queue_create(params->room);
	if (c->queue != NULL) {
		(void)reach(c);
		if (service_start(&c->service, &work, c, error) == 0) {
			error->text[0] = '\0';
			return c;
		}
	}
	forwarder_destroy(c);
	return NULL;
}

void forwarder_stop(struct forwarder *c, uint64_t ns)
{
	service_stop(&c->service, ns == 0 ? SERVICE_NO_LIMIT : ns);
	lose_rest(c, &c->lost_queue);
}

void forwarder_destroy(struct forwarder *c)
{
	if (c == NULL)
		return;
	if (c->queue != NULL)
		forwarder_stop(c, 1);
	if (c->fd >= 0)
		close(c->fd);
	line_queue_destroy(c->queue);
	free(c);
}

struct forwarder_state forwarder_state(const struct forwarder *c)
{
	return (struct forwarder_state){
		.written = shared_get(&c->written),
		.lost_queue = shared_get(&c->lost_queue),
		.lost_disk = shared_get(&c->lost_disk),
		.size = line_queue_size(c->queue),
		.fill = line_queue_fill(c->queue),
		.reached = atomic_load_explicit(&c->reached, memory_order_relaxed),
	};
}

const struct event_sink *forwarder_sink(const struct forwarder *c)
{
	return c->params.sink;
}
