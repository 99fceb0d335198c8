/* What a tenant is called. */
#pragma once

#include <stdint.h>

enum { TENANT_TEXT = 64 };

/* Of a tenant of the settings `name`, its name there (NULL: not known); else `plain`, the VNI's number, or
 * `network-N`. Returns `text`. */
const char *tenant_text(uint32_t tenant, const char *name, char text[TENANT_TEXT]);

struct settings;
/* The same with the name that the settings have, if any. */
const char *tenant_name(
	uint32_t tenant, const struct settings *settings, char text[TENANT_TEXT]);
