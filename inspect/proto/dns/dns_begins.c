/* DNS on ports that are not its own, by its looks alone. Stricter than the parser, which reads what is DNS already. */
#include <ctype.h>

#include "decap/cursor.h"
#include "inspect/proto/dns/dns.h"

enum {
	NAME_MAX = 255,
	LABEL_MAX = 63,
	NETBIOS_LABEL = 32,
	FLAGS_RESPONSE = 0x8000,
	/* What no question has: an opcode, a reserved bit, or what only answers say. */
	FLAGS_NOT_ASKED = 0x7e00 | 0x0080 | 0x0040 | 0x000f,
	FLAGS_NOT_ANSWERED = 0x7800 | 0x0040,
	CLASS_IN = 1,
	ADDITIONAL_MAX = 2,
	ROOT_RECORD_HEAD = 11, /* name, type, class, TTL, data length */
};

/* NetBIOS asks for its names in DNS's form: 16 bytes, of which each half is a letter (RFC 1001, 14.1). */
static bool is_netbios(const uint8_t *label, uint8_t len)
{
	for (uint8_t i = 0; i < len; i++)
		if (label[i] < 'A' || label[i] > 'P')
			return false;
	return len == NETBIOS_LABEL;
}

/* A name of letters, digits, hyphens and underscores, of one label or more, none of them NetBIOS's. */
static bool take_plain_name(struct cursor *c)
{
	uint32_t bytes = 0;
	const uint8_t *len, *label;

	while ((len = cursor_take(c, 1)) && *len) {
		bytes += *len + 1u;
		if (*len > LABEL_MAX || bytes > NAME_MAX || !(label = cursor_take(c, *len)))
			return false;
		if (is_netbios(label, *len))
			return false;
		for (uint8_t i = 0; i < *len; i++)
			if (!isalnum(label[i]) && label[i] != '-' && label[i] != '_')
				return false;
	}
	return len && bytes;
}

/* One question of class IN, of a type that has a name. */
static bool take_question(struct cursor *c)
{
	const uint8_t *tail = take_plain_name(c) ? cursor_take(c, 4) : NULL;

	return tail && dns_type_name(be16(tail)) && be16(tail + 2) == CLASS_IN;
}

/* Records of the root may follow a question, as EDNS does (RFC 6891, 6.1.2), and nothing else. What was cut off is
 * taken to be one. */
static bool is_end(struct cursor c, uint16_t n_additional)
{
	const uint8_t *h;

	if (n_additional > ADDITIONAL_MAX)
		return false;
	for (unsigned i = 0; i < n_additional; i++) {
		h = cursor_take(&c, ROOT_RECORD_HEAD);
		if (!h)
			return c.status == CURSOR_CUT;
		if (h[0])
			return false;
		/* A first fragment that was cut says less than there is. */
		if (be16(h + ROOT_RECORD_HEAD - 2) > c.wire)
			return c.cap < c.wire;
		cursor_skip(&c, be16(h + ROOT_RECORD_HEAD - 2));
	}
	return c.wire == 0;
}

bool dns_begins(struct cursor datagram)
{
	const uint8_t *h = cursor_take(&datagram, DNS_HEADER);

	if (!h || be16(h + 4) != 1)
		return false;
	if (be16(h + 2) & FLAGS_RESPONSE)
		return !(be16(h + 2) & FLAGS_NOT_ANSWERED) && take_question(&datagram);
	return !(be16(h + 2) & FLAGS_NOT_ASKED) && !be16(h + 6) && !be16(h + 8) &&
	       take_question(&datagram) && is_end(datagram, be16(h + 10));
}
