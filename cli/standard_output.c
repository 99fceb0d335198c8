#include "cli/standard_output.h"

#include <string.h>

static bool has_events(const struct settings *settings)
{
	return settings->events.flow && settings->events.stdout;
}

bool standard_output_suffices(
	const struct settings *settings, bool json, const char *packet_file)
{
	const char *other = NULL;

	if (packet_file != NULL && strcmp(packet_file, "-") == 0)
		other = "-w - writes packets";
	if (json)
		other = "-j prints the summary";
	if (other == NULL || !has_events(settings))
		return true;
	fprintf(stderr,
		"periscope: events.stdout sends events to standard output, where %s: only one "
		"of "
		"them can have it\n",
		other);
	return false;
}

FILE *standard_output_tables(const struct settings *settings)
{
	return has_events(settings) ? stderr : stdout;
}
