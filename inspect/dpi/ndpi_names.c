/* What nDPI finds for a name, remembered: it asks of the same name up to four times in a flow (of a DNS question and
 * of its answer, each for the protocol, the category and for whether it looks like a generated one), and flows ask for
 * the same names. Its answers depend on the name alone, as its tables do not change once it works. So our
 * definitions of these functions win, as in ndpi_isolation.c, and ask nDPI's own where they do not know;
 * test_ndpi_names.c compares them. */
#include <string.h>

#include "inspect/dpi/ndpi_inside.h"

void engine_know_names(void)
{
}

#if COMPAT_KNOWS_NAMES

#include "inspect/flow/hash.h"

enum { NO_TABLE = -2 /* nDPI has nothing to ask, and says nothing of the category */ };

enum { WORD = sizeof(uint64_t) };

static uint32_t place_of(const char *name, uint32_t len)
{
	uint64_t hash = len, last = 0;

	for (; len >= WORD; name += WORD, len -= WORD)
		hash = hash_fold(hash ^ hash_word((const uint8_t *)name), hash_salt[0]);
	memcpy(&last, name, len);
	return (uint32_t)hash_fold(hash ^ last, hash_salt[1]) % NAMES_MAX;
}

/* What is known of a name, which may be nothing so far. NULL: nothing is kept of this one. */
static struct known_name *know(
	const struct ndpi_detection_module_struct *module, const char *name, size_t len)
{
	struct engine *engine = engine_at_work;
	struct known_name *known;

	if (!engine || engine->module != module || !len || len > NAME_MAX_KNOWN || !*name)
		return NULL;
	known = &engine->names[place_of(name, (uint32_t)len)];
	if (known->len != len || memcmp(known->name, name, len) != 0) {
		*known = (struct known_name){.len = (uint8_t)len};
		memcpy(known->name, name, len);
	}
	return known;
}

int ndpi_match_string_subprotocol(struct ndpi_detection_module_struct *module, char *name,
	u_int len, ndpi_protocol_match_result *match)
{
	struct known_name *known = know(module, name, len);
	int found;

	if (known && known->knows_protocol) {
		*match = known->match;
		return known->found;
	}
	found = engine_at_work->real.match_string(module, name, len, match);
	if (known) {
		known->knows_protocol = true;
		known->found = found;
		known->match = *match;
	}
	return found;
}

int ndpi_match_custom_category(struct ndpi_detection_module_struct *module, char *name,
	u_int len, ndpi_protocol_category_t *category)
{
	struct known_name *known = know(module, name, len);
	int found;

	if (known && known->knows_category) {
		*category = known->category;
		return known->has_category;
	}
	found = engine_at_work->real.match_category(module, name, len, category);
	if (known && found != NO_TABLE) {
		known->knows_category = true;
		known->has_category = found;
		known->category = *category;
	}
	return found;
}

/* Of names that look generated nDPI makes a risk of the flow: they are always left to it. Of a flow that is known
 * already it does not ask. */
int ndpi_check_dga_name(struct ndpi_detection_module_struct *module,
	struct ndpi_flow_struct *flow, char *name, uint8_t is_hostname)
{
	bool asks = name && !(flow && flow->detected_protocol_stack[1]);
	size_t len = asks ? strlen(name) : 0;
	struct known_name *known = know(module, name, len);
	int found;

	if (known && known->is_ordinary[is_hostname != 0])
		return 0;
	found = engine_at_work->real.check_generated(module, flow, name, is_hostname);
	known = found ? NULL : know(module, name, len); /* nDPI has asked others meanwhile */
	if (known)
		known->is_ordinary[is_hostname != 0] = true;
	return found;
}

#endif
