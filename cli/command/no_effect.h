/* Settings that are read and checked, but that no command uses yet. */
#pragma once

#include "config/settings/settings.h"

/* Says each on standard error, so that nobody relies on it. */
void no_effect_say(const struct settings *settings);
