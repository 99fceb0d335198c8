/* What a packet file of ours tells when it is read again (packet_file.h): that it is one, and, by a packet's comment,
 * its session and its flow. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/parse/session_key.h"

/* Whether a capture that begins with these bytes is a pcapng file of ours: 256 of them tell. */
enum { RECORDED_LOOK = 256 };
bool recorded_is(const uint8_t *bytes, size_t len);

struct recorded {
	bool has_vni;
	struct session_key key; /* all 0 without a VNI */
	uint64_t flow_id;       /* 0: the packet reached no flow */
	uint32_t rule_number;   /* 0: none */
	const char *refused; /* bucket of a packet that was refused; static. NULL: it was not */
};

/* Reads `vni=42 outer_src=10.0.0.1 rule=100 flow=00112233aabbccdd refused=rule_none`, any words of which may be missing; what is not
 * understood is as if it were not there. */
struct recorded recorded_read(const char *comment, size_t len);
