#include "config/settings.h"

#include <stdlib.h>

void settings_fini(struct settings *settings)
{
	for (uint32_t i = 0; i < settings->n_tenants; i++) {
		free(settings->tenants[i].name);
		free(settings->tenants[i].vnis);
	}
	free(settings->tenants);
	settings->tenants = NULL;
	settings->n_tenants = 0;
}
