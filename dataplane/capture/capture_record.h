/* What the readers of pcap and pcapng have in common: the packets they give, and how they read
 * numbers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "dataplane/capture/capture_link.h"

/* No packet of these link types is longer; libpcap and Wireshark draw the line here, too. */
enum { CAPTURE_CAP_MAX = 262144 };

/* The time of a packet that has none. */
#define CAPTURE_NO_TIME UINT64_MAX

struct capture_record {
	const uint8_t *data; /* in the window, good until the next record; when held, longer */
	uint64_t time_ns;    /* at most INT64_MAX, or CAPTURE_NO_TIME */
	uint32_t cap, wire;  /* as stored: `wire` may be the smaller one */
	uint32_t link_number;
	const struct capture_link *link; /* NULL: a link type that is not read */
};

enum records_status {
	RECORDS_OK,
	RECORDS_ENDED,  /* between two records; nothing is wrong */
	RECORDS_CUT,    /* inside a record; the reader says what was missing */
	RECORDS_BROKEN, /* the reader says why the record cannot be one */
	RECORDS_FULL,   /* lending: exchange the window's buffer, then call again */
	/* The header of another capture file begins where a record would. */
	RECORDS_ANOTHER,
};

static inline uint16_t capture_u16(const uint8_t *at, bool swapped)
{
	uint16_t n;

	memcpy(&n, at, sizeof(n));
	return swapped ? __builtin_bswap16(n) : n;
}

static inline uint32_t capture_u32(const uint8_t *at, bool swapped)
{
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	return swapped ? __builtin_bswap32(n) : n;
}

static inline uint64_t capture_u64(const uint8_t *at, bool swapped)
{
	uint64_t n;

	memcpy(&n, at, sizeof(n));
	return swapped ? __builtin_bswap64(n) : n;
}

/* Whether a capture begins with a section header: looks at `n` bytes, of which 12 are enough to
 * be sure. */
bool capture_blocks_is_header(const uint8_t *at, size_t n);
