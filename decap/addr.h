/* The text of IP addresses; the type itself is config/addr.h's, which the mirror model shares. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/addr.h"

enum { IP_ADDR_TEXT = 46 }; /* room for the longest text and its NUL */

/* True for ::ffff:a.b.c.d. */
bool ip_addr_is_v4(const struct ip_addr *a);

/* As inet_ntop prints it, dotted for IPv4; returns the length without the NUL. */
size_t ip_addr_print(const struct ip_addr *a, char text[IP_ADDR_TEXT]);

/* Reads either family; false when `text` is neither. */
bool ip_addr_parse(const char *text, struct ip_addr *out);
