/* The parts of model_check() that stand in files of their own. Private to config/model_*.c. */
#pragma once

#include "config/model/model.h"

/* Warns where equal addresses of different machines meet in one tenant. */
void model_check_tenants(
	const struct model *model, const struct settings *settings, struct report *report);

/* Those of targets that are interfaces: too many sources, and a source among them. */
void model_check_targets(const struct model *model, struct report *report);
