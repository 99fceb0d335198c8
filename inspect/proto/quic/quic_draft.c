#include "inspect/proto/quic/quic_draft.h"

#include "inspect/proto/quic/quic_hello.h"
#include "inspect/proto/tls/tls_draft.h"

void draft_quic_client_hello(
	struct draft *draft, uint32_t version, const struct tls_client_hello *hello)
{
	char text[QUIC_VERSION_TEXT];
	struct tls_bytes user_agent;

	draft_text(draft, DETAIL_quic_version, quic_version_name(version, text));
	if (quic_user_agent(hello, &user_agent))
		draft_string(draft, DETAIL_quic_user_agent, (const char *)user_agent.at,
			user_agent.len);
	draft_tls_client_hello(draft, hello, JA4_QUIC);
}
