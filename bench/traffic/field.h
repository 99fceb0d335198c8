/* A field of mirrored packets in memory, as a port's buffers would lie there: each in a buffer of
 * its own, visited in random order, of many flows that were all seen before (and, on request,
 * some that were not). One interface a session; a flow's server is that interface. */
#pragma once

#include <stdint.h>

enum { FIELD_SERVERS = 0x0a800000, FIELD_OUTER = 0x0afd0000, FIELD_VNI = 1000 };

struct field_params {
	uint32_t packets;
	uint32_t flows, sessions;
	uint32_t size;        /* of an inner frame, less its Ethernet header */
	uint32_t new_percent; /* of the packets: each the first of its flow */
};

struct field {
	struct field_params params;
	uint8_t *bytes; /* `packets` buffers of `stride` bytes */
	uint32_t stride, len;
	uint32_t *order; /* of the packets, random */
	uint32_t *flow;  /* of each packet; from params.flows on: a new one */
};

/* NULL: no memory. */
struct field *field_create(const struct field_params *params);
void field_destroy(struct field *field);
