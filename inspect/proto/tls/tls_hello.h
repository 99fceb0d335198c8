/* ClientHello and ServerHello (RFC 8446, 4.1; RFC 5246, 7.4.1; extensions of RFC 6066, 7301, 8422) out of the
 * body of a handshake message. The structs borrow from the message. Of one that was cut they have what arrived
 * before its end, in whole elements; where a length lies, what stood before. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/cursor.h"

/* Any bytes. */
struct tls_bytes {
	const uint8_t *at;
	uint32_t len;
};

struct tls_client_hello {
	bool is_whole;           /* all of it arrived, and no length lies */
	uint16_t legacy_version; /* of the hello itself */
	uint16_t version;        /* the highest that is offered */
	struct tls_bytes session_id;
	struct tls_bytes ciphers;      /* two bytes each */
	struct tls_bytes compressions; /* a byte each */
	struct tls_bytes extensions;   /* see tls_extension_next() */
	bool has_sni;                  /* the extension is there */
	bool has_ech;          /* an encrypted ClientHello is inside, or pretended (RFC 9849) */
	bool has_ticket;       /* of an earlier session (RFC 5077) */
	bool has_psk;          /* pre_shared_key */
	struct tls_bytes sni;  /* the host name */
	struct tls_bytes alpn; /* see tls_alpn_next() */
	struct tls_bytes versions;   /* of supported_versions, two bytes each */
	struct tls_bytes groups;     /* two bytes each */
	struct tls_bytes key_shares; /* see tls_key_share_next() */
	struct tls_bytes signatures; /* algorithms, two bytes each */
	struct tls_bytes formats;    /* of points on elliptic curves, a byte each */
};

struct tls_server_hello {
	bool is_whole;
	bool is_retry;           /* a HelloRetryRequest: another ClientHello follows */
	uint16_t legacy_version; /* of the hello itself */
	uint16_t version;        /* the one really chosen */
	uint16_t cipher;         /* of a hello that was cut before it: 0 */
	bool has_cipher;
	bool has_psk;   /* a pre-shared key was accepted: the session is resumed (1.3) */
	uint16_t group; /* of the key share (1.3); 0: none */
	struct tls_bytes session_id;
	struct tls_bytes extensions;
	struct tls_bytes alpn; /* the one chosen, where it is in clear (up to 1.2) */
};

/* false: it is none, or not even its version arrived. */
bool tls_client_hello_read(struct cursor body, struct tls_client_hello *hello);
bool tls_server_hello_read(struct cursor body, struct tls_server_hello *hello);

/* The curve of a ServerKeyExchange (RFC 8422, 5.4; up to 1.2) for that cipher suite. 0: there is none. */
uint16_t tls_key_exchange_group(struct cursor body, uint16_t cipher);

/* Take the first element of a list off it. false: there is none left. */
bool tls_number_next(struct tls_bytes *list, uint16_t *number);
bool tls_alpn_next(struct tls_bytes *list, struct tls_bytes *name);
bool tls_key_share_next(struct tls_bytes *list, uint16_t *group);
bool tls_extension_next(struct tls_bytes *list, uint16_t *type, struct tls_bytes *body);
