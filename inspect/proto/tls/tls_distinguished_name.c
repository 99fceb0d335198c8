/* Names in certificates as text: of subject and issuer (RFC 5280, 4.1.2.4), and for whom it is (4.2.1.6). */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "inspect/proto/tls/der.h"
#include "inspect/proto/tls/tls_certificate.h"

struct text {
	char *at;
	size_t len, size;
};

static void put(struct text *text, const char *bytes, size_t n)
{
	size_t room = text->size - text->len;

	if (n > room)
		n = room;
	if (n)
		memcpy(text->at + text->len, bytes, n);
	text->len += n;
}

static void put_word(struct text *text, const char *word)
{
	put(text, word, strlen(word));
}

/* The short names of OpenSSL. */
static const struct {
	const char *oid, *name;
} attributes[] = {
	{"2.5.4.3", "CN"},
	{"2.5.4.4", "SN"},
	{"2.5.4.5", "serialNumber"},
	{"2.5.4.6", "C"},
	{"2.5.4.7", "L"},
	{"2.5.4.8", "ST"},
	{"2.5.4.9", "street"},
	{"2.5.4.10", "O"},
	{"2.5.4.11", "OU"},
	{"2.5.4.12", "title"},
	{"2.5.4.13", "description"},
	{"2.5.4.15", "businessCategory"},
	{"2.5.4.16", "postalAddress"},
	{"2.5.4.17", "postalCode"},
	{"2.5.4.20", "telephoneNumber"},
	{"2.5.4.41", "name"},
	{"2.5.4.42", "GN"},
	{"2.5.4.43", "initials"},
	{"2.5.4.44", "generationQualifier"},
	{"2.5.4.46", "dnQualifier"},
	{"2.5.4.65", "pseudonym"},
	{"2.5.4.97", "organizationIdentifier"},
	{"0.9.2342.19200300.100.1.1", "UID"},
	{"0.9.2342.19200300.100.1.25", "DC"},
	{"1.2.840.113549.1.9.1", "emailAddress"},
	{"1.2.840.113549.1.9.2", "unstructuredName"},
	{"1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL"},
	{"1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST"},
	{"1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"},
};

/* Numbers of seven bits a byte, of which the first is two (X.690, 8.19). A longer one ends the text. */
static void oid_text(const struct cursor *oid, char *text, size_t size)
{
	uint64_t number = 0;
	size_t len = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < oid->cap && len + 24 < size && number < UINT64_C(1) << 56;
		i++) {
		number = number << 7 | (oid->at[i] & 0x7f);
		if (oid->at[i] & 0x80)
			continue;
		if (!len) {
			unsigned first = number < 80 ? (unsigned)number / 40 : 2;

			len = (size_t)snprintf(text, size, "%u", first);
			number -= 40 * first;
		}
		len += (size_t)snprintf(
			text + len, size - len, ".%llu", (unsigned long long)number);
		number = 0;
	}
}

static void put_type(struct text *text, const struct cursor *oid)
{
	char dotted[128];

	oid_text(oid, dotted, sizeof(dotted));
	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++)
		if (!strcmp(dotted, attributes[i].oid)) {
			put_word(text, attributes[i].name);
			return;
		}
	put_word(text, dotted);
}

/* UTF-16, in which certificates use the first plane alone. */
static void put_utf16(struct text *text, struct cursor value)
{
	const uint8_t *at;

	while ((at = cursor_take(&value, 2)) != NULL) {
		uint16_t c = be16(at);
		char utf8[3] = {(char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3f)),
			(char)(0x80 | (c & 0x3f))};

		if (c < 0x80) {
			utf8[2] = (char)c;
			put(text, utf8 + 2, 1);
		} else if (c < 0x800) {
			utf8[1] = (char)(0xc0 | c >> 6);
			put(text, utf8 + 1, 2);
		} else {
			put(text, utf8, 3);
		}
	}
}

static void put_attribute(struct text *text, struct cursor attribute)
{
	struct cursor type, value;
	uint8_t tag;

	if (!der_take(&attribute, DER_OID, &type) || !der_any(&attribute, &tag, &value))
		return;
	if (text->len)
		put_word(text, ", ");
	put_type(text, &type);
	put_word(text, "=");
	if (tag == DER_BMP_STRING)
		put_utf16(text, value);
	else
		put(text, (const char *)value.at, value.cap);
}

size_t tls_name_text(struct tls_bytes name, char *text, size_t size)
{
	struct cursor c = cursor_make(name.at, name.len, name.len), set, attribute;
	struct text t = {text, 0, size};

	while (t.len < size && der_take(&c, DER_SET, &set))
		while (t.len < size && der_take(&set, DER_SEQUENCE, &attribute))
			put_attribute(&t, attribute);
	return t.len;
}

static size_t address_text(const struct cursor *address, char text[TLS_SUBJECT_NAME_TEXT])
{
	int family = address->cap == 4 ? AF_INET : AF_INET6;

	if ((address->cap != 4 && address->cap != 16) ||
		!inet_ntop(family, address->at, text, TLS_SUBJECT_NAME_TEXT))
		return 0;
	return strlen(text);
}

size_t tls_subject_name_next(struct tls_bytes *names, char text[TLS_SUBJECT_NAME_TEXT])
{
	enum { HOST = DER_CONTEXT | 2, ADDRESS = DER_CONTEXT | 7 };
	struct cursor c = cursor_make(names->at, names->len, names->len), name;
	size_t len = 0;
	uint8_t tag;

	while (!len && der_any(&c, &tag, &name)) {
		if (tag == ADDRESS)
			len = address_text(&name, text);
		else if (tag == HOST && name.cap < TLS_SUBJECT_NAME_TEXT)
			len = name.cap;
		if (tag == HOST && len)
			memcpy(text, name.at, len);
	}
	*names = (struct tls_bytes){c.at, len ? c.cap : 0};
	return len;
}
