/* Puts what QUIC says in its Initial packets into the draft of a flow's details: beside `quic`, all that TLS
 * says, as over TCP (`tls`). */
#pragma once

#include "inspect/proto/details_draft.h"
#include "inspect/proto/tls/tls_hello.h"

/* Of the server's hello, see tls_draft.h. */
void draft_quic_client_hello(
	struct draft *draft, uint32_t version, const struct tls_client_hello *hello);
