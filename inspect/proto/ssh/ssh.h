/* SSH before its encryption (RFC 4253): the identification string and the KEXINIT message of one side, and
 * the HASSH fingerprint of the latter. What these structs point at is borrowed from whoever made them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/cursor.h"

enum {
	SSH_LINE_MAX = 255, /* bytes of an identification string, with CR LF (RFC 4253, 4.2) */
	SSH_PACKET_MAX = 35000, /* bytes of a packet (6.1) */
	SSH_HEADER = 6,         /* packet_length, padding_length and the message's type */
	SSH_HASSH_TEXT = 33,    /* with its NUL */
};

enum ssh_message { SSH_IGNORE = 2, SSH_DEBUG = 4, SSH_KEXINIT = 20 };

/* The name-lists of KEXINIT in their order (7.1). */
enum ssh_list {
	SSH_KEX,
	SSH_HOST_KEY,
	SSH_ENCRYPTION_TO_SERVER,
	SSH_ENCRYPTION_TO_CLIENT,
	SSH_MAC_TO_SERVER,
	SSH_MAC_TO_CLIENT,
	SSH_COMPRESSION_TO_SERVER,
	SSH_COMPRESSION_TO_CLIENT,
	SSH_LISTS, /* the languages after them are not read */
};

/* Any bytes; as sent, names with commas between them. */
struct ssh_text {
	const uint8_t *at;
	uint32_t len;
};

struct ssh_kexinit {
	struct ssh_text list[SSH_LISTS];
	uint32_t n_lists; /* the first ones, that arrived whole */
};

/* Whether a line is an identification string; and whether that one speaks version 1 alone, whose packets are
 * others. `len` is without CR LF. */
bool ssh_is_identification(const uint8_t *line, uint32_t len);
bool ssh_is_version_1(const uint8_t *line, uint32_t len);

/* Reads a binary packet from its length on. false: it is no KEXINIT, or a length in it lies. */
bool ssh_kexinit_read(struct cursor packet, struct ssh_kexinit *kexinit);

/* HASSH of a client, or of a server: the MD5, hex in lower case, of the key exchange algorithms and those
 * for the direction in which it sends, as github.com/salesforce/hassh describes it. false: not all
 * of them arrived. */
bool ssh_hassh(const struct ssh_kexinit *kexinit, bool from_server, char text[SSH_HASSH_TEXT]);
