/* Addresses, networks, ports and protocols, as pcap-filter(7) writes them. Nothing is looked up: the same expression
 * means the same on every machine. */
#include <stdio.h>
#include <string.h>

#include "config/parse/value.h"
#include "decap/addr.h"
#include "decap/cursor.h"
#include "decap/link.h"
#include "inspect/packets/expression/expression_parse.h"

struct named {
	const char *name;
	uint16_t number;
};

static const struct named protocols[] = {
#define PROTOCOL(name, number) {name, number},
#include "inspect/packets/expression/expression_words.def"
};

static const struct named services[] = {
#define SERVICE(name, port) {name, port},
#include "inspect/packets/expression/expression_words.def"
};

static const struct named ethers[] = {
	{"ip", ETHER_IP4}, {"ip6", ETHER_IP6}, {"arp", 0x0806}, {"rarp", 0x8035}};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

static bool find_name(
	const struct named *table, size_t count, const char *text, uint16_t *number)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].name, text) == 0) {
			*number = table[i].number;
			return true;
		}
	}
	return false;
}

/* A number up to `max`, or a name. */
static bool number_or_name(const char *text, uint64_t max, const struct named *table,
	size_t count, uint16_t *number)
{
	uint64_t n;

	if (!text_number(text, &n))
		return find_name(table, count, text, number);
	*number = (uint16_t)n;
	return n <= max;
}

bool value_is_known(const struct parser *p, const struct head *head)
{
	const char *at = p->text + p->at;
	char text[48];
	size_t len = strcspn(at, " \t\n\v\f\r()!<>&|");
	struct cidr block;
	uint16_t number;

	if (len >= sizeof(text))
		return false;
	memcpy(text, at, len);
	text[len] = '\0';
	if (head->type == TYPE_PORT)
		return find_name(services, COUNT_OF(services), text, &number);
	if (head->type == TYPE_PROTO)
		return find_name(protocols, COUNT_OF(protocols), text, &number);
	if (head->layer == LAYER_ether)
		return strchr(text, ':') != NULL;
	return cidr_or_address_parse(text, &block);
}

/* --- addresses --- */

/* Those that may have the address; false: the words before it want another family. */
static bool networks_set(struct parser *p, const struct head *head,
	const struct value_text *value, struct expression_node *n)
{
	const unsigned of_ip4 =
		1U << EXPRESSION_IP | 1U << EXPRESSION_ARP | 1U << EXPRESSION_RARP;
	unsigned networks = n->address.block.ip_version == 4 ? of_ip4 : 1U << EXPRESSION_IP6;

	n->kind = EXPRESSION_ADDRESS;
	n->address.side = head->side;
	if (head->layer != LAYER_NONE)
		networks &= layer_get(head->layer)->networks;
	n->address.networks = networks;
	return networks || parse_fail(p, value->at, "'%.64s' is not of %s", value->text,
				   layer_get(head->layer)->name);
}

bool value_read_host(struct parser *p, const struct head *head, struct expression_node *node)
{
	struct value_text value;
	struct cidr *block = &node->address.block;

	if (!parse_value(p, "an address", &value))
		return false;
	if (strchr(value.text, '/') && cidr_parse(value.text, block))
		return parse_fail(p, value.at,
			"'%.64s' is a block of addresses: say net before it", value.text);
	if (strchr(value.text, '/') || !cidr_or_address_parse(value.text, block))
		return parse_fail(p, value.at,
			"'%.64s' is no IP address; names are not looked up", value.text);
	return networks_set(p, head, &value, node);
}

/* 10, 10.1 and 10.1.2 are the blocks of 8, 16 and 24 bits that begin so. */
static bool short_net(const char *text, struct cidr *block)
{
	static const char zeros[] = ".0.0.0";
	char whole[sizeof("255.255.255.0.0.0")];
	unsigned dots = 0;

	for (const char *c = text; *c; c++)
		dots += *c == '.';
	if (dots > 2 || strlen(text) > sizeof("255.255.255") - 1)
		return false;
	snprintf(whole, sizeof(whole), "%s%s", text, zeros + (size_t)2 * dots);
	if (!cidr_or_address_parse(whole, block))
		return false;
	block->bits = (uint8_t)(8 * (dots + 1));
	return true;
}

/* `mask` 255.255.0.0 */
static bool mask_read(struct parser *p, struct cidr *block)
{
	struct value_text value;
	struct cidr mask;
	uint32_t bits;

	if (block->ip_version != 4)
		return parse_fail(p, p->at, "'mask' goes with IPv4 alone");
	if (!parse_value(p, "a mask", &value))
		return false;
	if (strchr(value.text, '/') || !cidr_or_address_parse(value.text, &mask) ||
		mask.ip_version != 4)
		return parse_fail(
			p, value.at, "'%.64s' is no mask, such as 255.255.0.0", value.text);
	bits = be32(mask.addr.byte + 12);
	block->bits = (uint8_t)__builtin_popcount(bits);
	if (bits != 0 && (bits | (bits - 1)) != UINT32_MAX)
		return parse_fail(p, value.at,
			"'%.64s' is no mask: its ones do not stand together", value.text);
	return true;
}

static bool host_bits_clear(
	struct parser *p, const struct value_text *value, const struct cidr *block)
{
	struct cidr clear = *block;
	char text[CIDR_TEXT];

	if (!cidr_clear_host_bits(&clear))
		return true;
	cidr_print(&clear, text);
	return parse_fail(p, value->at,
		"'%.64s' has bits set beyond its length: the block is %s", value->text, text);
}

bool value_read_net(struct parser *p, const struct head *head, struct expression_node *node)
{
	struct value_text value;
	struct cidr *block = &node->address.block;

	if (!parse_value(p, "a network", &value))
		return false;
	if (!cidr_or_address_parse(value.text, block) && !short_net(value.text, block))
		return parse_fail(p, value.at,
			"'%.64s' is no network, such as 10.0.0.0/8, 10 or 2001:db8::/32",
			value.text);
	if (!strchr(value.text, '/') && parse_take_text(p, "mask") && !mask_read(p, block))
		return false;
	return host_bits_clear(p, &value, block) && networks_set(p, head, &value, node);
}

bool value_read_mac(struct parser *p, const struct head *head, struct expression_node *node)
{
	struct value_text value;
	const char *c;
	int digits = 0;

	p->e->asks_ethernet = true;
	node->kind = EXPRESSION_MAC;
	node->mac.side = head->side;
	if (!parse_value(p, "a MAC address", &value))
		return false;
	for (c = value.text; *c && digits < 12; c++) {
		uint8_t *byte = &node->mac.address[digits / 2];
		int digit = value_hex_digit(*c);

		if (digits > 0 && digits % 2 == 0 && (*c == ':' || *c == '-'))
			digit = value_hex_digit(*++c);
		if (digit < 0)
			break;
		*byte = (uint8_t)(*byte << 4 | digit);
		digits++;
	}
	if (digits == 12 && *c == '\0')
		return true;
	return parse_fail(p, value.at, "'%.64s' is no MAC address, such as 02:00:00:00:00:0a",
		value.text);
}

/* --- ports and protocols --- */

static bool port_of(const char *text, uint16_t *port)
{
	return number_or_name(text, UINT16_MAX, services, COUNT_OF(services), port);
}

static void ports_set(const struct head *head, struct expression_node *n)
{
	n->kind = EXPRESSION_PORT;
	n->port.side = head->side;
	n->port.protocol =
		head->layer == LAYER_NONE ? 0 : (uint8_t)layer_get(head->layer)->protocol;
}

bool value_read_port(struct parser *p, const struct head *head, struct expression_node *node)
{
	struct value_text value;

	if (!parse_value(p, "a port", &value))
		return false;
	if (!port_of(value.text, &node->port.from))
		return parse_fail(p, value.at,
			"'%.64s' is no port: a number from 0 to 65535, or the name of a well-known "
			"service",
			value.text);
	node->port.to = node->port.from;
	ports_set(head, node);
	return true;
}

bool value_read_ports(struct parser *p, const struct head *head, struct expression_node *node)
{
	struct value_text value;
	char first[8] = "";
	const char *dash;
	uint16_t from, to;

	if (!parse_value(p, "a range of ports", &value))
		return false;
	dash = strchr(value.text, '-');
	if (dash && (size_t)(dash - value.text) < sizeof(first))
		memcpy(first, value.text, (size_t)(dash - value.text));
	if (!dash || !port_of(first, &from) || !port_of(dash + 1, &to) || to < from)
		return parse_fail(p, value.at,
			"'%.64s' is no range of ports, such as 1024-65535", value.text);
	node->port.from = from;
	node->port.to = to;
	ports_set(head, node);
	return true;
}

bool value_read_proto(struct parser *p, const struct head *head, struct expression_node *node)
{
	struct value_text value;
	bool is_ether = head->layer == LAYER_ether;
	uint16_t number;

	if (!parse_value(p, "a protocol", &value))
		return false;
	if (!number_or_name(value.text, is_ether ? UINT16_MAX : UINT8_MAX,
		    is_ether ? ethers : protocols,
		    is_ether ? COUNT_OF(ethers) : COUNT_OF(protocols), &number))
		return parse_fail(p, value.at, "'%.64s' is no protocol: %s", value.text,
			is_ether
				? "a number up to 65535, ip, ip6, arp or rarp"
				: "a number from 0 to 255, or a name such as tcp, icmp6 or gre");
	if (is_ether) {
		node->kind = EXPRESSION_ETHER;
		node->ether = number;
		return true;
	}
	node->kind = EXPRESSION_PROTOCOL;
	node->protocol.number = (uint8_t)number;
	node->protocol.ip_version =
		head->layer == LAYER_NONE ? 0 : layer_get(head->layer)->ip_version;
	return true;
}
