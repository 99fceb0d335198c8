/* Community ID flow hashing, version 1 (github.com/corelight/community-id-spec). */
#pragma once

#include <stdint.h>

#include "inspect/flow/flow.h"

enum { COMMUNITY_ID_TEXT = 32 }; /* "1:" + base64 of SHA-1 + NUL */

void community_id_print(
	const struct flow_key *key, uint16_t seed, char text[COMMUNITY_ID_TEXT]);
