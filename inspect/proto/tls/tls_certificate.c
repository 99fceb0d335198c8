#include "inspect/proto/tls/tls_certificate.h"

#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <string.h>

#include "inspect/proto/tls/der.h"

enum { LENGTH = 3 }; /* bytes of the lengths of the message */

/* 2.5.29.17 */
static const uint8_t subject_alt_name[] = {0x55, 0x1d, 0x11};

static struct tls_bytes bytes_of(const struct cursor *c)
{
	return (struct tls_bytes){c->at, c->cap};
}

/* The next element's inside, of which all must have arrived; else nothing is left of `c`. */
static bool take_whole(struct cursor *c, uint8_t tag, struct tls_bytes *bytes)
{
	struct cursor inside;

	if (!der_take(c, tag, &inside) || !der_is_whole(&inside)) {
		cursor_skip(c, UINT32_MAX);
		return false;
	}
	*bytes = bytes_of(&inside);
	return true;
}

static bool all_digits(const uint8_t *text, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

/* Two digits that are from `least` to `most`. */
static bool is_between(const uint8_t *digits, char least, int most)
{
	int number = (digits[0] - '0') * 10 + digits[1] - '0';

	return number >= least && number <= most;
}

/* Writes "YYYYMMDDhhmmss" as RFC 3339. */
static void write_time(const uint8_t digits[14], char text[TLS_TIME_TEXT])
{
	static const char form[] = "0000-00-00T00:00:00Z";

	if (!is_between(digits + 4, 1, 12) || !is_between(digits + 6, 1, 31) ||
		!is_between(digits + 8, 0, 23) || !is_between(digits + 10, 0, 59) ||
		!is_between(digits + 12, 0, 60))
		return;
	for (size_t i = 0; i < sizeof(form); i++)
		text[i] = form[i] == '0' ? (char)*digits++ : form[i];
}

/* UTCTime of a year YY is 19YY from 50 on, else 20YY (RFC 5280, 4.1.2.5.1). */
static void read_time(struct cursor *validity, char text[TLS_TIME_TEXT])
{
	struct cursor inside;
	uint8_t tag, digits[14];
	const uint8_t *at;
	uint32_t n;

	if (!der_any(validity, &tag, &inside) || !der_is_whole(&inside) ||
		(tag != DER_UTC_TIME && tag != DER_TIME))
		return;
	n = tag == DER_TIME ? 14 : 12;
	at = inside.wire == n + 1 ? cursor_take(&inside, n + 1) : NULL;
	if (!at || !all_digits(at, n) || at[n] != 'Z')
		return;
	memcpy(digits, at[0] < '5' ? "20" : "19", 2);
	memcpy(digits + 14 - n, at, n);
	write_time(digits, text);
}

/* Extensions: each a type, whether it is critical, and octets that are DER. */
static void read_extensions(struct cursor *c, struct tls_certificate *certificate)
{
	struct cursor list, extension, inside, names;
	struct tls_bytes type;

	if (!der_take(c, DER_CONSTRUCTED | 3, &inside) ||
		!der_take(&inside, DER_SEQUENCE, &list))
		return;
	while (der_take(&list, DER_SEQUENCE, &extension)) {
		if (!take_whole(&extension, DER_OID, &type) ||
			type.len != sizeof(subject_alt_name) ||
			memcmp(type.at, subject_alt_name, type.len) != 0)
			continue;
		der_skip(&extension, DER_BOOLEAN);
		if (der_take(&extension, DER_OCTETS, &inside) &&
			der_take(&inside, DER_SEQUENCE, &names))
			certificate->names = bytes_of(&names);
		return;
	}
}

static struct tls_bytes without_sign(struct tls_bytes number)
{
	if (number.len > 1 && !number.at[0]) {
		number.at++;
		number.len--;
	}
	return number;
}

static void read_certificate(struct cursor c, struct tls_certificate *certificate)
{
	struct cursor all, signed_part, validity;
	struct tls_bytes serial;

	if (!der_take(&c, DER_SEQUENCE, &all) || !der_take(&all, DER_SEQUENCE, &signed_part))
		return;
	der_skip(&signed_part, DER_CONSTRUCTED | 0); /* version */
	if (!take_whole(&signed_part, DER_INTEGER, &serial))
		return;
	certificate->serial = without_sign(serial);
	der_skip(&signed_part, DER_SEQUENCE); /* signature algorithm */
	take_whole(&signed_part, DER_SEQUENCE, &certificate->issuer);
	if (!der_take(&signed_part, DER_SEQUENCE, &validity))
		return;
	read_time(&validity, certificate->not_before);
	read_time(&validity, certificate->not_after);
	take_whole(&signed_part, DER_SEQUENCE, &certificate->subject);
	der_skip(&signed_part, DER_SEQUENCE); /* public key */
	der_skip(&signed_part, DER_CONTEXT | 1);
	der_skip(&signed_part, DER_CONTEXT | 2);
	read_extensions(&signed_part, certificate);
}

bool tls_chain_open(struct cursor *body)
{
	const uint8_t *length = cursor_take(body, LENGTH);

	if (!length || be24(length) > body->wire)
		return false;
	cursor_claim(body, be24(length));
	return true;
}

bool tls_chain_next(struct cursor *body, struct tls_certificate *certificate)
{
	const uint8_t *length = cursor_take(body, LENGTH);
	struct cursor der = *body;

	*certificate = (struct tls_certificate){.is_whole = false};
	if (!length || be24(length) > body->wire || !body->cap)
		return false;
	cursor_claim(&der, be24(length));
	cursor_skip(body, be24(length));
	certificate->der = bytes_of(&der);
	certificate->is_whole = der_is_whole(&der);
	read_certificate(der, certificate);
	return true;
}

void tls_hex(const uint8_t *bytes, size_t n, char *text, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char *end = text + size - 1;

	for (size_t i = 0; i < n && end - text >= 2; i++) {
		*text++ = digits[bytes[i] >> 4];
		*text++ = digits[bytes[i] & 15];
	}
	*text = '\0';
}

void tls_sha1(struct tls_bytes bytes, uint8_t digest[TLS_SHA1])
{
	struct sha1_ctx sha1;

	sha1_init(&sha1);
	sha1_update(&sha1, bytes.len, bytes.at);
	sha1_digest(&sha1, TLS_SHA1, digest);
}

void tls_sha256(struct tls_bytes bytes, uint8_t digest[TLS_SHA256])
{
	struct sha256_ctx sha256;

	sha256_init(&sha256);
	sha256_update(&sha256, bytes.len, bytes.at);
	sha256_digest(&sha256, TLS_SHA256, digest);
}

void tls_sha1_text(struct tls_bytes bytes, char text[TLS_SHA1_TEXT])
{
	uint8_t digest[TLS_SHA1];

	tls_sha1(bytes, digest);
	tls_hex(digest, sizeof(digest), text, TLS_SHA1_TEXT);
}

void tls_sha256_text(struct tls_bytes bytes, char text[TLS_SHA256_TEXT])
{
	uint8_t digest[TLS_SHA256];

	tls_sha256(bytes, digest);
	tls_hex(digest, sizeof(digest), text, TLS_SHA256_TEXT);
}
