/* The packets of one of several captures, each with the time by which it is merged. Where a
 * packet's time jumps, up to PACKET_TIMES_AHEAD packets behind it are read ahead and copied, to
 * see whether time comes back (packet_times.h). Else one such packet would keep the rest of its
 * capture until all others are at their end. For input.c; one thread. */
#pragma once

#include "dataplane/capture/input_capture.h"
#include "dataplane/capture/packet_times.h"

struct capture_ahead_packet {
	struct input_packet packet;
	struct input_place place;
	uint8_t *bytes; /* packet.data, and its comment behind that; owned */
};

struct capture_ahead {
	struct capture *capture; /* borrowed */
	/* The next packet, good until the next call; and its time, or that of the packet before it where
	 * it jumps for a moment. */
	const struct input_packet *head;
	struct input_place place; /* of it */
	uint64_t merge_ns;

	struct capture_ahead_packet *packets; /* read ahead, in their order */
	uint32_t n;
	bool is_given;              /* the first of them is `head` */
	enum capture_status behind; /* what comes after them; CAPTURE_OK: not known */
};

void capture_ahead_init(struct capture_ahead *ahead, struct capture *capture);
void capture_ahead_fini(struct capture_ahead *ahead);

/* As capture_next(): CAPTURE_OK with `head` and `merge_ns` set, CAPTURE_ENDED or CAPTURE_BROKEN, the two
 * only after all that was read ahead was given. Not for a capture that lends. */
enum capture_status capture_ahead_next(struct capture_ahead *ahead);
