#include "inspect/proto/ssh/ssh.h"

#include <nettle/base16.h>
#include <nettle/md5.h>
#include <string.h>

enum { LENGTH = 4, COOKIE = 16, PADDING_MIN = 4 };

static bool begins_with(const uint8_t *line, uint32_t len, const char *text)
{
	size_t n = strlen(text);

	return len >= n && !memcmp(line, text, n);
}

bool ssh_is_identification(const uint8_t *line, uint32_t len)
{
	return begins_with(line, len, "SSH-");
}

/* 1.99 speaks version 2, too (RFC 4253, 5.1). */
bool ssh_is_version_1(const uint8_t *line, uint32_t len)
{
	return begins_with(line, len, "SSH-1.") && !begins_with(line, len, "SSH-1.99-");
}

bool ssh_kexinit_read(struct cursor packet, struct ssh_kexinit *kexinit)
{
	const uint8_t *header = cursor_take(&packet, SSH_HEADER);

	kexinit->n_lists = 0;
	if (!header || header[LENGTH + 1] != SSH_KEXINIT || header[LENGTH] < PADDING_MIN ||
		be32(header) < 2 + (uint32_t)header[LENGTH])
		return false;
	cursor_claim(&packet, be32(header) - 2 - header[LENGTH]);
	cursor_take(&packet, COOKIE);
	for (uint32_t i = 0; i < SSH_LISTS; i++) {
		const uint8_t *length = cursor_take(&packet, LENGTH);
		uint32_t len = length ? be32(length) : 0;

		kexinit->list[i] = (struct ssh_text){cursor_take(&packet, len), len};
		if (packet.status != CURSOR_OK)
			return packet.status == CURSOR_CUT;
		kexinit->n_lists++;
	}
	return true;
}

bool ssh_hassh(const struct ssh_kexinit *kexinit, bool from_server, char text[SSH_HASSH_TEXT])
{
	static const enum ssh_list of[2][4] = {
		{SSH_KEX, SSH_ENCRYPTION_TO_SERVER, SSH_MAC_TO_SERVER,
			SSH_COMPRESSION_TO_SERVER},
		{SSH_KEX, SSH_ENCRYPTION_TO_CLIENT, SSH_MAC_TO_CLIENT,
			SSH_COMPRESSION_TO_CLIENT},
	};
	uint8_t digest[MD5_DIGEST_SIZE];
	struct md5_ctx md5;

	if (of[from_server][3] >= kexinit->n_lists)
		return false;
	md5_init(&md5);
	for (unsigned i = 0; i < 4; i++) {
		const struct ssh_text *list = &kexinit->list[of[from_server][i]];

		if (i)
			md5_update(&md5, 1, (const uint8_t *)";");
		md5_update(&md5, list->len, list->at);
	}
	md5_digest(&md5, sizeof(digest), digest);
	base16_encode_update(text, sizeof(digest), digest);
	text[SSH_HASSH_TEXT - 1] = '\0';
	return true;
}
