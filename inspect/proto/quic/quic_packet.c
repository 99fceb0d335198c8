#include "inspect/proto/quic/quic_packet.h"

#include <stdio.h>

enum { LONG_HEADER = 0x80, FIRST = 5 /* flags and version */, DRAFT_MIN = 22, DRAFT_MAX = 34 };

static bool is_draft(uint32_t version)
{
	return version >= QUIC_DRAFT + DRAFT_MIN && version <= QUIC_DRAFT + DRAFT_MAX;
}

/* Of versions that have no RFC and no number of a draft. */
static const char *other_name(uint32_t version)
{
	switch (version) {
	case 0xfaceb001:
		return "mvfst-22";
	case 0xfaceb002:
		return "mvfst-27";
	case 0xfaceb00e:
		return "mvfst-exp";
	case 0x54303530:
		return "T050";
	case 0x54303531:
		return "T051";
	default:
		return NULL;
	}
}

bool quic_version_is_known(uint32_t version)
{
	return version == QUIC_V1 || version == QUIC_V2 || is_draft(version) ||
	       other_name(version);
}

const char *quic_version_name(uint32_t version, char text[QUIC_VERSION_TEXT])
{
	const char *name = other_name(version);

	if (version == QUIC_V1 || version == QUIC_V2)
		snprintf(text, QUIC_VERSION_TEXT, "v%d", version == QUIC_V1 ? 1 : 2);
	else if (is_draft(version))
		snprintf(text, QUIC_VERSION_TEXT, "draft-%u", version & 0xff);
	else if (name)
		snprintf(text, QUIC_VERSION_TEXT, "%s", name);
	else
		snprintf(text, QUIC_VERSION_TEXT, "0x%08x", version);
	return text;
}

uint64_t quic_varint(struct cursor *c)
{
	const uint8_t *first = cursor_peek(c, 1), *bytes;
	uint32_t n = first ? 1u << (*first >> 6) : 0;
	uint64_t value;

	bytes = cursor_take(c, n);
	if (!first || !bytes)
		return 0;
	value = *bytes & 0x3f;
	for (uint32_t i = 1; i < n; i++)
		value = value << 8 | bytes[i];
	return value;
}

static enum quic_type type_of(uint32_t version, uint8_t flags)
{
	unsigned bits = flags >> 4 & 3;

	if (!version)
		return QUIC_NEGOTIATION;
	if (!quic_version_is_known(version))
		return QUIC_UNKNOWN;
	if (version == QUIC_V2)
		bits = (bits + 3) % 4;
	return (enum quic_type)bits;
}

static void take_cid(struct cursor *c, struct quic_cid *cid)
{
	const uint8_t *len = cursor_take(c, 1);

	cid->len = len ? *len : 0;
	cid->at = cursor_take(c, cid->len);
}

/* What stands before the packet number. */
static bool take_lengths(struct cursor *c, enum quic_type type, uint64_t *len)
{
	uint64_t token = type == QUIC_INITIAL ? quic_varint(c) : 0;

	if (token > c->cap)
		return false;
	cursor_take(c, (uint32_t)token);
	*len = quic_varint(c);
	return c->status == CURSOR_OK && *len <= c->wire;
}

bool quic_packet_read(struct cursor *datagram, struct quic_packet *packet)
{
	struct cursor c = *datagram;
	const uint8_t *first = cursor_take(&c, FIRST);
	uint64_t len = 0;

	if (!first || !(first[0] & LONG_HEADER))
		return false;
	packet->version = be32(first + 1);
	packet->type = type_of(packet->version, first[0]);
	take_cid(&c, &packet->destination);
	take_cid(&c, &packet->source);
	if (c.status != CURSOR_OK)
		return false;
	packet->bytes = *datagram;
	packet->number_at = 0;
	if (packet->type <= QUIC_HANDSHAKE) {
		if (packet->destination.len > QUIC_CID_MAX ||
			packet->source.len > QUIC_CID_MAX ||
			!take_lengths(&c, packet->type, &len))
			return false;
		packet->number_at = datagram->wire - c.wire;
		cursor_claim(&packet->bytes, packet->number_at + (uint32_t)len);
	}
	cursor_skip(datagram, packet->bytes.wire);
	return true;
}

bool quic_is_initial(struct cursor datagram)
{
	struct quic_packet packet;

	return quic_packet_read(&datagram, &packet) && packet.type == QUIC_INITIAL;
}
