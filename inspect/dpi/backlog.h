/* The TCP packets without payload that begin a flow. nDPI gets them, in order and all at once,
 * when one with payload comes or the flow ends. Until then the flow needs no state of nDPI's
 * (flows of a scan never do). nDPI gets the same packets, only later. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/memory.h"
#include "inspect/stream/reorder.h"

enum {
	BACKLOG_MAX = 4,        /* packets kept */
	BACKLOG_BYTES_MAX = 96, /* of one: IPv6 and TCP with as many options as a SYN has */
};

/* All zero is empty. */
struct backlog {
	struct backlog_packet *first, **end;
	uint8_t count;
};

/* Keeps a copy of `piece`. false: it has payload or is long, enough are kept, or no memory. */
bool backlog_add(struct backlog *backlog, struct memory *memory, struct memory_list *list,
	const struct piece *piece);

/* Takes out the oldest; NULL: none. Give it back with memory_free(). */
struct piece *backlog_next(struct backlog *backlog);
