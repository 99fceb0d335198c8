/* Checks that a command does not write to a file that it reads, by whatever name. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/settings/settings.h"

struct distinct_files {
	const char *settings_file; /* NULL: none */
	const struct settings *settings;
	const char *const *captures; /* that are read; `-` is standard input */
	uint32_t n_captures;
	const char *packet_file; /* that is written, or NULL; `-` is standard output */
	const char *output_dir;  /* in which our own files may be removed, or NULL */
	bool force;              /* a packet file that is there is written over */
};

/* Call before anything is opened for writing. false: a file would be lost; which one was said on
 * stderr. */
bool files_are_distinct(const struct distinct_files *files);
