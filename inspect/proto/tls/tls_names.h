/* Names of TLS's numbers as IANA and the RFCs print them; versions as OpenSSL does. A number without a name is
 * written as such. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { TLS_NAME_TEXT = 24 }; /* room for a number as text, with its NUL */

enum tls_version {
	TLS_1_0 = 0x0301,
	TLS_1_2 = 0x0303,
	TLS_1_3 = 0x0304,
	DTLS_1_0 = 0xfeff,
	DTLS_1_2 = 0xfefd,
	DTLS_1_3 = 0xfefc,
};

/* NULL: no name is known. */
const char *tls_cipher_name(uint16_t cipher);

/* The name, or `text` with the number in it. */
const char *tls_cipher_text(uint16_t cipher, char text[TLS_NAME_TEXT]); /* or 0x1234 */
const char *tls_group_text(uint16_t group, char text[TLS_NAME_TEXT]);   /* or 0x1234 */
/* NULL: no name is known. */
const char *tls_group_name(uint16_t group);
/* A group with a name: whether a part of it is post-quantum (ML-KEM, or its draft, Kyber). */
bool tls_group_is_post_quantum(const char *name);
const char *tls_version_text(
	uint16_t version, char text[TLS_NAME_TEXT]);                 /* or Unknown (1234) */
const char *tls_alert_text(uint8_t alert, char text[TLS_NAME_TEXT]); /* or alert_123 */

/* The values of RFC 8701 that mean nothing: 0x0a0a, 0x1a1a, ... 0xfafa. */
static inline bool tls_is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

/* RFC 6347, RFC 9147: the higher the version, the lower the number. */
static inline bool tls_is_dtls(uint16_t version)
{
	return version >= DTLS_1_3 && version <= DTLS_1_0;
}

/* 1.3, and its drafts, whose numbers are others (RFC 8446, 4.2.1, as of its drafts). */
static inline bool tls_is_1_3(uint16_t version)
{
	return version == TLS_1_3 || version == DTLS_1_3 || version >> 8 == 0x7f ||
	       version >> 8 == 0xfb;
}
