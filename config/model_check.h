/* The parts of model_check() that stand in files of their own. Private to config/model_*.c. */
#pragma once

#include "config/model.h"

/* Warns where equal addresses of different machines meet in one tenant. */
void model_check_tenants(
	const struct model *model, const struct settings *settings, struct report *report);
