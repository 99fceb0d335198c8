#include "inspect/detect/lists/list_key.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse/value.h"

enum { LABEL_MAX = 63, IPV4_LEN_MAX = 32 };

static void set(struct list_key *key, enum list_type type, const void *bytes, size_t len)
{
	key->type = (uint8_t)type;
	key->len = (uint16_t)len;
	memcpy(key->bytes, bytes, len);
}

void list_address_mask(uint8_t byte[16], unsigned bits)
{
	for (unsigned i = 0; i<16; i++, bits = bits> 8 ? bits - 8 : 0) {
		if (bits < 8)
			byte[i] &= (uint8_t)(0xff00 >> bits);
	}
}

const char *list_key_address(struct list_key *key, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	unsigned before, most;
	char address[IP_ADDR_TEXT];
	struct ip_addr addr;
	uint64_t bits;

	if (len >= sizeof(address))
		return "no IP address or CIDR block";
	memcpy(address, text, len);
	address[len] = '\0';
	if (!ip_addr_parse(address, &addr))
		return "no IP address or CIDR block";
	before = strchr(address, ':') ? 0 : LIST_IPV4_BITS;
	most = LIST_BITS - before;
	bits = most;
	if (slash && (!value_number(slash + 1, &bits) || bits > most))
		return most == IPV4_LEN_MAX ? "no CIDR block: its length is not 0 to 32"
					    : "no CIDR block: its length is not 0 to 128";
	list_address_mask(addr.byte, before + (unsigned)bits);
	set(key, LIST_IP, addr.byte, sizeof(addr.byte));
	key->bytes[LIST_ADDRESS_KEY - 1] = (uint8_t)(before + bits);
	key->len = LIST_ADDRESS_KEY;
	return NULL;
}

static bool is_of_label(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* In lower case already. The last label of a name is never a number (RFC 3696, 2). */
static const char *labels_check(const uint8_t *name, size_t len)
{
	size_t begin = 0;
	bool has_letter = false;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && name[i] != '.') {
			if (!is_of_label(name[i]))
				return "no domain name: it has a character that names do not have";
			has_letter = has_letter || name[i] < '0' || name[i] > '9';
			continue;
		}
		if (i == begin)
			return "no domain name: a label of it is empty";
		if (i - begin > LABEL_MAX)
			return "no domain name: a label of it is longer than 63 bytes";
		begin = i + 1;
		if (i < len)
			has_letter = false;
	}
	return has_letter ? NULL : "no domain name: its last label is a number";
}

static bool is_ascii(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= 0x80)
			return false;
	}
	return true;
}

/* Room for the A-labels of `text` and a NUL. */
static const char *to_ascii(const char *text, char ascii[LIST_DOMAIN_MAX + 2])
{
	char *converted = NULL;
	const char *why = NULL;

	if (idn2_to_ascii_8z(text, &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) !=
		IDN2_OK)
		why = "no domain name: it cannot be written in A-labels (IDNA)";
	else if (strlen(converted) > LIST_DOMAIN_MAX)
		why = "no domain name: it is longer than 253 bytes";
	else
		memcpy(ascii, converted, strlen(converted) + 1);
	idn2_free(converted);
	return why;
}

const char *list_key_domain(struct list_key *key, const char *text)
{
	char ascii[LIST_DOMAIN_MAX + 2];
	const char *why = NULL;
	size_t len;

	if (strncmp(text, "*.", 2) == 0)
		text += 2;
	else if (*text == '.')
		text++;
	if (!is_ascii(text)) {
		why = to_ascii(text, ascii);
		text = ascii;
	}
	if (why)
		return why;
	len = strlen(text);
	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len > LIST_DOMAIN_MAX)
		return "no domain name: it is longer than 253 bytes";
	for (size_t i = 0; i < len; i++)
		key->bytes[i] = list_lower((uint8_t)text[i]);
	key->type = LIST_DOMAIN;
	key->len = (uint16_t)len;
	return labels_check(key->bytes, len);
}

/* The host in A-labels, in place of what stands in `key`. */
static const char *host_check(struct list_key *key)
{
	size_t host = list_url_host(key->bytes, key->len), rest = key->len - host;
	char text[LIST_KEY_MAX + 1];
	struct list_key domain;
	const char *why;

	memcpy(text, key->bytes, host);
	text[host] = '\0';
	if (text[0] == '[') {
		text[host - 1] = '\0';
		return list_key_address(&domain, text + 1) ? "no URL: its host is no address"
							   : NULL;
	}
	if (!list_key_address(&domain, text))
		return NULL;
	why = list_key_domain(&domain, text);
	if (why)
		return "no URL: its host is neither a name nor an address";
	if (domain.len + rest > LIST_KEY_MAX)
		return "a URL of more than 1024 bytes, which is not seen whole";
	memmove(key->bytes + domain.len, key->bytes + host, rest);
	memcpy(key->bytes, domain.bytes, domain.len);
	key->len = (uint16_t)(domain.len + rest);
	return NULL;
}

const char *list_key_url(struct list_key *key, const char *text)
{
	size_t len = strlen(text), n = list_url_normal(text, len, key->bytes);

	if (n == 0)
		return len > LIST_KEY_MAX
			       ? "a URL of more than 1024 bytes, which is not seen whole"
			       : "no URL: it has no host";
	key->type = LIST_URL;
	key->len = (uint16_t)n;
	return host_check(key);
}

const char *list_key_ja4(struct list_key *key, const char *text)
{
	static const char wrong[] = "no JA4 fingerprint";

	if (strlen(text) != LIST_JA4_KEY || !strchr("tqd", text[0]) || !strchr("di", text[3]) ||
		text[10] != '_' || text[23] != '_')
		return wrong;
	set(key, LIST_JA4, text, LIST_JA4_KEY);
	for (int i = 4; i < 8; i++) {
		if (text[i] < '0' || text[i] > '9')
			return wrong;
	}
	for (int i = 11; i < LIST_JA4_KEY; i++) {
		if (i != 23 && value_hex_digit(text[i]) < 0)
			return wrong;
		key->bytes[i] = list_lower(key->bytes[i]);
	}
	return NULL;
}

const char *list_key_asn(struct list_key *key, const char *text)
{
	uint8_t bytes[LIST_ASN_KEY];
	uint64_t n;

	if (list_lower((uint8_t)text[0]) == 'a' && list_lower((uint8_t)text[1]) == 's')
		text += 2;
	if (!value_number(text, &n) || n == 0 || n > UINT32_MAX)
		return "no number of an autonomous system";
	list_asn_key((uint32_t)n, bytes);
	set(key, LIST_ASN, bytes, sizeof(bytes));
	return NULL;
}

size_t list_hex(const char *text, size_t len, uint8_t *out, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i += 2) {
		int high, low;

		if (text[i] == ':' && n > 0)
			i++;
		if (i + 1 >= len || n == room)
			return 0;
		high = value_hex_digit(text[i]);
		low = value_hex_digit(text[i + 1]);
		if (high < 0 || low < 0)
			return 0;
		out[n++] = (uint8_t)(high << 4 | low);
	}
	return n;
}

const char *list_key_digest(struct list_key *key, enum list_type type, const char *text)
{
	size_t n = list_hex(text, strlen(text), key->bytes, LIST_SHA256);

	key->type = (uint8_t)type;
	key->len = (uint16_t)n;
	if (type == LIST_CERTIFICATE)
		return n == LIST_SHA1 || n == LIST_SHA256
			       ? NULL
			       : "no fingerprint of a certificate: neither SHA-1 (40 digits) "
				 "nor SHA-256 (64)";
	return n == LIST_MD5 ? NULL : "no fingerprint of 32 hexadecimal digits";
}

const char *list_key_make(struct list_key *key, enum list_type type, const char *text)
{
	switch (type) {
	case LIST_IP:
		return list_key_address(key, text);
	case LIST_DOMAIN:
		return list_key_domain(key, text);
	case LIST_URL:
		return list_key_url(key, text);
	case LIST_JA4:
		return list_key_ja4(key, text);
	case LIST_ASN:
		return list_key_asn(key, text);
	case LIST_JA3:
	case LIST_HASSH:
	case LIST_CERTIFICATE:
		return list_key_digest(key, type, text);
	case LIST_AUTO:
	case LIST_TYPES:
		break;
	}
	return "of no type that is known";
}
