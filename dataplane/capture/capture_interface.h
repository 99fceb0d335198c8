/* An interface of a pcapng capture: what its description says of the packets that name it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/capture/capture_link.h"

struct capture_interface {
	const struct capture_link *link; /* NULL: not read */
	uint32_t link_number;
	uint32_t snaplen; /* 0: no limit. Only Simple Packet Blocks need it */
	uint64_t
		unit_ns; /* of its times; 0: `resolution` and `offset_s` have to be looked at */
	int64_t offset_s;   /* if_tsoffset */
	uint8_t resolution; /* if_tsresol */
};

/* What lies between the two lengths of an Interface Description Block
 * (draft-ietf-opsawg-pcapng, section 4.2): `len` bytes at `body`. Options whose length is not
 * theirs are left out of account, and of several alike all but the first. NULL, or what is wrong
 * (a static string). */
const char *capture_interface_read(
	struct capture_interface *i, const uint8_t *body, size_t len, bool swapped);

uint64_t capture_interface_time_odd(const struct capture_interface *i, uint64_t time);

/* Nanoseconds since 1970 of a time as a packet block has it; what is out of range becomes 0 or
 * INT64_MAX. */
static inline uint64_t capture_interface_time(const struct capture_interface *i, uint64_t time)
{
	uint64_t ns;

	if (i->unit_ns == 0)
		return capture_interface_time_odd(i, time);
	return __builtin_mul_overflow(time, i->unit_ns, &ns) || ns > INT64_MAX ? INT64_MAX : ns;
}
