/* A block of IP addresses: ADDRESS/LENGTH (RFC 4632, RFC 4291 2.3). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/parse/addr.h"

struct cidr {
	struct ip_addr addr;
	uint8_t bits; /* 0..32 or 0..128, as written: of an IPv4 address, not of its mapping */
	uint8_t ip_version; /* 4 or 6 */
};

enum { CIDR_TEXT = 50 };

/* The whole text must be one. Bits beyond the length may be set. */
bool cidr_parse(const char *text, struct cidr *out);
/* The same, or an address alone: the block that has no other. */
bool cidr_or_address_parse(const char *text, struct cidr *out);
void cidr_print(const struct cidr *cidr, char text[CIDR_TEXT]);
/* Clears what lies beyond the length; true when something did. */
bool cidr_clear_host_bits(struct cidr *cidr);
/* Whether the address lies in the block; the families must be equal. */
bool cidr_holds(const struct cidr *cidr, uint8_t ip_version, const struct ip_addr *addr);
