/* The status of a running appliance: what its functions that look give, as plain values. */
#pragma once

#include <stdbool.h>

#include "cli/status/status.h"
#include "config/settings/settings.h"
#include "dataplane/live/appliance.h"

/* For status_provider.collect. Never waits for a worker. */
bool appliance_status(struct appliance *appliance, const struct settings *settings,
	const char *version, struct status *out);
