#include "inspect/packets/expression/expression_frame.h"

#include <string.h>

#include "decap/cursor.h"
#include "decap/link.h"

enum {
	TAG_8021AD = 0x88a8,
	TAG_QINQ_OLD = 0x9100,
	TAG_SIZE = 4,
	MAC_SIZE = 6,
	SLL_ETHER = 14, /* where Linux cooked captures have it */
};

static bool is_tag(uint16_t ether)
{
	return ether == ETHER_VLAN || ether == TAG_8021AD || ether == TAG_QINQ_OLD;
}

/* Where the first EtherType stands. */
static uint32_t ether_at(enum link link)
{
	switch (link) {
	case LINK_ETHERNET:
		return 2 * MAC_SIZE;
	case LINK_SLL:
		return SLL_ETHER;
	case LINK_SLL2:
	case LINK_IP:
	case LINK_NULL:
	case LINK_PPP:
		break;
	}
	return 0;
}

static bool has_ether_at_all(enum link link)
{
	return link == LINK_ETHERNET || link == LINK_SLL || link == LINK_SLL2;
}

/* The EtherTypes of the tags and of what follows, and the tags' ids; how many of them. */
static int walk(const struct expression_facts *f, uint16_t ethers[LINK_TAGS_MAX + 1],
	uint16_t ids[LINK_TAGS_MAX], int *tags)
{
	uint32_t at = ether_at(f->link), next = f->link == LINK_SLL2 ? 20 : at + 2;
	int n = 0;

	*tags = 0;
	if (!f->frame || !has_ether_at_all(f->link))
		return 0;
	while (at + 2 <= f->cap && n <= LINK_TAGS_MAX) {
		ethers[n] = be16(f->frame + at);
		if (!is_tag(ethers[n++]) || *tags == LINK_TAGS_MAX || next + 2 > f->cap)
			break;
		ids[(*tags)++] = be16(f->frame + next) & LINK_VLAN_MAX;
		at = next + 2;
		next += TAG_SIZE;
	}
	return n;
}

bool frame_has_vlan(const struct expression_facts *facts, int32_t vlan)
{
	uint16_t ethers[LINK_TAGS_MAX + 1], ids[LINK_TAGS_MAX];
	int tags;

	walk(facts, ethers, ids, &tags);
	for (int i = 0; i < tags; i++)
		if (vlan < 0 || ids[i] == vlan)
			return true;
	return false;
}

bool frame_has_ether(const struct expression_facts *facts, uint16_t ether)
{
	uint16_t ethers[LINK_TAGS_MAX + 1], ids[LINK_TAGS_MAX];
	int tags, n = walk(facts, ethers, ids, &tags);

	/* Links without EtherTypes carry IP alone. */
	if (!has_ether_at_all(facts->link))
		return ether == (facts->network == EXPRESSION_IP           ? ETHER_IP4
					: facts->network == EXPRESSION_IP6 ? ETHER_IP6
									   : ETHER_NONE);
	for (int i = 0; i < n; i++)
		if (ethers[i] == ether)
			return true;
	return false;
}

static bool is_at(const struct expression_facts *f, uint32_t at, const uint8_t mac[6])
{
	return f->frame && f->link == LINK_ETHERNET && f->cap >= at + MAC_SIZE &&
	       memcmp(f->frame + at, mac, MAC_SIZE) == 0;
}

bool frame_is_from(const struct expression_facts *facts, const uint8_t mac[6])
{
	return is_at(facts, MAC_SIZE, mac);
}

bool frame_is_to(const struct expression_facts *facts, const uint8_t mac[6])
{
	return is_at(facts, 0, mac);
}
