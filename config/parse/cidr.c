#include "config/parse/cidr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "config/parse/value.h"

static bool address_parse(const char *text, struct cidr *out)
{
	uint8_t byte[16];

	if (inet_pton(AF_INET, text, byte) == 1)
		*out = (struct cidr){ip_addr_v4(byte), 32, 4};
	else if (inet_pton(AF_INET6, text, byte) == 1)
		*out = (struct cidr){ip_addr_v6(byte), 128, 6};
	else
		return false;
	return true;
}

bool cidr_parse(const char *text, struct cidr *out)
{
	const char *slash = strchr(text, '/');
	char addr[INET6_ADDRSTRLEN];
	struct cidr cidr;
	uint64_t bits;

	if (!slash || (size_t)(slash - text) >= sizeof(addr) || !value_number(slash + 1, &bits))
		return false;
	memcpy(addr, text, (size_t)(slash - text));
	addr[slash - text] = '\0';
	if (!address_parse(addr, &cidr) || bits > cidr.bits)
		return false;
	cidr.bits = (uint8_t)bits;
	*out = cidr;
	return true;
}

bool cidr_or_address_parse(const char *text, struct cidr *out)
{
	return strchr(text, '/') ? cidr_parse(text, out) : address_parse(text, out);
}

void cidr_print(const struct cidr *cidr, char text[CIDR_TEXT])
{
	char addr[INET6_ADDRSTRLEN] = "";

	if (cidr->ip_version == 4)
		inet_ntop(AF_INET, cidr->addr.byte + 12, addr, sizeof(addr));
	else
		inet_ntop(AF_INET6, cidr->addr.byte, addr, sizeof(addr));
	snprintf(text, CIDR_TEXT, "%s/%u", addr, cidr->bits);
}

/* Of the 16 bytes. */
static unsigned bits_of(const struct cidr *cidr)
{
	return cidr->bits + (cidr->ip_version == 4 ? 96u : 0);
}

bool cidr_clear_host_bits(struct cidr *cidr)
{
	unsigned keep = bits_of(cidr);
	bool set = false;

	for (unsigned i = 0; i < 16; i++) {
		unsigned left = keep > i * 8 ? keep - i * 8 : 0;
		uint8_t mask = (uint8_t)(left >= 8 ? 0xff : 0xff00 >> left);

		set |= (cidr->addr.byte[i] & ~mask) != 0;
		cidr->addr.byte[i] = (uint8_t)(cidr->addr.byte[i] & mask);
	}
	return set;
}

bool cidr_holds(const struct cidr *cidr, uint8_t ip_version, const struct ip_addr *addr)
{
	unsigned bits = bits_of(cidr);
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	if (cidr->ip_version != ip_version)
		return false;
	if (memcmp(cidr->addr.byte, addr->byte, bits / 8) != 0)
		return false;
	return bits % 8 == 0 ||
	       ((cidr->addr.byte[bits / 8] ^ addr->byte[bits / 8]) & mask) == 0;
}
