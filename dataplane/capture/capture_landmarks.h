/* Where a capture says how what follows is to be read: the header of a pcap file, and of pcapng each section header
 * and interface description. Whoever reads a packet at an offset reads those before it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { CAPTURE_LANDMARKS_MAX = 1 << 16 }; /* bounds what a capture can ask for */

struct capture_landmarks {
	uint64_t *at; /* bytes of the (decompressed) capture, ascending; owned */
	uint32_t n, room;
	bool lost; /* there are more, or there was no memory */
};

/* An offset that was there already is not added again. NULL: nobody wants to know. */
static inline void capture_landmarks_add(struct capture_landmarks *l, uint64_t offset)
{
	uint32_t room;
	uint64_t *at;

	if (!l || l->lost || (l->n > 0 && l->at[l->n - 1] >= offset))
		return;
	if (l->n == l->room) {
		room = l->room ? 2 * l->room : 4;
		at = l->n < CAPTURE_LANDMARKS_MAX ? realloc(l->at, room * sizeof(*at)) : NULL;
		l->lost = !at;
		if (!at)
			return;
		l->at = at;
		l->room = room;
	}
	l->at[l->n++] = offset;
}
