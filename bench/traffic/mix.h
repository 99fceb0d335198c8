/* Traffic of the benchmarks: a number of conversations at once, taken from a mix, a packet at a
 * time. The same parameters give the same packets everywhere.
 *
 * Mixes: datacentre (services, databases, names; most packets are data), dpi (short
 * conversations, most of whose packets nDPI wants), elephants (few large transfers), scan (a SYN
 * a flow), dns (a question and an answer a flow). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum mix_kind { MIX_DATACENTRE, MIX_DPI, MIX_ELEPHANTS, MIX_SCAN, MIX_DNS, MIX_COUNT };

/* As the command line spells it; NULL beyond MIX_COUNT. */
const char *mix_name(unsigned kind);

struct mix_params {
	enum mix_kind kind;
	uint64_t seed;
	uint32_t concurrent; /* conversations at once; 0 = what suits the mix */
	uint32_t sessions;   /* mirror sessions, 1.. */
	uint32_t data_size;  /* payload of a data packet; 0 = what suits the mix */
	uint32_t n_data;     /* data packets a conversation; 0 = what suits the mix */
	uint32_t rate;       /* packets a second; 0 = 10,000 */
};

struct mix_packet {
	const uint8_t *mirrored; /* the packet as it arrives; borrowed until the next call */
	uint32_t mirrored_len;
	const uint8_t *frame; /* the inner frame, part of it */
	uint32_t frame_len;
	uint64_t time_ns;
	uint64_t flow; /* number of its conversation */
};

struct mix;

/* NULL: no memory. */
struct mix *mix_create(const struct mix_params *params);
void mix_destroy(struct mix *mix);

/* Never ends. */
void mix_next(struct mix *mix, struct mix_packet *out);

/* Conversations begun so far. */
uint64_t mix_conversations(const struct mix *mix);
