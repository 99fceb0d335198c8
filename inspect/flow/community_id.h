/* Community ID flow hashing, version 1 (github.com/corelight/community-id-spec). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/flow.h"

enum {
	COMMUNITY_ID_TEXT = 32,   /* "1:" + base64 of SHA-1 + NUL */
	COMMUNITY_ID_DIGEST = 20, /* the SHA-1 */
};

void community_id_print(
	const struct flow_key *key, uint16_t seed, char text[COMMUNITY_ID_TEXT]);

/* What the text is made of. */
void community_id_digest(
	const struct flow_key *key, uint16_t seed, uint8_t digest[COMMUNITY_ID_DIGEST]);
/* And back. false: `text` is no community id of version 1. */
bool community_id_parse(const char *text, uint8_t digest[COMMUNITY_ID_DIGEST]);
