/* An IP address: 16 bytes in network order, IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). Which
 * family it is of is said beside it (`ip_version`), never guessed from the bytes. decap/addr.h
 * prints and reads it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct ip_addr {
	uint8_t byte[16];
};

static inline struct ip_addr ip_addr_v4(const uint8_t b[4])
{
	struct ip_addr a = {.byte = {[10] = 0xff, [11] = 0xff, [12] = b[0], b[1], b[2], b[3]}};

	return a;
}

static inline struct ip_addr ip_addr_v6(const uint8_t b[16])
{
	struct ip_addr a;

	memcpy(a.byte, b, sizeof(a.byte));
	return a;
}

static inline bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return memcmp(a->byte, b->byte, sizeof(a->byte)) == 0;
}
