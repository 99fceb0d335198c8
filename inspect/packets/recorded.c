#include "inspect/packets/recorded.h"

#include <stdlib.h>
#include <string.h>

#include "decap/addr.h"
#include "decap/ledger.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	SECTION_ORDER = 0x1a2b3c4d,
	OPTIONS_AT = 24,
	OPTION_HEADER = 4,
	OPTION_APPLICATION = 4,
	VNI_MAX = (1 << 24) - 1,
	WORD_MAX = 64,
};

static const char application[] = "periscope";

static uint32_t le32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

bool recorded_is(const uint8_t *bytes, size_t len)
{
	size_t at = OPTIONS_AT, end;

	if (len < OPTIONS_AT || le32(bytes) != BLOCK_SECTION ||
		le32(bytes + 8) != SECTION_ORDER)
		return false;
	end = le32(bytes + 4) < len ? le32(bytes + 4) : len;
	while (at + OPTION_HEADER <= end) {
		size_t code = le32(bytes + at) & UINT16_MAX, n = le32(bytes + at) >> 16;

		at += OPTION_HEADER;
		if (n > end - at)
			return false;
		if (code == OPTION_APPLICATION)
			return n == sizeof(application) - 1 &&
			       memcmp(bytes + at, application, n) == 0;
		at += (n + 3) / 4 * 4;
	}
	return false;
}

/* The value of `name=` in a word; NULL: it is another word. */
static const char *value_of(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, name, len) == 0 ? word + len : NULL;
}

static bool number_read(const char *text, int base, uint64_t max, uint64_t *out)
{
	char *end;

	if (text[0] == '\0' || text[0] == '-' || text[0] == '+' || text[0] == ' ')
		return false;
	*out = strtoull(text, &end, base);
	return *end == '\0' && *out <= max;
}

/* NULL: none is. */
static const char *bucket_called(const char *name)
{
	for (int bucket = 0; bucket < BUCKET_COUNT; bucket++)
		if (strcmp(bucket_name((enum bucket)bucket), name) == 0)
			return bucket_name((enum bucket)bucket);
	return NULL;
}

static void word_read(const char *word, struct recorded *r)
{
	const char *value;
	uint64_t n;

	if ((value = value_of(word, "vni=")) && number_read(value, 10, VNI_MAX, &n)) {
		r->has_vni = true;
		r->key.vni = (uint32_t)n;
	} else if ((value = value_of(word, "network=")) &&
		   number_read(value, 10, NETWORK_ID_MAX, &n)) {
		r->key.network = NETWORK_NAMED + (uint32_t)n;
	} else if ((value = value_of(word, "outer_src="))) {
		if (!ip_addr_parse(value, &r->key.outer_src))
			memset(&r->key.outer_src, 0, sizeof(r->key.outer_src));
	} else if ((value = value_of(word, "flow=")) && strlen(value) == 16 &&
		   number_read(value, 16, UINT64_MAX, &n)) {
		r->flow_id = n;
	} else if ((value = value_of(word, "rule=")) &&
		   number_read(value, 10, UINT32_MAX, &n)) {
		r->rule_number = (uint32_t)n;
	} else if ((value = value_of(word, "refused="))) {
		r->refused = bucket_called(value);
	}
}

struct recorded recorded_read(const char *comment, size_t len)
{
	struct recorded r = {.has_vni = false};
	size_t at = 0;

	while (at < len) {
		const char *space = memchr(comment + at, ' ', len - at);
		size_t n = space ? (size_t)(space - comment) - at : len - at;
		char word[WORD_MAX];

		if (n < sizeof(word)) {
			memcpy(word, comment + at, n);
			word[n] = '\0';
			word_read(word, &r);
		}
		at += n + 1;
	}
	if (!r.has_vni)
		memset(&r.key, 0, sizeof(r.key));
	return r;
}
