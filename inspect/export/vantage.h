/* Where a flow was seen: the encapsulation and what the mirror model knows about its session.
 * The one place from which events and flow logs learn both. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/session.h"

struct vantage {
	const struct session *seen; /* NULL in plain mode */
	/* From the mirror model; NULL while unknown. */
	const char *session, *interface_id;
	const char *account; /* owner of the interface */
	uint32_t owner;      /* its index in the output directory, 0 = unknown */
};

/* `session`: an index of `sessions`, or SESSION_NONE. */
struct vantage vantage_of(const struct session_table *sessions, uint32_t session);
