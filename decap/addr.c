#include "decap/addr.h"

#include <arpa/inet.h>

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

bool ip_addr_is_v4(const struct ip_addr *a)
{
	return memcmp(a->byte, v4_prefix, sizeof(v4_prefix)) == 0;
}

size_t ip_addr_print(const struct ip_addr *a, char text[IP_ADDR_TEXT])
{
	bool v4 = ip_addr_is_v4(a);

	if (!inet_ntop(
		    v4 ? AF_INET : AF_INET6, v4 ? a->byte + 12 : a->byte, text, IP_ADDR_TEXT))
		text[0] = '\0';
	return strlen(text);
}

bool ip_addr_parse(const char *text, struct ip_addr *out)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, text, b) == 1)
		*out = ip_addr_v4(b);
	else if (inet_pton(AF_INET6, text, b) == 1)
		*out = ip_addr_v6(b);
	else
		return false;
	return true;
}
