/* How often something was named, and who did: names (DNS questions, server names of TLS and QUIC, hosts of
 * HTTP) and failures (what failed, and the name it failed for); the most frequent ones (heaviest.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/parse/addr.h"
#include "inspect/record/tables/heaviest.h"

enum {
	NAMED_MAX = 16384,
	NAMED_TEXT =
		248, /* bytes of a name and of what failed, together; longer names are cut */
	NAMED_WHAT = 40,
};

enum naming { NAMING_DNS, NAMING_TLS, NAMING_QUIC, NAMING_HTTP, NAMING_TCP, NAMINGS };

/* As the summary prints it: "dns"; a static string. */
const char *naming_name(enum naming by);

/* Bytes from packets: anything may stand in them. ASCII letters of a name are in lower case. */
struct named {
	enum naming by;
	const char *what, *name; /* not terminated */
	size_t what_len, name_len;
	uint64_t count;
	struct ip_addr client; /* who named it, where it was one address */
	bool several;
};

/* NULL: no memory. */
struct heaviest *named_create(void);
/* `what` is cut at NAMED_WHAT bytes. */
void named_add(struct heaviest *table, const struct named *add);
/* The most frequent first: fills at most `max` entries, whose texts are borrowed from the table, and
 * returns how many there are in all. */
uint32_t named_top(const struct heaviest *table, struct named *out, uint32_t max);
