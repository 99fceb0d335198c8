/* Checking settings as `periscope check` does, for -T of other commands. */
#pragma once

#include <stdbool.h>

#include "cli/command/load_config.h"

/* Prints all that is wrong or suspect in the settings, which have a file; returns the exit status. */
int check_settings(const struct config_source *from, bool as_json);
