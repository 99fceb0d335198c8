/* Puts outer IP fragments (RFC 791, 8200) of mirror traffic together, before decapsulation. For
 * replay alone: live, AWS cuts what is too long and sends no fragments, and holding packets
 * would hold their buffers.
 *
 * Bounded: DEFRAG_DATAGRAMS at a time, 65,535 bytes each, and DEFRAG_TIMEOUT_NS of packet time
 * between the first fragment that came and the last; the oldest datagram gives way. When a
 * fragment overlaps another, its datagram is refused (RFC 5722, 8200), and so are the fragments
 * of it that still come. Fragments add up: taken = joined + left + overlapping + those that
 * completed a packet + those that wait. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/decap.h"

enum { DEFRAG_DATAGRAMS = 64 };
#define DEFRAG_TIMEOUT_NS UINT64_C(30000000000)

struct defrag;

struct defrag_counts {
	uint64_t joined;      /* became part of a whole packet, and were not the last of it */
	uint64_t left;        /* of datagrams that never became whole */
	uint64_t overlapping; /* of datagrams whose fragments overlap */
	uint64_t overflow;    /* datagrams that gave way to others: a capacity limit was hit */
};

enum defrag_status {
	DEFRAG_NONE,  /* not a fragment of mirror traffic: the caller goes on with it */
	DEFRAG_TAKEN, /* kept or refused, and counted */
	DEFRAG_WHOLE, /* the datagram is complete: `p` is it now */
};

/* NULL: no memory. */
struct defrag *defrag_create(const struct decap_params *params);
void defrag_destroy(struct defrag *defrag);

/* True for a packet that may be an outer fragment: a quick check that lets all others pass. IPv4
 * behind untagged Ethernet is decided here; all else is for defrag_add(). */
static inline bool defrag_may_be(const uint8_t *data, uint32_t cap, enum link link)
{
	if (link != LINK_ETHERNET || cap < 22)
		return true;
	return data[12] != 0x08 || data[13] != 0 || (data[20] & 0x3f) | data[21];
}

/* Takes a packet that defrag_may_be() lets through: `data`, `cap`, `wire`, `time_ns` and `link` are set.
 * `all`: whatever is fragmented; else only datagrams whose first fragment comes first and is UDP to a
 * port of mirror traffic. DEFRAG_WHOLE: they are those of the packet made whole, as if it had come in one with the last
 * fragment; the bytes are the defrag's until the next call. */
enum defrag_status defrag_add(struct defrag *defrag, struct packet *p, bool all);

/* No more packets come: fragments that wait are counted as `left`. */
void defrag_end(struct defrag *defrag);

struct defrag_counts defrag_counts(const struct defrag *defrag);
