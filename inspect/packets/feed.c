#include "inspect/packets/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/log.h"
#include "config/log/now.h"
#include "inspect/packets/feed_frame.h"
#include "inspect/packets/feed_interface.h"
#include "inspect/packets/feed_stream.h"
#include "inspect/packets/feed_way.h"

enum {
	ROOM_LIVE = 1 << 22,   /* what a reader may be behind the others */
	ROOM_REPLAY = 1 << 20, /* that still is in a processor's cache */
	SEND_AT = 1 << 16,     /* in replay: so many bytes at a time */
};

struct feed {
	struct feed_params params;
	struct point_tags *tags; /* NULL: no tags */
	struct output_ledger ledger;
	struct feed_stats stats;
	struct feed_stream *stream; /* of what is no interface, with its way */
	struct feed_way *way;       /* NULL: readers are given */
	struct feed_interface *interface;
	char output[sizeof("feed:") + FEED_NAME_MAX];
	bool is_over; /* its readers have gone, and there will be no more */
	struct log_limit limit;
};

/* --- start and end --- */

static bool open_stream(struct feed *feed, struct error *error)
{
	const struct settings_feed *s = feed->params.settings;
	const struct feed_stream_params params = {
		.name = s->name,
		.room = feed->params.waits ? ROOM_REPLAY : ROOM_LIVE,
		.lossless = feed->params.waits,
		.is_quiet = feed->params.given,
		.ns = s->times == FEED_TIMES_NS,
		.ledger = &feed->ledger,
		.stats = &feed->stats,
	};

	error_set(error, "feeds: %s: no memory", s->name);
	feed->stream = feed_stream_create(&params);
	if (feed->stream && !feed->params.given)
		feed->way = feed_way_open(s, feed->params.waits, error);
	return feed->stream && (feed->way || feed->params.given);
}

struct feed *feed_open(const struct feed_params *params, struct error *error)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	bool ok;

	if (!feed) {
		error_set(error, "feeds: %s: no memory", params->settings->name);
		return NULL;
	}
	feed->params = *params;
	snprintf(feed->output, sizeof(feed->output), "feed:%s", params->settings->name);
	if (params->settings->kind == FEED_INTERFACE) {
		feed->interface = feed_interface_open(
			params->settings->name, params->settings->iface, error);
		feed->stats.readers = feed->interface != NULL;
		ok = feed->interface != NULL;
	} else {
		ok = open_stream(feed, error);
	}
	if (ok)
		return feed;
	feed_close(feed);
	return NULL;
}

static void count_points(struct feed *feed)
{
	struct point_tags_stats points;

	if (!feed->tags)
		return;
	points = point_tags_stats(feed->tags);
	feed->stats.tagged_points = points.configured + points.unknown;
}

bool feed_end(struct feed *feed)
{
	uint64_t readers = feed->stats.readers;

	count_points(feed);
	feed_stream_destroy(feed->stream);
	feed_way_close(feed->way);
	feed_interface_close(feed->interface);
	feed->stream = NULL;
	feed->way = NULL;
	feed->interface = NULL;
	feed->stats.readers = readers; /* at the end */
	feed->is_over = true;
	return feed->ledger.lost_queue == 0 && feed->ledger.lost_disk == 0;
}

bool feed_close(struct feed *feed)
{
	bool whole = !feed || feed_end(feed);

	free(feed);
	return whole;
}

void feed_set_tags(struct feed *feed, struct point_tags *tags)
{
	if (feed->params.settings->tag == FEED_TAG_QINQ)
		feed->tags = tags;
}

bool feed_join(struct feed *feed, int fd, const char *who)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		return false;
	errno = ENOMEM;
	return feed_stream_join(feed->stream, fd, S_ISSOCK(st.st_mode), who);
}

/* --- packets --- */

/* `shares`: its tags are not its point's alone. */
static bool make_frame(struct feed *feed, const struct packet_record *record,
	struct feed_frame *frame, bool *shares)
{
	bool tagged = feed->tags && record->has_vni;
	struct point_tag tag = {0, 0};

	if (tagged)
		tag = point_tags_of(feed->tags, &record->key);
	if (!feed_frame_make(frame, record, tagged ? &tag : NULL, feed->params.settings->cut))
		return false;
	*shares = point_tag_is_shared(tag);
	return true;
}

static void say_lost(struct feed *feed, const char *why, const struct packet_bytes *bytes)
{
	log_limited(&feed->limit, LOG_LEVEL_WARNING,
		"feeds: %s: interface %s: %s; a packet of %" PRIu32 " bytes was lost",
		feed->params.settings->name, feed->params.settings->iface, why,
		bytes->header_len + bytes->cap);
}

static bool put_frame(struct feed *feed, const struct packet_bytes *bytes)
{
	enum feed_sent sent = feed_interface_send(feed->interface, bytes);

	feed->stats.readers = sent != FEED_SENT_GONE;
	switch (sent) {
	case FEED_SENT:
		feed->ledger.written++;
		break;
	case FEED_SENT_LATER:
		if (feed->params.waits)
			return false;
		feed->ledger.lost_queue++;
		break;
	case FEED_SENT_TOO_LONG:
		say_lost(feed, "its MTU is too small", bytes);
		feed->stats.too_long++;
		feed->ledger.lost_disk++;
		break;
	case FEED_SENT_GONE:
		say_lost(feed, strerror(errno), bytes);
		feed->ledger.lost_disk++;
		break;
	}
	return true;
}

/* Nobody reads. */
static bool put_nowhere(struct feed *feed)
{
	if (feed->params.waits)
		return false;
	feed->ledger.lost_queue++;
	feed->stats.no_reader++;
	return true;
}

static bool put_record(
	struct feed *feed, const struct packet_record *record, const struct packet_bytes *bytes)
{
	if (feed_stream_readers(feed->stream) == 0)
		return put_nowhere(feed);
	if (!feed_stream_put(feed->stream, record->time_ns, bytes))
		return false;
	if (feed->params.waits && feed_stream_pending(feed->stream) >= SEND_AT)
		feed_send(feed);
	return true;
}

bool feed_put(struct feed *feed, const struct packet_record *record)
{
	struct feed_frame frame;
	bool taken = true, shares = false;

	if (feed->is_over)
		feed->ledger.lost_disk++;
	else if (!make_frame(feed, record, &frame, &shares))
		feed->ledger.by_policy++;
	else if (feed->interface)
		taken = put_frame(feed, &frame.bytes);
	else
		taken = put_record(feed, record, &frame.bytes);
	feed->ledger.offered += taken;
	feed->stats.shared_tags += taken && shares;
	return taken;
}

/* In replay nobody gets a part of it as if it were all. */
static void end_when_left(struct feed *feed)
{
	if (!feed->params.waits || feed->is_over || feed->stats.readers_joined == 0 ||
		feed->stats.readers > 0)
		return;
	feed->is_over = true;
	log_error("feeds: %s: nobody reads it any more: packets for it are lost, and counted",
		feed->params.settings->name);
}

void feed_leave_out(struct feed *feed)
{
	feed->ledger.offered++;
	feed->ledger.by_policy++;
}

void feed_send(struct feed *feed)
{
	count_points(feed);
	if (!feed->stream)
		return;
	feed_stream_send(feed->stream);
	end_when_left(feed);
	if (feed->way && !feed->is_over)
		feed_way_look(feed->way, feed->stream, now_monotonic());
}

void feed_wait(struct feed *feed, int ms)
{
	struct pollfd fds[FEED_READERS_MAX];
	uint32_t n = feed->stream ? feed_stream_watch(feed->stream, fds) : 0;

	/* An interface says nothing of the room in its queue. */
	if (poll(fds, n, feed->interface && ms > 1 ? 1 : ms) > 0)
		feed_stream_watched(feed->stream, fds);
	feed_send(feed);
}

bool feed_is_behind(const struct feed *feed)
{
	return feed->stream && feed_stream_pending(feed->stream) > 0;
}

bool feed_is_read(const struct feed *feed)
{
	return feed->interface || feed->is_over || feed->stats.readers > 0;
}

const char *feed_output(const struct feed *feed)
{
	return feed->output;
}

const struct settings_feed *feed_settings(const struct feed *feed)
{
	return feed->params.settings;
}

const struct output_ledger *feed_ledger(const struct feed *feed)
{
	return &feed->ledger;
}

const struct feed_stats *feed_stats(const struct feed *feed)
{
	return &feed->stats;
}
