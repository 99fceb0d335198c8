#include "dataplane/capture/capture_ahead.h"

#include <stdlib.h>
#include <string.h>

/* The packet that jumps, and those that may speak against it. */
enum { QUEUE = 1 + PACKET_TIMES_AHEAD };

void capture_ahead_init(struct capture_ahead *ahead, struct capture *capture)
{
	*ahead = (struct capture_ahead){.capture = capture, .head = &capture->head};
}

void capture_ahead_fini(struct capture_ahead *ahead)
{
	for (uint32_t i = 0; i < ahead->n; i++)
		free(ahead->packets[i].bytes);
	free(ahead->packets);
}

static bool jumps(uint64_t before_ns, uint64_t time_ns)
{
	uint64_t way = before_ns > time_ns ? before_ns - time_ns : time_ns - before_ns;

	return before_ns && way > PACKET_TIMES_JUMP_NS;
}

/* The packet that the capture has just read goes to the end of the queue. */
static bool keep(struct capture_ahead *a)
{
	const struct input_packet *packet = &a->capture->head;
	struct input_place place = capture_place(a->capture);
	struct capture_ahead_packet *kept;

	if (!a->packets)
		a->packets = malloc(QUEUE * sizeof(*a->packets));
	if (!a->packets)
		return false;
	kept = &a->packets[a->n];
	kept->packet = *packet;
	kept->packet.data = kept->bytes = malloc(packet->cap + (size_t)place.comment_len + 1);
	if (!kept->bytes)
		return false;
	memcpy(kept->bytes, packet->data, packet->cap);
	if (place.comment_len > 0)
		memcpy(kept->bytes + packet->cap, packet->data + place.comment,
			place.comment_len);
	place.comment = packet->cap;
	kept->place = place;
	a->n++;
	return true;
}

/* Reads on, while there is room. */
static void fill(struct capture_ahead *a)
{
	while (a->n < QUEUE && a->behind == CAPTURE_OK) {
		a->behind = capture_next(a->capture);
		if (a->behind == CAPTURE_OK && !keep(a)) {
			capture_say(a->capture, "no memory");
			a->behind = CAPTURE_BROKEN;
		}
	}
}

/* The time of the first of the queue, as packet_times.h settles it. */
static uint64_t settled(const struct capture_ahead *a)
{
	uint64_t times[QUEUE] = {0};

	for (uint32_t i = 0; i < a->n; i++)
		times[i] = a->packets[i].packet.time_ns;
	packet_times_settle(times, a->n, a->merge_ns, 0);
	return times[0];
}

/* Takes the first of the queue as the next packet. */
static enum capture_status __attribute__((cold, noinline)) give_kept(struct capture_ahead *a)
{
	a->head = &a->packets[0].packet;
	a->place = a->packets[0].place;
	a->is_given = true;
	if (jumps(a->merge_ns, a->head->time_ns)) {
		fill(a);
		a->merge_ns = settled(a);
	} else {
		a->merge_ns = a->head->time_ns;
	}
	return CAPTURE_OK;
}

static void __attribute__((cold, noinline)) drop_given(struct capture_ahead *a)
{
	free(a->packets[0].bytes);
	memmove(a->packets, a->packets + 1, --a->n * sizeof(*a->packets));
	a->is_given = false;
}

enum capture_status capture_ahead_next(struct capture_ahead *ahead)
{
	const struct input_packet *read = &ahead->capture->head;

	if (ahead->is_given)
		drop_given(ahead);
	if (ahead->n > 0)
		return give_kept(ahead);
	if (ahead->behind == CAPTURE_OK)
		ahead->behind = capture_next(ahead->capture);
	if (ahead->behind != CAPTURE_OK)
		return ahead->behind;
	if (jumps(ahead->merge_ns, read->time_ns)) {
		if (keep(ahead))
			return give_kept(ahead);
		capture_say(ahead->capture, "no memory");
		return ahead->behind = CAPTURE_BROKEN;
	}
	ahead->head = read;
	ahead->place = capture_place(ahead->capture);
	ahead->merge_ns = read->time_ns;
	return CAPTURE_OK;
}
