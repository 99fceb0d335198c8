#include "inspect/packets/feed_stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "config/log/log.h"
#include "inspect/packets/pcap_format.h"
#include "inspect/packets/pcap_ring.h"

/* Positions are those of the ring. */
struct reader {
	int fd;
	bool is_socket;
	uint32_t header_left; /* of the file header */
	/* start <= at: of the record that it is in the middle of, and the next byte for it. */
	uint64_t start, at;
	/* What it has not taken yet of a record whose place was given away. */
	uint8_t *rest;
	uint32_t rest_at, rest_end;
	char who[FEED_READER_NAME];
};

/* start <= done <= head for every reader: so what one passes beyond `done` nobody had before. */
struct feed_stream {
	struct feed_stream_params params;
	struct pcap_ring ring;
	uint64_t done;
	struct reader readers[FEED_READERS_MAX];
	uint32_t n_readers;
	bool late; /* said of a packet */
	struct log_limit limit;
	uint8_t header[PCAP_HEADER];
};

enum { RECORD_MAX_LEN = PCAP_RECORD_HEADER + PCAPNG_SNAPLEN };

_Static_assert((int)FEED_STREAM_ROOM_MIN > (int)RECORD_MAX_LEN, "the longest record has room");

/* --- readers --- */

struct feed_stream *feed_stream_create(const struct feed_stream_params *params)
{
	struct feed_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->params = *params;
	pcap_header(s->header, LINKTYPE_ETHERNET, params->ns);
	if (pcap_ring_init(&s->ring, params->room))
		return s;
	free(s);
	return NULL;
}

static uint64_t farthest(const struct feed_stream *s)
{
	uint64_t start = 0;

	for (uint32_t i = 0; i < s->n_readers; i++)
		if (s->readers[i].start > start)
			start = s->readers[i].start;
	return start;
}

static uint64_t slowest(const struct feed_stream *s)
{
	uint64_t start = s->ring.head;

	for (uint32_t i = 0; i < s->n_readers; i++)
		if (s->readers[i].start < start)
			start = s->readers[i].start;
	return start;
}

bool feed_stream_join(struct feed_stream *s, int fd, bool is_socket, const char *who)
{
	uint64_t from = s->n_readers > 0 ? farthest(s) : s->ring.head;
	struct reader *r = &s->readers[s->n_readers];

	if (s->n_readers == FEED_READERS_MAX)
		return false;
	*r = (struct reader){.fd = fd,
		.is_socket = is_socket,
		.header_left = PCAP_HEADER,
		.start = from,
		.at = from};
	snprintf(r->who, sizeof(r->who), "%s", who);
	r->rest = malloc(RECORD_MAX_LEN);
	if (!r->rest)
		return false;
	s->n_readers++;
	s->params.stats->readers++;
	s->params.stats->readers_joined++;
	if (!s->params.is_quiet)
		log_limited(&s->limit, LOG_LEVEL_INFO, "feeds: %s: %s is there", s->params.name,
			who);
	return true;
}

/* What a client sent, and nobody has read, would make the kernel reset the connection at its end: then the
 * client might lose what it has not read yet. */
static void close_reader(struct reader *r)
{
	char ignored[4096];

	if (r->is_socket) {
		for (int i = 0; i < 64; i++)
			if (recv(r->fd, ignored, sizeof(ignored), MSG_DONTWAIT) <= 0)
				break;
		shutdown(r->fd, SHUT_WR);
	}
	close(r->fd);
	free(r->rest);
}

static void leave(struct feed_stream *s, struct reader *r, int cause)
{
	uint64_t lost = 0;

	if (s->n_readers == 1) {
		lost = pcap_ring_count(&s->ring, s->done, s->ring.head);
		s->done = s->ring.head;
		s->params.ledger->lost_disk += lost;
	}
	log_limited(&s->limit, LOG_LEVEL_WARNING, "feeds: %s: %s has gone: %s", s->params.name,
		r->who, cause ? strerror(cause) : "it reads no more");
	close_reader(r);
	*r = s->readers[--s->n_readers];
	s->params.stats->readers--;
}

void feed_stream_destroy(struct feed_stream *s)
{
	if (!s)
		return;
	if (s->n_readers > 0)
		s->params.ledger->lost_disk += pcap_ring_count(&s->ring, s->done, s->ring.head);
	for (uint32_t i = 0; i < s->n_readers; i++)
		close_reader(&s->readers[i]);
	s->params.stats->readers -= s->n_readers;
	pcap_ring_fini(&s->ring);
	free(s);
}

uint32_t feed_stream_readers(const struct feed_stream *s)
{
	return s->n_readers;
}

/* --- in --- */

/* On to where the fastest one is, behind the record that it is in the middle of. While it has the rest of
 * one to take, it is in the middle of no other. */
static void move_up(struct feed_stream *s, struct reader *r, uint64_t to)
{
	uint64_t next = r->start;

	if (r->at > r->start) {
		next = pcap_ring_next(&s->ring, r->start);
		r->rest_at = 0;
		r->rest_end = (uint32_t)(next - r->at);
		pcap_ring_get(&s->ring, r->at, r->rest, r->rest_end);
	}
	s->params.stats->readers_missed += pcap_ring_count(&s->ring, next, to);
	r->start = to;
	r->at = to;
}

static bool make_room(struct feed_stream *s, uint64_t len)
{
	uint64_t keep =
		s->ring.head + len < s->params.room ? 0 : s->ring.head + len - s->params.room;
	uint64_t to = farthest(s);

	if (slowest(s) >= keep)
		return true;
	if (s->params.lossless || to < keep)
		return false;
	for (uint32_t i = 0; i < s->n_readers; i++)
		if (s->readers[i].start < keep)
			move_up(s, &s->readers[i], to);
	return true;
}

static void say_late(struct feed_stream *s)
{
	if (!s->late)
		log_warning(
			"feeds: %s: packets after 2106-02-07 keep that time in classic pcap",
			s->params.name);
	s->late = true;
}

bool feed_stream_put(struct feed_stream *s, uint64_t time_ns, const struct packet_bytes *bytes)
{
	uint32_t cap = bytes->header_len + bytes->cap;
	uint8_t header[PCAP_RECORD_HEADER];

	if (!make_room(s, PCAP_RECORD_HEADER + cap))
		return false;
	if (!pcap_record_header(
		    header, time_ns, s->params.ns, cap, bytes->header_len + bytes->wire))
		say_late(s);
	pcap_ring_put(&s->ring, header, sizeof(header));
	pcap_ring_put(&s->ring, bytes->header, bytes->header_len);
	pcap_ring_put(&s->ring, bytes->payload, bytes->cap);
	return true;
}

/* --- out --- */

enum { PIECES = 4 };

/* What the reader is to get, in order; returns how many pieces. */
static int pieces_of(
	const struct feed_stream *s, const struct reader *r, struct iovec v[PIECES])
{
	int n = 0;

	if (r->header_left > 0)
		v[n++] = (struct iovec){
			(void *)(size_t)(s->header + PCAP_HEADER - r->header_left),
			r->header_left};
	if (r->rest_at < r->rest_end)
		v[n++] = (struct iovec){r->rest + r->rest_at, r->rest_end - r->rest_at};
	return n + pcap_ring_pieces(&s->ring, r->at, v + n);
}

static void pass_records(struct feed_stream *s, struct reader *r)
{
	while (r->start < r->at) {
		uint64_t next = pcap_ring_next(&s->ring, r->start);

		if (next > r->at)
			return;
		r->start = next;
		if (next > s->done) {
			s->done = next;
			s->params.ledger->written++;
		}
	}
}

static void has_taken(struct feed_stream *s, struct reader *r, size_t n)
{
	size_t part = n < r->header_left ? n : r->header_left;
	size_t rest = r->rest_end - r->rest_at;

	r->header_left -= (uint32_t)part;
	n -= part;
	part = n < rest ? n : rest;
	r->rest_at += (uint32_t)part;
	r->at += n - part;
	pass_records(s, r);
}

/* false: it has gone, and errno says why. */
static bool send_to(struct feed_stream *s, struct reader *r)
{
	for (;;) {
		struct iovec pieces[PIECES];
		struct msghdr message = {.msg_iov = pieces};
		int n = pieces_of(s, r, pieces);
		ssize_t taken;

		if (n == 0)
			return true;
		message.msg_iovlen = (size_t)n;
		taken = r->is_socket ? sendmsg(r->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT)
				     : writev(r->fd, pieces, n);
		if (taken >= 0)
			has_taken(s, r, (size_t)taken);
		else if (errno == EAGAIN || errno == ENOBUFS)
			return true;
		else if (errno != EINTR)
			return false;
	}
}

void feed_stream_send(struct feed_stream *s)
{
	for (uint32_t i = 0; i < s->n_readers; i++) {
		if (send_to(s, &s->readers[i]))
			continue;
		leave(s, &s->readers[i], errno);
		i--;
	}
}

uint64_t feed_stream_pending(const struct feed_stream *s)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < s->n_readers; i++) {
		const struct reader *r = &s->readers[i];
		uint64_t left =
			r->header_left + (r->rest_end - r->rest_at) + s->ring.head - r->at;

		most = left > most ? left : most;
	}
	return most;
}

uint32_t feed_stream_watch(const struct feed_stream *s, struct pollfd fds[FEED_READERS_MAX])
{
	for (uint32_t i = 0; i < s->n_readers; i++) {
		const struct reader *r = &s->readers[i];
		bool more =
			r->header_left > 0 || r->rest_at < r->rest_end || r->at < s->ring.head;

		fds[i] = (struct pollfd){.fd = r->fd, .events = more ? POLLOUT : 0};
	}
	return s->n_readers;
}

/* From the last on: whoever leaves gives its place to the last. Of a pipe whose reader has gone poll(2) says
 * POLLERR, of a connection that both ends have ended POLLHUP. */
void feed_stream_watched(struct feed_stream *s, const struct pollfd fds[FEED_READERS_MAX])
{
	for (uint32_t i = s->n_readers; i > 0; i--)
		if (fds[i - 1].revents & (POLLERR | POLLHUP))
			leave(s, &s->readers[i - 1], 0);
}
