/* The text of IP addresses, and the way packets fill them in; the type itself is config/parse/addr.h's,
 * which the mirror model shares. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/parse/addr.h"

enum { IP_ADDR_TEXT = 46 }; /* room for the longest text and its NUL */

/* As ip_addr_v4, but in place: on the hot path a temporary costs a stall (narrow stores, one wide
 * load), and there are three addresses per packet. */
static inline void ip_addr_set_v4(struct ip_addr *a, const uint8_t b[4])
{
	uint32_t address;
	uint64_t tail;

	memcpy(&address, b, sizeof(address));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	tail = 0xffff0000 | (uint64_t)address << 32;
#else
	tail = 0x0000ffff00000000 | address;
#endif
	memset(a->byte, 0, 8);
	memcpy(a->byte + 8, &tail, sizeof(tail));
}

/* True for ::ffff:a.b.c.d. */
bool ip_addr_is_v4(const struct ip_addr *a);

/* As inet_ntop prints it, dotted for IPv4; returns the length without the NUL. */
size_t ip_addr_print(const struct ip_addr *a, char text[IP_ADDR_TEXT]);

/* Reads either family; false when `text` is neither. */
bool ip_addr_parse(const char *text, struct ip_addr *out);
