/* A feed: decapsulated packets for another program, as they come (settings, `feeds`). A named pipe and a TCP
 * connection get classic pcap of LINKTYPE_ETHERNET (feed_stream.h), an interface gets frames
 * (feed_interface.h); both perhaps with the VLAN tags of observation points (feed_frame.h).
 *
 *     offered = written + by_policy + lost_queue + lost_disk
 *
 * by_policy    left out by its expression; too short to be tagged
 * lost_queue   nobody read it (`no_reader`, live); the interface's queue was full (live)
 * lost_disk    the last reader went and had not taken it; the interface was gone, or takes none so long
 *              (`too_long`); in replay all that came after the reader had gone
 *
 * Live nothing here waits. In replay (`waits`) feed_put() refuses until there is a reader and room, and the
 * caller waits with feed_wait(); once its readers have gone there are no more. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/settings/settings.h"
#include "decap/counters/counters.h"
#include "inspect/packets/packet_file.h"
#include "inspect/packets/point_tags.h"
#include "inspect/record/sink.h"

struct feed;

struct feed_params {
	const struct settings_feed *settings; /* borrowed */
	bool waits;
	/* Its readers come by feed_join(); nobody looks at the path or address of the settings. */
	bool given;
};

/* Opens what needs rights: an interface, the port that it listens at. NULL: `error` says why. */
struct feed *feed_open(const struct feed_params *params, struct error *error);
/* Closes readers; what they have not taken is lost, and what comes now, too (lost_disk). The ledger and what
 * else was counted stay. Legal twice. false: packets were lost. */
bool feed_end(struct feed *feed);
/* The same, and frees. NULL is legal. */
bool feed_close(struct feed *feed);

/* Before the first packet, where the settings want tags: where numbers come from (borrowed). */
void feed_set_tags(struct feed *feed, struct point_tags *tags);

/* One more reader, of a feed whose readers are given: a pipe or a stream socket, such as a program's standard
 * input, the feed's from now on. false: errno, and it is the caller's. */
bool feed_join(struct feed *feed, int fd, const char *who);

/* false: not now; it was not counted, and is to be offered again. A packet of a tagged feed without an
 * observation point goes as it is. */
bool feed_put(struct feed *feed, const struct packet_record *record);
/* A packet that its expression (settings, `what`) does not take: counted. */
void feed_leave_out(struct feed *feed);
/* Gives readers what they take now, and lets new ones join. */
void feed_send(struct feed *feed);
/* Waits until a reader takes more, or comes, but no longer than `ms`. */
void feed_wait(struct feed *feed, int ms);
/* There are readers, and they have not taken all yet. Not after its end. */
bool feed_is_behind(const struct feed *feed);
/* It has a reader, or had its last one; an interface always has. */
bool feed_is_read(const struct feed *feed);

/* Its name among the outputs: "feed:" and that of the settings. */
const char *feed_output(const struct feed *feed);
const struct settings_feed *feed_settings(const struct feed *feed);
const struct output_ledger *feed_ledger(const struct feed *feed);
const struct feed_stats *feed_stats(const struct feed *feed);
