#include "inspect/record/tenant.h"

#include <inttypes.h>
#include <stdio.h>

#include "config/settings/settings.h"
#include "decap/session/session.h"

const char *tenant_text(uint32_t tenant, const char *name, char text[TENANT_TEXT])
{
	if (tenant == TENANT_PLAIN)
		snprintf(text, TENANT_TEXT, "plain");
	else if (tenant & NETWORK_NAMED)
		snprintf(text, TENANT_TEXT, "network-%" PRIu32, network_id(tenant));
	else if (tenant < TENANT_NAMED)
		snprintf(text, TENANT_TEXT, "%" PRIu32, tenant);
	else if (name != NULL)
		snprintf(text, TENANT_TEXT, "%s", name);
	else
		snprintf(text, TENANT_TEXT, "tenant-%" PRIu32, tenant - TENANT_NAMED);
	return text;
}

const char *tenant_name(
	uint32_t tenant, const struct settings *settings, char text[TENANT_TEXT])
{
	uint32_t index = tenant - TENANT_NAMED;

	return tenant_text(tenant,
		index < settings->n_tenants ? settings->tenants[index].name : NULL, text);
}
