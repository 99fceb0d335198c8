#include "decap/geneve.h"

#include "decap/link.h"

enum {
	GENEVE_SIZE = 8,
	GENEVE_ETHERNET = 0x6558,
	OPTION_SIZE = 4,
};

static bool options_skip(struct cursor *c, uint32_t size)
{
	struct cursor option = cursor_make(cursor_take(c, size), size, size);

	while (option.wire) {
		const uint8_t *h = cursor_take(&option, OPTION_SIZE);

		if (!h || !cursor_take(&option, (h[3] & 31u) * 4))
			return false;
	}
	return true;
}

static bool carries(uint16_t protocol, struct tunnel *out)
{
	bool ethernet = protocol == GENEVE_ETHERNET;

	out->link = ethernet ? LINK_ETHERNET : LINK_IP;
	out->ether = ethernet ? ETHER_NONE : protocol;
	return ethernet || protocol == ETHER_IP4 || protocol == ETHER_IP6;
}

enum reason geneve_read(struct cursor *c, struct tunnel *out)
{
	const uint8_t *h;
	uint32_t options;

	out->flags = 0;
	if (c->wire <= GENEVE_SIZE)
		return REASON_outer_udp_length;
	h = cursor_take(c, GENEVE_SIZE);
	if (!h)
		return REASON_outer_cut;
	if (h[0] >> 6)
		return REASON_geneve_version;
	if (!carries(be16(h + 2), out))
		return REASON_geneve_protocol;
	options = (h[0] & 63u) * 4;
	if (options >= c->wire)
		return REASON_geneve_options;
	out->flags = PACKET_HAS_VNI | PACKET_GENEVE;
	out->vni = be24(h + 4);
	if (options > c->cap)
		return REASON_outer_cut;
	if (!options_skip(c, options)) {
		out->flags = 0;
		return REASON_geneve_options;
	}
	out->frame = *c;
	return c->cap ? REASON_inspected : REASON_outer_cut;
}

bool geneve_claimed(struct cursor *c)
{
	const uint8_t *h = cursor_peek(c, 4);
	struct tunnel t;

	if (!h)
		return c->status == CURSOR_CUT;
	return c->wire > GENEVE_SIZE && h[0] >> 6 == 0 && carries(be16(h + 2), &t);
}
