/* Checking settings as `periscope check` does, for -T of other commands. */
#pragma once

#include <stdbool.h>

/* Prints what is wrong or suspect in the settings file; returns the exit status. */
int check_settings(const char *path, bool as_json);
