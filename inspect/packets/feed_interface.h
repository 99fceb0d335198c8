/* Sends frames out of an interface of this machine (packet(7)), such as a veth or a tap whose other end a
 * program reads. One thread; the descriptor needs CAP_NET_RAW when it is opened, and not later. */
#pragma once

#include "config/log/error.h"
#include "inspect/packets/pcapng.h"

enum feed_sent {
	FEED_SENT,
	FEED_SENT_LATER,    /* its queue is full */
	FEED_SENT_TOO_LONG, /* for its MTU */
	FEED_SENT_GONE,     /* there is none of that name, or it is down: errno says which */
};

struct feed_interface;

/* NULL: `error` says why. It must be there, and have Ethernet frames. */
struct feed_interface *feed_interface_open(
	const char *feed, const char *name, struct error *error);
void feed_interface_close(struct feed_interface *interface);

/* After FEED_SENT_GONE it is looked for again, by its name, once a second. */
enum feed_sent feed_interface_send(
	struct feed_interface *interface, const struct packet_bytes *bytes);
