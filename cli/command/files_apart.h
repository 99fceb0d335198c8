/* What a command reads and what it writes must be different files, by whatever names. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/settings/settings.h"

struct files_apart {
	const char *settings_file; /* NULL: none */
	const struct settings *settings;
	const char *const *captures; /* that are read; `-` is standard input */
	uint32_t n_captures;
	const char *packet_file; /* that is written, or NULL; `-` is standard output */
	const char *output_dir;  /* in which our own files may be removed, or NULL */
	bool force;              /* a packet file that is there is written over */
};

/* Before anything is opened for writing. false, said on stderr: what would be lost. */
bool files_are_apart(const struct files_apart *files);
