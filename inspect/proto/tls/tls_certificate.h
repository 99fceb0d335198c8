/* Certificates (X.509, RFC 5280) of a Certificate message up to TLS 1.2 (RFC 5246, 7.4.2), where they are in
 * clear. DER is read by its definite lengths alone, to the fields below; nothing is verified. What points into
 * the message is borrowed from it. Of a certificate that was cut there is what stands before the cut. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/proto/tls/tls_hello.h"

enum {
	TLS_CERTIFICATES_MAX = 8, /* of a chain */
	TLS_TIME_TEXT = 21,       /* RFC 3339, in seconds and UTC, with its NUL */
	TLS_SHA1_TEXT = 41,
	TLS_SHA256_TEXT = 65,
	TLS_SHA1 = 20, /* bytes */
	TLS_SHA256 = 32,
};

struct tls_certificate {
	struct tls_bytes der;    /* all of it, as far as it arrived */
	bool is_whole;           /* that is all; else it has no fingerprint */
	struct tls_bytes serial; /* without the zero before a number whose first bit is set */
	struct tls_bytes issuer; /* see tls_name_text() */
	struct tls_bytes subject;
	char not_before[TLS_TIME_TEXT],
		not_after[TLS_TIME_TEXT]; /* "": none, or it is no time */
	struct tls_bytes names;           /* subjectAltName; see tls_subject_name_next() */
};

/* Takes the first certificate off the body of a Certificate message, behind the length of the list,
 * which tls_chain_open() steps over. false: none is left. */
bool tls_chain_open(struct cursor *body);
bool tls_chain_next(struct cursor *body, struct tls_certificate *certificate);

/* Writes a distinguished name as "C=US, O=Example, CN=example.com", in the certificate's order, attributes as
 * OpenSSL names them, UTF-16 as UTF-8, else as they are. Returns the bytes written, at most `size`, without
 * NUL; what does not fit is cut. */
size_t tls_name_text(struct tls_bytes name, char *text, size_t size);

/* A host name, or an address as text, of which there is room in `text`. */
enum { TLS_SUBJECT_NAME_TEXT = 256 };
/* Takes the next name of a host, or address, off the list, into `text`; the others are left out.
 * A longer one is left out, too. Returns its length; 0: there is none left. */
size_t tls_subject_name_next(struct tls_bytes *names, char text[TLS_SUBJECT_NAME_TEXT]);

void tls_sha1(struct tls_bytes bytes, uint8_t digest[TLS_SHA1]);
void tls_sha256(struct tls_bytes bytes, uint8_t digest[TLS_SHA256]);
/* In hex. */
void tls_sha1_text(struct tls_bytes bytes, char text[TLS_SHA1_TEXT]);
void tls_sha256_text(struct tls_bytes bytes, char text[TLS_SHA256_TEXT]);
/* Hex in lower case, of as many bytes as fit, with NUL. */
void tls_hex(const uint8_t *bytes, size_t n, char *text, size_t size);
