#include "inspect/detect/tunnels/tunnel_name.h"

#include <libpsl.h>
#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool ends_in(const struct tunnel_name *name, const char *zone)
{
	size_t len = strlen(zone);

	return name->len > len && memcmp(name->text + name->len - len, zone, len) == 0;
}

/* A last label with a digit in it is no top-level domain, but for an IDN's (RFC 1123, 2.1; IANA's root zone). */
static bool is_without_domain(const struct tunnel_name *name)
{
	const char *dot = strrchr(name->text, '.'), *last = dot ? dot + 1 : name->text;

	return strncmp(last, "xn--", 4) != 0 && strpbrk(last, "0123456789") != NULL;
}

bool tunnel_name_read(const char *name, size_t len, uint32_t least, struct tunnel_name *out)
{
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len <= least || len > TUNNEL_NAME)
		return false;
	for (size_t i = 0; i < len; i++)
		out->text[i] = lower(name[i]);
	out->text[len] = '\0';
	out->len = len;
	if (ends_in(out, ".arpa") || ends_in(out, ".local"))
		return false;
	out->domain = is_without_domain(out) ? out->text + len
					     : psl_registrable_domain(psl_builtin(), out->text);
	if (out->domain == NULL)
		return false;
	out->own = (size_t)(out->domain - out->text);
	out->own -= out->own > 0 && *out->domain != '\0'; /* the dot */
	return out->own > least && strlen(out->domain) <= TUNNEL_DOMAIN;
}
