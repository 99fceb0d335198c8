/* Traffic of the benchmarks: a number of conversations at once, taken from a mix, a packet at a
 * time. The same parameters give the same packets everywhere.
 *
 * Mixes: datacentre (services, databases, names; most packets are data), dpi (short
 * conversations, most of whose packets nDPI wants), elephants (few large transfers), scan (a SYN
 * a flow), dns (a question and an answer a flow). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum traffic_mix { MIX_DATACENTRE, MIX_DPI, MIX_ELEPHANTS, MIX_SCAN, MIX_DNS, MIX_COUNT };

/* As the command line spells it; NULL beyond MIX_COUNT. */
const char *traffic_mix_name(unsigned mix);

struct traffic_params {
	enum traffic_mix mix;
	uint64_t seed;
	uint32_t concurrent; /* conversations at once; 0 = what suits the mix */
	uint32_t sessions;   /* mirror sessions, 1.. */
	uint32_t data_size;  /* payload of a data packet; 0 = what suits the mix */
	uint32_t n_data;     /* data packets a conversation; 0 = what suits the mix */
	uint32_t rate;       /* packets a second; 0 = 10,000 */
};

struct traffic_packet {
	const uint8_t *mirrored; /* the packet as it arrives; borrowed until the next call */
	uint32_t mirrored_len;
	const uint8_t *frame; /* the inner frame, part of it */
	uint32_t frame_len;
	uint64_t time_ns;
	uint64_t flow; /* number of its conversation */
};

struct traffic;

/* NULL: no memory. */
struct traffic *traffic_create(const struct traffic_params *params);
void traffic_destroy(struct traffic *traffic);

/* Never ends. */
void traffic_next(struct traffic *traffic, struct traffic_packet *out);

/* Conversations begun so far. */
uint64_t traffic_flows(const struct traffic *traffic);
