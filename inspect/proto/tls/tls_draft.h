/* Puts what TLS says in clear into the draft of a flow's details. */
#pragma once

#include "inspect/proto/details_draft.h"
#include "inspect/proto/tls/ja4.h"
#include "inspect/proto/tls/tls_certificate.h"
#include "inspect/proto/tls/tls_hello.h"

/* `protocol` is what carries it: JA4 begins with that. */
void draft_tls_client_hello(
	struct draft *draft, const struct tls_client_hello *hello, enum ja4_protocol protocol);
/* Nothing of a HelloRetryRequest: the ServerHello that follows has all of it. */
void draft_tls_server_hello(struct draft *draft, const struct tls_server_hello *hello);
void draft_tls_group(struct draft *draft, uint16_t group);
void draft_tls_resumed(struct draft *draft, bool is_resumed);
void draft_tls_alert(struct draft *draft, uint8_t description);
/* The server's own. */
void draft_tls_certificate(struct draft *draft, const struct tls_certificate *certificate);

/* One of those that vouch for it, as an element of `tls.certificates` has it; the texts follow in this order. */
struct tls_vouching {
	bool is_whole; /* else it has no fingerprints */
	uint8_t sha1[TLS_SHA1], sha256[TLS_SHA256];
	char not_before[TLS_TIME_TEXT], not_after[TLS_TIME_TEXT]; /* "": none */
	uint16_t subject, issuer, names, serial;                  /* bytes of text */
};

/* One more. */
void draft_tls_vouching(struct draft *draft, const struct tls_certificate *certificate);
