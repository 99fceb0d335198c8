#include "cli/unmet.h"

#include <stdio.h>
#include <string.h>

#include "dataplane/simulate.h"

static void say(const char *key, const char *instead)
{
	fprintf(stderr, "periscope: %s has no effect yet: %s\n", key, instead);
}

void unmet_say(const struct settings *settings)
{
	if (settings->dedup.mode != DEDUP_OFF)
		say("dedup.mode", "both copies of a packet are counted");
	if (strcmp(settings->flow_logs.format, "default") != 0)
		say("flow_logs.format", "records have the default format");
}

void simulation_say(const struct settings *settings)
{
	char what[256];

	if (simulate_describe(settings, what, sizeof(what)))
		fprintf(stderr, "periscope: simulated, as the settings ask for tests%s\n",
			what);
}
