#include "cli/command/standard_output.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/log.h"
#include "inspect/output/event_sinks.h"

static bool has_events(const struct settings *settings)
{
	return event_sinks_have_events(settings) && settings->events.stdout;
}

bool standard_output_is(const char *path)
{
	struct stat file, output;

	if (path == NULL || strcmp(path, "-") == 0)
		return path != NULL;
	/* Many may write to a device such as /dev/null. */
	return stat(path, &file) == 0 && fstat(STDOUT_FILENO, &output) == 0 &&
	       !S_ISCHR(output.st_mode) && file.st_dev == output.st_dev &&
	       file.st_ino == output.st_ino;
}

bool standard_output_suffices(
	const struct settings *settings, bool json, const char *packet_file)
{
	const char *wanted[3];
	unsigned n = 0;

	if (has_events(settings))
		wanted[n++] = "events.stdout sends events";
	if (standard_output_is(packet_file))
		wanted[n++] = "-w writes packets";
	if (json)
		wanted[n++] = "-j prints the summary";
	if (n < 2)
		return true;
	log_error("%s to standard output, where %s: only one of them can have it", wanted[0],
		wanted[1]);
	return false;
}

FILE *standard_output_tables(const struct settings *settings, const char *packet_file)
{
	return has_events(settings) || standard_output_is(packet_file) ? stderr : stdout;
}
