/* IP headers: IPv4 (RFC 791) and IPv6 with its extension headers (RFC 8200, 4302, 6275, 7401,
 * 5533). Lengths are reported as the header claims them; whether a claim larger than the frame is
 * a lie (outer) or a cut (inner, whose frame nobody vouches for) is the caller's to judge. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "decap/addr.h"
#include "decap/cursor.h"
#include "decap/packet.h"

enum {
	IP_EXTENSIONS_MAX = 16, /* a longer chain counts as a lie */
};

enum ip_status {
	IP_OK,
	IP_CUT,     /* cut before both addresses */
	IP_SHORT,   /* the frame itself claims fewer bytes than the fixed header */
	IP_VERSION, /* the version does not fit the ether type */
	IP_HEADER,  /* IPv4 header length below 20; IPv6 extension headers beyond the packet */
	IP_LENGTH,  /* the packet claims to be shorter than its header */
	IP_STATUS_COUNT,
};

struct ip_header {
	const uint8_t *at;    /* the header's first byte, borrowed from the cursor */
	uint32_t cap, len;    /* readable, without link padding; claimed */
	uint32_t fragment_id; /* 0 when not a fragment */
	uint16_t l4;          /* offset from `at`; <= len, but may be > cap */
	uint16_t flags;       /* PACKET_FRAGMENT, PACKET_LATER_FRAGMENT */
	uint8_t version, protocol;
	uint8_t id_low; /* of an IPv4 packet that is no fragment; else 0 */
	bool cut;       /* cut inside the extension headers: `protocol` may be one of them */
};

/* Reads the header at `c` (which does not move). `h` is set when the result is IP_OK, which says
 * that both addresses arrived. */
enum ip_status ip_read(const struct cursor *c, uint16_t ether, struct ip_header *h);

/* The identification of a fragment that decap accepted, read again from its header (fragments
 * are rare); 0 for other packets. */
uint32_t ip_fragment_id(const struct packet *p);

/* Bytes of an extension header of this kind, whose first two are at `b`. */
uint32_t ip_extension_size(uint8_t kind, const uint8_t *b);

/* True for the number of an IPv6 extension header (ESP and No Next Header are none to us). */
bool ip_is_extension(uint8_t protocol);

/* The address of 4 or 16 bytes at `b`, by the header's version. */
static inline void ip_addr_set(struct ip_addr *a, const struct ip_header *h, const uint8_t *b)
{
	if (h->version == 4)
		ip_addr_set_v4(a, b);
	else
		memcpy(a->byte, b, sizeof(a->byte));
}

static inline void ip_source(const struct ip_header *h, struct ip_addr *a)
{
	ip_addr_set(a, h, h->at + (h->version == 4 ? 12 : 8));
}

static inline void ip_destination(const struct ip_header *h, struct ip_addr *a)
{
	ip_addr_set(a, h, h->at + (h->version == 4 ? 16 : 24));
}
