#include "decap/session/direction.h"

static bool has_address(
	const struct model_interface *eni, uint8_t ip_version, const struct ip_addr *addr)
{
	for (uint32_t i = 0; i < eni->n_addresses; i++)
		if (eni->addresses[i].ip_version == ip_version &&
			ip_addr_equal(&eni->addresses[i].addr, addr))
			return true;
	return false;
}

static enum direction by_address(
	const struct packet *p, const struct model_interface *eni, enum direction_by *by)
{
	enum direction d = DIRECTION_UNKNOWN;

	*by = DIRECTION_BY_ADDRESS;
	if (eni)
		d = direction_decide(has_address(eni, p->ip_version, &p->src),
			has_address(eni, p->ip_version, &p->dst));
	if (d == DIRECTION_UNKNOWN) {
		*by = DIRECTION_BY_OUTER_SOURCE;
		d = direction_decide(ip_addr_equal(&p->src, &p->outer_src),
			ip_addr_equal(&p->dst, &p->outer_src));
	}
	if (d == DIRECTION_UNKNOWN)
		*by = DIRECTION_BY_NOTHING;
	return d;
}

static enum direction __attribute__((cold))
by_geneve(const struct packet *p, enum direction_by *by)
{
	*by = DIRECTION_BY_GENEVE;
	return p->flags & PACKET_NETWORK_EGRESS ? DIRECTION_EGRESS : DIRECTION_INGRESS;
}

enum direction direction_of(
	const struct packet *p, const struct model_interface *eni, enum direction_by *by)
{
	enum direction_by unused;
	enum direction d = eni ? direction_by_mac(p, eni) : DIRECTION_UNKNOWN;

	if (!by)
		by = &unused;
	*by = DIRECTION_BY_MAC;
	if (d != DIRECTION_UNKNOWN)
		return d;
	return p->network != NETWORK_NONE ? by_geneve(p, by) : by_address(p, eni, by);
}

const char *direction_by_name(enum direction_by by)
{
	static const char *const names[] = {NULL, "mac", "geneve", "address", "outer_source"};

	return names[by];
}

const char *direction_name(enum direction direction)
{
	static const char *const names[] = {NULL, "ingress", "egress"};

	return names[direction];
}
