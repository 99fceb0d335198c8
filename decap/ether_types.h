/* Ether types of the inner frames that are not IP, counted: one number for each of the 65,536, so
 * what was counted by several workers adds up to the same in any order. Memory is touched only where
 * something is counted. */
#pragma once

#include <stdint.h>

#include "decap/packet.h"

struct ether_types {
	uint64_t packets[1 << 16];
};

enum { ETHER_TYPES_TOP = 16 };

struct ether_type_row {
	uint16_t type; /* 0: none is named; 2: LLC that is no IP */
	uint64_t packets;
};

/* Zeroed. NULL: no memory. free() ends it. */
struct ether_types *ether_types_create(void);
/* A packet that decap refused as REASON_inner_not_ip. */
void ether_types_count(struct ether_types *types, const struct packet *p);
void ether_types_add(struct ether_types *to, const struct ether_types *from);

/* The most frequent ones, of equal counts the lowest types first; returns how many. `*others`: packets
 * of all further ones. */
uint32_t ether_types_top(const struct ether_types *types,
	struct ether_type_row top[ETHER_TYPES_TOP], uint64_t *others);

/* "ARP", "LLC", ...; NULL: not known here. A static string. */
const char *ether_type_name(uint16_t type);
