/* Who writes to standard output: the summary, packets (-w -), or events (events.stdout). */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "config/settings/settings.h"

/* false, said on stderr: two things would be written there. `json`: -j was given; `packet_file`: what
 * -w names, or NULL. */
bool standard_output_suffices(
	const struct settings *settings, bool json, const char *packet_file);

/* `path` (NULL: none) is `-`, or names what standard output leads to. */
bool standard_output_is(const char *path);

/* Where the tables of the summary go: standard error when standard output is for something else. */
FILE *standard_output_tables(const struct settings *settings, const char *packet_file);
