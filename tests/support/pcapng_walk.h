/* Reads pcapng files block by block, as draft-ietf-opsawg-pcapng says, for tests of what was
 * written: neither with libpcap nor with the writer's own code. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pcapng_seen {
	bool whole; /* whole blocks, each with equal lengths at both ends */
	uint16_t link;
	uint32_t sections, packets;
	uint32_t interfaces, named; /* of the last section; those with a name */
	uint32_t statistics;        /* blocks */
	uint64_t counted;           /* packets that these claim to have received */
};

struct pcapng_walked {
	const uint8_t *frame;
	uint32_t cap, wire, interface;
	char comment[256]; /* "": none */
};

/* Little-endian files of one link type only. `packet` may be NULL. */
struct pcapng_seen pcapng_walk(const void *bytes, size_t len,
	void (*packet)(void *ctx, const struct pcapng_walked *packet), void *ctx);
