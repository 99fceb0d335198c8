#include "inspect/record/tenant.h"

#include <inttypes.h>
#include <stdio.h>

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
