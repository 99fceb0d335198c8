/* Reads a file of indicators, in any of the forms that the field has, and tells which by itself:
 *
 *   one value a line   with comments after # or ; (first, or behind a space), and lines of hosts files
 *                      (`0.0.0.0 name`, where the name is the value)
 *   Zeek intel         tab separated, after a line `#fields indicator indicator_type ...`
 *   Suricata           datasets (string in base64, md5, sha256, ip), with or without a reputation
 *                      (`value,score`), and IP reputation (`ip,category,score`)
 *
 * A byte order mark and CRs before line ends are left out. Memory does not grow with the file. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "inspect/detect/lists/list_key.h"

enum {
	LIST_LINE_MAX = 4096,           /* bytes of a line that is looked at */
	LIST_READ_MAX = 1 << 30,        /* bytes of a file */
	LIST_OTHER_NAME = 32,           /* of a type that is not looked for */
	LIST_LINES_MAX = INT32_MAX - 1, /* more do not fit in LIST_READ_MAX */
};

/* What was read goes there. */
struct list_sink {
	void *ctx;
	/* A value, borrowed. A line of 32 hexadecimal digits in a list of type auto is two. false: there is
	 * no room for it, and nothing more is read. */
	bool (*value)(void *ctx, uint32_t line, const struct list_key *key);
	/* A line, or a value of it, that is not taken: `why` goes on "'TEXT' is ..."; both borrowed. */
	void (*bad)(void *ctx, uint32_t line, const char *text, const char *why);
};

struct list_counts {
	uint64_t lines;  /* with values, good or bad */
	uint64_t values; /* told to the sink */
	uint64_t bad;    /* told, too */
	/* Values of a known form that are not looked for: of Zeek's other types or, in a list of one type,
	 * of another; those with a reputation of 0. */
	uint64_t others;
	char other[LIST_OTHER_NAME]; /* the first of these types */
};

enum list_status {
	LIST_READ,
	LIST_UNREADABLE, /* errno says why */
	LIST_TOO_LONG,   /* more than LIST_READ_MAX; the first of it was told */
	LIST_FULL,       /* the sink has no room */
};

/* From where `in` stands to its end. `counts` is set. */
enum list_status list_read(FILE *in, enum list_type type, const struct list_sink *sink,
	struct list_counts *counts);
