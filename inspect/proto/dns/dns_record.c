/* The data of a record as zone files have it (RFC 1035, 5.1), without final dots of names: TXT as
 * its strings joined, which is what they mean (RFC 7208, 3.3). Types that are not read here print as
 * the type and RFC 3597's form: `TYPE65280 \# 2 abcd`. */
#include <netinet/in.h>
#include <string.h>

#include "inspect/flow/addr_text.h"
#include "inspect/proto/dns/dns_inside.h"

enum {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_HINFO = 13,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_RP = 17,
	TYPE_AFSDB = 18,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	TYPE_NAPTR = 35,
	TYPE_KX = 36,
	TYPE_DNAME = 39,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	TYPE_SPF = 99,
	TYPE_URI = 256,
	TYPE_CAA = 257,
};

static void read_names(
	const struct message *m, struct cursor *c, struct dns_text *t, unsigned count)
{
	for (unsigned i = 0; i < count && c->status == CURSOR_OK; i++) {
		if (i)
			dns_byte(t, ' ');
		name_read(m, c, t);
	}
}

static void read_number(struct cursor *c, struct dns_text *t, unsigned width)
{
	const uint8_t *p = cursor_take(c, width);

	if (p)
		dns_number(t, width == 1 ? *p : width == 2 ? be16(p) : be32(p));
	dns_byte(t, ' ');
}

static void read_numbers(struct cursor *c, struct dns_text *t, unsigned count, unsigned width)
{
	for (unsigned i = 0; i < count; i++)
		read_number(c, t, width);
}

static void read_soa(const struct message *m, struct cursor *c, struct dns_text *t)
{
	read_names(m, c, t, 2);
	for (unsigned i = 0; i < 5; i++) {
		const uint8_t *p = cursor_take(c, 4);

		dns_byte(t, ' ');
		dns_number(t, p ? be32(p) : 0);
	}
}

static void put_bytes(
	struct dns_text *t, const uint8_t *bytes, uint32_t len, const char *special)
{
	for (uint32_t i = 0; bytes && i < len && t->room > 1; i++)
		dns_escaped(t, bytes[i], special);
}

/* A string with its length before it. */
static void read_string(struct cursor *c, struct dns_text *t, const char *special)
{
	const uint8_t *len = cursor_take(c, 1);

	if (len)
		put_bytes(t, cursor_take(c, *len), *len, special);
}

static void read_strings(struct cursor *c, struct dns_text *t)
{
	while (c->wire && c->status == CURSOR_OK)
		read_string(c, t, "\\");
}

static void read_quoted(struct cursor *c, struct dns_text *t, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		dns_add(t, i ? " \"" : "\"");
		read_string(c, t, "\"\\");
		dns_byte(t, '"');
	}
}

/* All that is left, in quotes. */
static void read_rest(struct cursor *c, struct dns_text *t)
{
	uint32_t len = c->wire;

	dns_byte(t, '"');
	put_bytes(t, cursor_take(c, len), len, "\"\\");
	dns_byte(t, '"');
}

/* RFC 8659: flags, tag, value. */
static void read_caa(struct cursor *c, struct dns_text *t)
{
	read_number(c, t, 1);
	read_string(c, t, "\"\\");
	dns_byte(t, ' ');
	read_rest(c, t);
}

/* RFC 3403. */
static void read_naptr(const struct message *m, struct cursor *c, struct dns_text *t)
{
	read_numbers(c, t, 2, 2);
	read_quoted(c, t, 3);
	dns_byte(t, ' ');
	name_read(m, c, t);
}

static void read_address(struct cursor *c, struct dns_text *t, uint8_t ip_version)
{
	const uint32_t len = ip_version == 4 ? 4 : 16;
	char room[INET6_ADDRSTRLEN];
	struct text text = text_make(room, sizeof(room) - 1);
	struct ip_addr address = {0};
	const uint8_t *p = cursor_take(c, len);

	if (!p)
		return;
	memcpy(address.byte + sizeof(address.byte) - len, p, len);
	text_addr(&text, &address, ip_version);
	*text.at = '\0';
	dns_whole(t, room);
}

/* RFC 9460: the values of a parameter, with commas. */
static void read_svc_values(struct cursor *value, struct dns_text *t, uint16_t key)
{
	static const char *const names[] = {"mandatory=", "alpn=\"", "no-default-alpn",
		"port=", "ipv4hint=", NULL, "ipv6hint="};
	enum { MANDATORY, ALPN, NO_DEFAULT_ALPN, PORT, IPV4HINT, ECH, IPV6HINT, KNOWN };
	const uint8_t *p;

	if (key >= KNOWN || key == ECH) {
		dns_add(t, "key");
		dns_number(t, key);
		dns_byte(t, '=');
		read_rest(value, t);
		return;
	}
	dns_add(t, names[key]);
	for (bool first = true; value->wire && value->status == CURSOR_OK; first = false) {
		if (!first)
			dns_byte(t, ',');
		if (key == ALPN)
			read_string(value, t, ",\"\\");
		else if (key == IPV4HINT || key == IPV6HINT)
			read_address(value, t, key == IPV4HINT ? 4 : 6);
		else if ((p = cursor_take(value, 2)))
			dns_number(t, be16(p));
	}
	if (key == ALPN)
		dns_byte(t, '"');
}

static void read_svcb(const struct message *m, struct cursor *c, struct dns_text *t)
{
	read_number(c, t, 2);
	name_read(m, c, t);
	while (c->wire && c->status == CURSOR_OK) {
		const uint8_t *h = cursor_take(c, 4);
		struct cursor value = *c;

		if (!h)
			return;
		cursor_claim(&value, be16(h + 2));
		dns_byte(t, ' ');
		read_svc_values(&value, t, be16(h));
		if (value.status != CURSOR_OK)
			c->status = value.status;
		cursor_take(c, be16(h + 2));
	}
}

static void read_unknown(struct cursor *c, struct dns_text *t, uint16_t type)
{
	const char *name = dns_type_name(type);
	uint32_t len = c->wire;
	const uint8_t *p = cursor_take(c, len);
	static const char hex[] = "0123456789abcdef";

	dns_add(t, name ? name : "TYPE");
	if (!name)
		dns_number(t, type);
	dns_add(t, " \\# ");
	dns_number(t, len);
	if (len)
		dns_byte(t, ' ');
	for (uint32_t i = 0; p && i < len && t->room > 1; i++) {
		const char digits[] = {hex[p[i] >> 4], hex[p[i] & 15], '\0'};

		dns_whole(t, digits);
	}
}

bool record_data(const struct message *m, struct cursor *c, uint16_t type, struct dns_text *t)
{
	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
		read_address(c, t, type == TYPE_A ? 4 : 6);
		break;
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
	case TYPE_DNAME:
		name_read(m, c, t);
		break;
	case TYPE_RP:
		read_names(m, c, t, 2);
		break;
	case TYPE_SOA:
		read_soa(m, c, t);
		break;
	case TYPE_MX:
	case TYPE_AFSDB:
	case TYPE_KX:
		read_number(c, t, 2);
		name_read(m, c, t);
		break;
	case TYPE_SRV:
		read_numbers(c, t, 3, 2);
		name_read(m, c, t);
		break;
	case TYPE_SVCB:
	case TYPE_HTTPS:
		read_svcb(m, c, t);
		break;
	case TYPE_TXT:
	case TYPE_SPF:
		read_strings(c, t);
		break;
	case TYPE_HINFO:
		read_quoted(c, t, 2);
		break;
	case TYPE_NAPTR:
		read_naptr(m, c, t);
		break;
	case TYPE_URI:
		read_numbers(c, t, 2, 2);
		read_rest(c, t);
		break;
	case TYPE_CAA:
		read_caa(c, t);
		break;
	default:
		read_unknown(c, t, type);
	}
	return c->status == CURSOR_OK;
}
