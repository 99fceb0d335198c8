#include "inspect/packets/feed_way.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/log.h"
#include "config/log/now.h"
#include "config/parse/value.h"

enum {
	RETRY_MS = 100,
	RETRY_MAX_MS = 1600,
	BACKLOG = 4,
	PIPE_SIZE = 1 << 20, /* what root, and by default all, may ask for (pipe(7)) */
	SEND_SIZE = 1 << 20,
};

struct feed_way {
	const struct settings_feed *feed;
	int fd; /* that listens, or connects; -1: none */
	bool strict;
	bool said;       /* that nobody is there */
	bool has_reader; /* of those that have one at a time */
	uint64_t try_ns; /* again, not before */
	uint32_t wait_ms;
	struct log_limit limit;
};

static void put_off(struct feed_way *w, uint64_t now_ns)
{
	w->wait_ms = w->wait_ms == 0 || w->strict ? RETRY_MS : 2 * w->wait_ms;
	w->wait_ms = w->wait_ms < RETRY_MAX_MS ? w->wait_ms : RETRY_MAX_MS;
	w->try_ns = now_ns + w->wait_ms * NS_PER_MS;
}

/* Once, until somebody has come. */
static void say_nobody(struct feed_way *w, const char *where, const char *why)
{
	if (!w->said)
		log_limited(&w->limit, LOG_LEVEL_WARNING, "feeds: %s: %s: %s", w->feed->name,
			where, why);
	w->said = true;
}

static void has_come(struct feed_way *w)
{
	w->said = false;
	w->has_reader = true;
	w->wait_ms = 0;
	w->try_ns = 0;
}

/* --- named pipes --- */

/* What is there and no pipe will not become one. */
static bool is_pipe(const struct settings_feed *feed, bool strict, struct error *error)
{
	struct stat st;

	if (stat(feed->path, &st) != 0) {
		error_set(error,
			"feeds: %s: %s: %s; make the named pipe with mkfifo, for whom reads it",
			feed->name, feed->path, strerror(errno));
		return !strict;
	}
	error_set(error, "feeds: %s: %s: is no named pipe", feed->name, feed->path);
	return S_ISFIFO(st.st_mode);
}

static void look_pipe(struct feed_way *w, struct feed_stream *stream, uint64_t now_ns)
{
	const char *path = w->feed->path;
	char who[FEED_READER_NAME];
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode)) {
		(void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE); /* fewer writes; it may be refused */
		snprintf(who, sizeof(who), "the reader of %s", path);
		if (feed_stream_join(stream, fd, false, who)) {
			has_come(w);
			return;
		}
		errno = ENOMEM;
	} else if (fd >= 0) {
		errno = ESPIPE;
	}
	say_nobody(w, path,
		errno == ENXIO    ? "nobody reads it yet"
		: errno == ESPIPE ? "is no named pipe"
				  : strerror(errno));
	if (fd >= 0)
		close(fd);
	put_off(w, now_ns);
}

/* --- TCP --- */

static socklen_t address_of(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct value_endpoint endpoint;

	*address = (struct sockaddr_storage){0};
	if (!value_endpoint(text, &endpoint))
		return 0;
	if (endpoint.ip_version == 4) {
		four->sin_family = AF_INET;
		four->sin_port = htons(endpoint.port);
		memcpy(&four->sin_addr, endpoint.byte, sizeof(four->sin_addr));
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(endpoint.port);
	memcpy(&six->sin6_addr, endpoint.byte, sizeof(six->sin6_addr));
	return sizeof(*six);
}

static void print_address(const struct sockaddr_storage *address, char text[FEED_READER_NAME])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	char host[INET6_ADDRSTRLEN] = "?";

	if (address->ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
		snprintf(text, FEED_READER_NAME, "[%s]:%u", host, ntohs(six->sin6_port));
	} else {
		inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
		snprintf(text, FEED_READER_NAME, "%s:%u", host, ntohs(four->sin_port));
	}
}

/* false: errno. */
static bool listen_at(struct feed_way *w)
{
	struct sockaddr_storage address;
	socklen_t len = address_of(w->feed->address, &address);
	int on = 1;

	w->fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (w->fd < 0)
		return false;
	(void)setsockopt(w->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return bind(w->fd, (const struct sockaddr *)&address, len) == 0 &&
	       listen(w->fd, BACKLOG) == 0;
}

/* There is no password, and no encryption. */
static bool is_for_all(const char *address)
{
	struct value_endpoint at;

	if (!value_endpoint(address, &at))
		return false;
	if (at.ip_version == 4)
		return at.byte[0] != 127;
	return memcmp(at.byte, &in6addr_loopback, sizeof(in6addr_loopback)) != 0;
}

/* Takes the descriptor over. */
static void join_socket(struct feed_way *w, struct feed_stream *stream, int fd, const char *who)
{
	int on = 1, size = SEND_SIZE;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (feed_stream_join(stream, fd, true, who)) {
		has_come(w);
		return;
	}
	log_limited(&w->limit, LOG_LEVEL_WARNING,
		"feeds: %s: %s was refused: %d read already, or there is no memory",
		w->feed->name, who, FEED_READERS_MAX);
	close(fd);
}

static void look_port(struct feed_way *w, struct feed_stream *stream, uint64_t now_ns)
{
	for (int i = 0; i < BACKLOG; i++) {
		struct sockaddr_storage address;
		socklen_t len = sizeof(address);
		char who[FEED_READER_NAME];
		int fd = accept4(
			w->fd, (struct sockaddr *)&address, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			break;
		print_address(&address, who);
		join_socket(w, stream, fd, who);
	}
	w->try_ns = now_ns + RETRY_MS * NS_PER_MS;
}

static void stop_connecting(struct feed_way *w, uint64_t now_ns, int cause)
{
	say_nobody(w, w->feed->address, strerror(cause));
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	put_off(w, now_ns);
}

/* A connection that was begun: is it there? */
static void look_connection(struct feed_way *w, struct feed_stream *stream, uint64_t now_ns)
{
	struct pollfd p = {.fd = w->fd, .events = POLLOUT};
	socklen_t len = sizeof(int);
	int cause = 0, fd = w->fd;

	if (poll(&p, 1, 0) <= 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &len) != 0)
		cause = errno;
	if (cause != 0) {
		stop_connecting(w, now_ns, cause);
		return;
	}
	w->fd = -1;
	join_socket(w, stream, fd, w->feed->address);
}

static void connect_to(struct feed_way *w, struct feed_stream *stream, uint64_t now_ns)
{
	struct sockaddr_storage address;
	socklen_t len = address_of(w->feed->address, &address);

	w->fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (w->fd < 0 || (connect(w->fd, (const struct sockaddr *)&address, len) != 0 &&
				 errno != EINPROGRESS)) {
		stop_connecting(w, now_ns, errno);
		return;
	}
	look_connection(w, stream, now_ns);
}

/* --- all --- */

struct feed_way *feed_way_open(
	const struct settings_feed *feed, bool strict, struct error *error)
{
	struct feed_way *w = calloc(1, sizeof(*w));

	if (!w) {
		error_set(error, "feeds: %s: no memory", feed->name);
		return NULL;
	}
	w->feed = feed;
	w->strict = strict;
	w->fd = -1;
	if (feed->kind == FEED_PIPE && is_pipe(feed, strict, error))
		return w;
	if (feed->kind == FEED_PCAP_OVER_IP && (!feed->listens || listen_at(w))) {
		if (feed->listens && is_for_all(feed->address))
			log_warning(
				"feeds: %s: whoever reaches %s gets its packets: let nobody "
				"but their readers do",
				feed->name, feed->address);
		return w;
	}
	if (feed->kind == FEED_PCAP_OVER_IP)
		error_set(error, "feeds: %s: cannot listen at %s: %s", feed->name,
			feed->address, strerror(errno));
	feed_way_close(w);
	return NULL;
}

void feed_way_close(struct feed_way *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

static bool takes_many(const struct feed_way *w)
{
	return w->feed->kind == FEED_PCAP_OVER_IP && w->feed->listens;
}

void feed_way_look(struct feed_way *w, struct feed_stream *stream, uint64_t now_ns)
{
	bool many = takes_many(w);

	/* One that comes and goes at once is not met a thousand times a second. */
	if (!many && w->has_reader && feed_stream_readers(stream) == 0) {
		w->has_reader = false;
		put_off(w, now_ns);
	}
	if (now_ns < w->try_ns || (!many && feed_stream_readers(stream) > 0))
		return;
	if (w->feed->kind == FEED_PIPE)
		look_pipe(w, stream, now_ns);
	else if (many)
		look_port(w, stream, now_ns);
	else if (w->fd < 0)
		connect_to(w, stream, now_ns);
	else
		look_connection(w, stream, now_ns);
}
