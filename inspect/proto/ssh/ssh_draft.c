#include "inspect/proto/details_draft.h"
#include "inspect/proto/ssh/ssh.h"

void draft_ssh_identification(
	struct draft *draft, bool from_server, const uint8_t *line, uint32_t len)
{
	draft_string(draft, from_server ? DETAIL_ssh_server : DETAIL_ssh_client,
		(const char *)line, len);
}

void draft_ssh_kexinit(struct draft *draft, bool from_server, const struct ssh_kexinit *kexinit)
{
	char text[SSH_HASSH_TEXT];

	if (ssh_hassh(kexinit, from_server, text))
		draft_text(
			draft, from_server ? DETAIL_ssh_hassh_server : DETAIL_ssh_hassh, text);
}
