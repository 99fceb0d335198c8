/* How readers come to a feed: who opens its named pipe, who connects to its port, or whom it connects to.
 * Nothing here waits: while there is no reader it is tried again, after 0.1 s at first and 1.6 s at last
 * (`strict`: always after 0.1 s). One
 * thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/settings/settings.h"
#include "inspect/packets/feed_stream.h"

struct feed_way;

/* Of a feed of kind pipe or pcap_over_ip (borrowed). Binds the port that it listens at. `strict`, in replay: a
 * pipe must be there. NULL: `error` says why. */
struct feed_way *feed_way_open(
	const struct settings_feed *feed, bool strict, struct error *error);
void feed_way_close(struct feed_way *way);

/* Lets readers that have come join. A pipe has one, and so has a connection of ours: then there is nothing
 * to do while `stream` has one. `now_ns` is monotonic. */
void feed_way_look(struct feed_way *way, struct feed_stream *stream, uint64_t now_ns);
