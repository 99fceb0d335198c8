/* What `periscope read` was called with. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/decap.h"

enum read_asked {
	READ_ALL,
	READ_EXPRESSION,
	READ_FLOW,
	READ_COMMUNITY,
	READ_ALERT,
	READ_EVENT,
	READ_LOG,
};

struct read_arguments {
	const char *settings_file;
	const char **set; /* --set values, in order; from malloc() */
	uint32_t n_set;
	const char *dir; /* an output directory; NULL: captures */
	char **captures; /* from malloc(); the strings are argv's */
	uint32_t n_captures;
	enum decap_mode mode;
	enum read_asked asked;
	const char *text;        /* of what is asked: an expression, an id, an event, a line */
	const char *log_format;  /* NULL: the default one */
	const char *packet_file; /* of -w; NULL: none */
	uint64_t count;          /* of -n; UINT64_MAX: all */
	bool flows, json, force, help;
};

/* false: what is wrong was said. In any case read_arguments_fini() follows. */
bool read_arguments_parse(struct read_arguments *a, int argc, char **argv);
void read_arguments_fini(struct read_arguments *a);
