/* An IP address: 16 bytes in network order, IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). Which
 * family a packet was is said beside it (`ip_version`), never guessed from the bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ip_addr {
	uint8_t byte[16];
};

enum { IP_ADDR_TEXT = 46 }; /* room for the longest text and its NUL */

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

/* True for ::ffff:a.b.c.d. */
bool ip_addr_is_v4(const struct ip_addr *a);

/* As inet_ntop prints it, dotted for IPv4; returns the length without the NUL. */
size_t ip_addr_print(const struct ip_addr *a, char text[IP_ADDR_TEXT]);

/* Reads either family; false when `text` is neither. */
bool ip_addr_parse(const char *text, struct ip_addr *out);
