/* What a record of somebody's says of a conversation: between whom, how and when; and the expression
 * (inspect/packets/expression/expression.h) that its packets are asked by, of either direction. Plain data. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/parse/addr.h"

struct question_ends {
	struct ip_addr src, dst; /* of one family */
	uint8_t ip_version;
	bool has_protocol, has_ports, has_vni;
	uint8_t protocol; /* IANA */
	uint16_t src_port, dst_port;
	uint32_t vni;
	uint64_t from_ns, to_ns; /* what it covers, inclusive */
	uint64_t flow_id;        /* of an event of ours; 0: it does not say one */
};

enum { QUESTION_TEXT = 1024 };

/* The packets between these ends, at any time. Of protocols without ports, and where either port is not known, ports are
 * not asked. Returns `text`. */
const char *question_ends_print(const struct question_ends *ends, char text[QUESTION_TEXT]);
/* The same within the time that the record covers, give or take `around_ns`. */
const char *question_ends_print_within(
	const struct question_ends *ends, uint64_t around_ns, char text[QUESTION_TEXT]);

/* The number of a protocol by its number or its usual name, in any case. Of "icmp" that of the IP version. */
bool question_protocol(const char *text, uint8_t ip_version, uint8_t *number);
/* Both addresses and their family. false: one is none, or they are of different families. */
bool question_addresses(struct question_ends *ends, const char *src, const char *dst);
