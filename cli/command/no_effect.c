#include "cli/command/no_effect.h"

#include <stdio.h>
#include <string.h>

#include "config/log/log.h"

static void say(const struct settings *settings, const char *key)
{
	log_warning("%s has no effect %s", key, settings_no_effect(settings, key));
}

void no_effect_say(const struct settings *settings)
{
	if (settings->dedup.mode != DEDUP_OFF)
		say(settings, "dedup.mode");
	if (strcmp(settings->flow_logs.format, "default") != 0)
		say(settings, "flow_logs.format");
}
