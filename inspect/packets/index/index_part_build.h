/* A part of an index while it is built, in memory: its flows, found by their ids, and a line in a log for each
 * packet. For this room alone; index_part_write.c makes bytes of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/packets/index/index_blocks_out.h"

struct index_built_flow {
	uint64_t flow_id, first_ns, last_ns;
	struct ip_addr lo, hi;
	uint32_t packets;
	uint32_t row; /* once they are sorted */
	uint16_t lo_port, hi_port;
	uint16_t point; /* 1 + its place in `points`; 0: none */
	uint8_t protocol, version;
};

struct index_logged {
	uint32_t flow, offset; /* `offset` since that of the part's first packet */
};

struct index_stretch {
	uint64_t first_ns, last_ns; /* without a packet: UINT64_MAX and 0 */
};

/* Packets wait for so many others before they are counted: meanwhile the memory of their flows comes. */
enum { INDEX_WAITING = 16, INDEX_WAITING_HALF = INDEX_WAITING / 2 };

struct index_waiting {
	struct index_flow flow;
	uint64_t time_ns, offset, hash;
};

enum { INDEX_STRETCHES_MAX = (INDEX_PART_BYTES >> INDEX_STRETCH_BITS) + 2 };

struct index_build {
	uint64_t first_offset, last_offset, first_ns, last_ns;
	uint64_t salt; /* of the places in `slots`: a secret */

	struct index_built_flow *flows;
	uint32_t n_flows, flows_room;
	uint32_t *slots; /* 1 + number of a flow; 0: free. Twice as many as `flows_room` */

	struct index_logged *log;
	uint32_t n_packets, log_room;

	struct session_key *points;
	uint32_t n_points, points_room;
	uint32_t *point_slots; /* as `slots` */

	struct index_stretch *stretches; /* INDEX_STRETCHES_MAX */
	struct index_waiting waiting[INDEX_WAITING];
	uint64_t came,
		counted; /* packets so far; those between wait, each at its number modulo INDEX_WAITING */
	size_t writing; /* the most bytes that index_part_write() had for a part */
};

/* false: no memory. Then, too, index_build_fini() follows. */
bool index_build_init(struct index_build *build);
void index_build_fini(struct index_build *build);
/* For the next part; keeps the memory. */
void index_build_reset(struct index_build *build);

enum index_build_status {
	INDEX_BUILD_OK,
	INDEX_BUILD_FULL, /* not taken: the part is to be written first */
	INDEX_BUILD_NO_MEMORY,
};
/* Takes a packet in, when index_build_waits() says that there is room. */
void index_build_put(struct index_build *build, const struct index_packet *packet);
static inline uint64_t index_build_waits(const struct index_build *build)
{
	return build->came - build->counted;
}
/* Counts the packet that has waited longest. */
enum index_build_status index_build_count(struct index_build *build);

size_t index_build_memory(const struct index_build *build);

/* Writes the part, which has packets, and fills in its entry of the directory. false: no memory. */
bool index_part_write(
	struct index_build *build, struct index_blocks_out *out, uint8_t entry[INDEX_ENTRY]);
