#include "decap/ether_types.h"

#include <stddef.h>
#include <stdlib.h>

#include "decap/link.h"

enum { TYPES = 1 << 16, LLC_MAX = 1500 };

struct ether_types *ether_types_create(void)
{
	return calloc(1, sizeof(struct ether_types));
}

/* The frame is read once more: that it is not IP was found on the way, and what it is was not kept. */
void ether_types_count(struct ether_types *types, const struct packet *p)
{
	struct cursor c = cursor_make(p->frame, p->frame_cap, p->frame_wire);
	uint16_t type = link_read(&c, p->frame_link);

	types->packets[type > LLC_MAX ? type : type > ETHER_LIE ? ETHER_LIE + 1 : 0]++;
}

void ether_types_add(struct ether_types *to, const struct ether_types *from)
{
	for (uint32_t i = 0; i < TYPES; i++)
		if (from->packets[i])
			to->packets[i] += from->packets[i];
}

uint32_t ether_types_top(const struct ether_types *types,
	struct ether_type_row top[ETHER_TYPES_TOP], uint64_t *others)
{
	uint32_t n = 0;

	*others = 0;
	for (uint32_t type = 0; type < TYPES; type++) {
		struct ether_type_row row = {(uint16_t)type, types->packets[type]};

		for (uint32_t i = 0; i < n; i++) {
			struct ether_type_row lower = top[i];

			if (row.packets <= lower.packets)
				continue;
			top[i] = row;
			row = lower;
		}
		if (row.packets && n < ETHER_TYPES_TOP)
			top[n++] = row;
		else
			*others += row.packets;
	}
	return n;
}

const char *ether_type_name(uint16_t type)
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {
		{ETHER_LIE + 1, "LLC"},
		{0x0806, "ARP"},
		{0x8035, "RARP"},
		{0x8809, "LACP"},
		{0x8847, "MPLS"},
		{0x8848, "MPLS multicast"},
		{0x8863, "PPPoE discovery"},
		{0x8864, "PPPoE"},
		{0x888e, "EAPOL"},
		{0x88cc, "LLDP"},
		{0x88e5, "MACsec"},
		{0x88f7, "PTP"},
		{0x8902, "CFM"},
		{0x8906, "FCoE"},
		{0x8915, "RoCE"},
		{0x9000, "loopback"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == type)
			return names[i].name;
	return NULL;
}
