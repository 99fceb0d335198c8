#include "cli/command/unmet.h"

#include <stdio.h>
#include <string.h>

#include "dataplane/pipeline/simulate.h"

static void say(const struct settings *settings, const char *key)
{
	fprintf(stderr, "periscope: %s has no effect %s\n", key,
		settings_no_effect(settings, key));
}

void unmet_say(const struct settings *settings)
{
	if (settings->dedup.mode != DEDUP_OFF)
		say(settings, "dedup.mode");
	if (strcmp(settings->flow_logs.format, "default") != 0)
		say(settings, "flow_logs.format");
}

void simulation_say(const struct settings *settings)
{
	char what[256];

	if (simulate_describe(settings, what, sizeof(what)))
		fprintf(stderr, "periscope: simulated, as the settings ask for tests%s\n",
			what);
}
