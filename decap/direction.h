/* The direction of a mirrored packet, relative to its source interface (EC2 API: ingress arrives
 * at the interface, egress leaves it). By the interface's MAC in the inner Ethernet header, else
 * by its addresses, else by the outer source address, which AWS makes the interface's primary
 * one. The first of these that names exactly one side decides. */
#pragma once

#include "decap/packet.h"

struct model_interface;

enum direction_by {
	DIRECTION_BY_NOTHING,
	DIRECTION_BY_MAC,
	DIRECTION_BY_ADDRESS,
	DIRECTION_BY_OUTER_SOURCE,
};

/* `eni`: the source interface, or NULL when it is not known. `by` may be NULL. Needs a packet
 * that decap accepted, with PACKET_HAS_VNI. */
enum direction direction_of(
	const struct packet *p, const struct model_interface *eni, enum direction_by *by);

/* "mac", "address", "outer_source", or NULL; static. */
const char *direction_by_name(enum direction_by by);
/* "ingress", "egress", or NULL; static. */
const char *direction_name(enum direction direction);
