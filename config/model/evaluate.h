/* The rules of a mirror filter, applied one after the other: what `explain` shows, what the
 * compiled matcher is tested against, and what `mirror` decides by. Not for the hot path.
 * Semantics: Traffic Mirroring, "Traffic mirror filters" and the API's words on network services. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/model/model.h"

struct evaluate_packet {
	uint8_t ip_version; /* 4 or 6 */
	uint8_t protocol;
	bool has_ports; /* false: not TCP or UDP, or a fragment whose ports are not known */
	uint16_t src_port, dst_port;
	uint8_t icmp_type; /* of ICMPv6; 0 where it is not known */
	struct ip_addr src, dst;
};

/* The fields of a rule, in the order in which they are compared. */
enum evaluate_field {
	EVALUATE_MATCHED,
	EVALUATE_PROTOCOL,
	EVALUATE_SOURCE_CIDR, /* of another family, or the address lies outside */
	EVALUATE_DESTINATION_CIDR,
	EVALUATE_SOURCE_PORT,
	EVALUATE_DESTINATION_PORT,
};

enum evaluate_by {
	EVALUATE_BY_NO_FILTER, /* the session has none: accepted */
	EVALUATE_BY_DNS,       /* Amazon DNS: accepted when the filter has the service */
	EVALUATE_BY_RULE,
	EVALUATE_BY_NONE, /* no rule matched: rejected */
};

struct evaluate_verdict {
	bool accept;
	enum evaluate_by by;
	const struct model_rule *rule; /* of EVALUATE_BY_RULE, else NULL */
};

/* `filter` and `vpc` may be NULL. */
struct evaluate_verdict evaluate(const struct model_filter *filter, const struct model_vpc *vpc,
	enum model_direction direction, const struct evaluate_packet *packet);

/* Whether some rule could accept a packet whose ports did not arrive, whatever they were. */
bool evaluate_could_accept(const struct model_filter *filter, enum model_direction direction,
	const struct evaluate_packet *packet);

/* The first field of the rule that the packet does not match. */
enum evaluate_field evaluate_rule(
	const struct model_rule *rule, const struct evaluate_packet *packet);

enum { PORT_DNS = 53 };

/* Whether the packet is Amazon DNS: TCP or UDP with PORT_DNS (or a fragment without ports) at a
 * resolver's address: 169.254.169.253, fd00:ec2::253, or the VPC's base + 2. */
bool evaluate_is_dns(const struct model_vpc *vpc, const struct evaluate_packet *packet);

/* The rule's key that did not match (`source_cidr_block`), NULL for EVALUATE_MATCHED. */
const char *evaluate_field_name(enum evaluate_field field);
