#include "bench/traffic/mixed_rules.h"

#include <inttypes.h>
#include <netinet/in.h>

#include "bench/traffic/field.h"
#include "support/random.h"

enum { SALT = 77 };

struct dice {
	uint64_t rolls;
};

static uint32_t roll(struct dice *dice, uint32_t below)
{
	return (uint32_t)((random_at((uint32_t)dice->rolls++, SALT) >> 16) % below);
}

/* One of the field's ends, or any address. */
static uint32_t some_address(struct dice *dice)
{
	switch (roll(dice, 3)) {
	case 0:
		return 0x0a000000 + roll(dice, 4);
	case 1:
		return FIELD_SERVERS + roll(dice, 100);
	default:
		return roll(dice, UINT32_MAX);
	}
}

static void write_cidr4(FILE *file, struct dice *dice, const char *key)
{
	uint32_t bits = roll(dice, 5) == 0 ? 0 : 8 + roll(dice, 25);
	uint32_t mask = bits ? UINT32_MAX << (32 - bits) : 0;
	uint32_t a = some_address(dice) & mask;

	fprintf(file, ", %s: %u.%u.%u.%u/%u", key, a >> 24, a >> 16 & 255, a >> 8 & 255,
		a & 255, bits);
}

static void write_cidr6(FILE *file, struct dice *dice, const char *key)
{
	uint32_t bits = roll(dice, 5) == 0 ? 0 : 33 + roll(dice, 32);
	uint32_t mask = bits ? UINT32_MAX << (64 - bits) : 0;
	uint32_t a = roll(dice, UINT32_MAX) & mask;

	if (bits)
		fprintf(file, ", %s: \"2001:db8:%x:%x::/%u\"", key, a >> 16, a & 65535, bits);
	else
		fprintf(file, ", %s: \"::/0\"", key);
}

static void write_ports(FILE *file, struct dice *dice, const char *key, uint32_t one_in)
{
	uint32_t from, to;

	if (roll(dice, one_in) != 0)
		return;
	from = roll(dice, 3) == 0 ? 443 : roll(dice, 65536);
	to = roll(dice, 2) == 0 ? from : from + roll(dice, 65536 - from);
	fprintf(file, ", %s: {from_port: %u, to_port: %u}", key, from, to);
}

static void write_rule(FILE *file, struct dice *dice)
{
	static const uint32_t protocols[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_ICMP};
	uint32_t protocol = protocols[roll(dice, 6)];
	void (*write_cidr)(FILE *, struct dice *, const char *) =
		roll(dice, 5) == 0 ? write_cidr6 : write_cidr4;

	if (roll(dice, 6) != 0)
		fprintf(file, ", protocol: %u", protocol);
	else
		protocol = 0;
	write_cidr(file, dice, "source_cidr_block");
	write_cidr(file, dice, "destination_cidr_block");
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) {
		write_ports(file, dice, "destination_port_range", 2);
		write_ports(file, dice, "source_port_range", 4);
	}
}

static void write_filter(FILE *file, struct dice *dice, uint32_t index, uint32_t rules)
{
	fprintf(file, "  - id: tmf-%u\n    rules:\n", index);
	for (uint32_t i = 0; i < rules; i++) {
		fprintf(file,
			"      - {rule_number: %u, traffic_direction: %s, rule_action: accept",
			i + 1, i % 2 ? "egress" : "ingress");
		if (i + 4 < rules)
			write_rule(file, dice);
		else if (i + 2 < rules)
			fputs(", source_cidr_block: \"::/0\", destination_cidr_block: \"::/0\"",
				file);
		else
			fputs(", source_cidr_block: 0.0.0.0/0, destination_cidr_block: "
			      "0.0.0.0/0",
				file);
		fputs("}\n", file);
	}
}

void mixed_rules_write(FILE *file, uint32_t filters, uint32_t rules)
{
	struct dice dice = {0};

	fputs("traffic_mirror_filters:\n", file);
	for (uint32_t f = 0; f < filters; f++) {
		uint32_t n = rules / filters + (f < rules % filters);

		write_filter(file, &dice, f, n < 4 ? 4 : n);
	}
}
