/* A name of DNS as a tunnel would make it: much text in front of the domain that somebody has registered, which is where
 * the tunnel's own server is (Public Suffix List). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TUNNEL_NAME = 1024, TUNNEL_DOMAIN = 128 };

struct tunnel_name {
	char text[TUNNEL_NAME + 1]; /* in lower case, with a NUL */
	size_t len;
	const char *
		domain; /* in `text`: what was registered, to its end; "": no such name can be */
	size_t own;     /* bytes in front of it, with the dots within */
};

/* `name` in presentation form, any bytes. false: there are fewer than `least` bytes in front of what was registered; or
 * it is a name for an address (RFC 5855), or of the link (RFC 6762), or not a domain that can be registered. */
bool tunnel_name_read(const char *name, size_t len, uint32_t least, struct tunnel_name *out);
