/* Who has standard output: the summary, or events (events.stdout). */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "config/settings.h"

/* false, said on stderr: two things would be written there. `json`: -j was given; `packet_file`: what
 * -w names, or NULL. */
bool standard_output_suffices(
	const struct settings *settings, bool json, const char *packet_file);

/* Where the tables of the summary go: standard error when standard output is for events. */
FILE *standard_output_tables(const struct settings *settings);
