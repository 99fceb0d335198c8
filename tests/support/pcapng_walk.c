#include "support/pcapng_walk.h"

#include <string.h>

static uint32_t le(const uint8_t *at, unsigned bytes)
{
	uint32_t value = 0;

	for (unsigned i = bytes; i-- > 0;)
		value = value << 8 | at[i];
	return value;
}

/* The option `code` of the list at `at`; NULL: is not there. */
static const uint8_t *option(
	const uint8_t *at, const uint8_t *end, uint32_t code, uint32_t *len)
{
	while (end - at >= 4 && le(at, 2) != 0) {
		*len = le(at + 2, 2);
		if (*len > (size_t)(end - at) - 4)
			return NULL;
		if (le(at, 2) == code)
			return at + 4;
		at += 4 + (*len + 3) / 4 * 4;
	}
	return NULL;
}

static void see_interface(struct pcapng_seen *seen, const uint8_t *body, const uint8_t *end)
{
	uint32_t len;

	seen->whole = seen->whole && end - body >= 8 &&
		      (seen->link == 0 || le(body, 2) == seen->link) &&
		      le(body + 4, 4) == 262144;
	seen->link = (uint16_t)le(body, 2);
	seen->interfaces++;
	if (option(body + 8, end, 2, &len) != NULL)
		seen->named++;
}

static void see_statistics(struct pcapng_seen *seen, const uint8_t *body, const uint8_t *end)
{
	uint32_t len;
	const uint8_t *received = option(body + 12, end, 4, &len);

	seen->statistics++;
	seen->whole = seen->whole && le(body, 4) < seen->interfaces && received != NULL;
	if (received != NULL)
		seen->counted += le(received, 4) | (uint64_t)le(received + 4, 4) << 32;
}

static bool read_packet(struct pcapng_walked *packet, const uint8_t *body, const uint8_t *end)
{
	const uint8_t *comment;
	uint32_t len = 0;

	if (end - body < 20)
		return false;
	packet->interface = le(body, 4);
	packet->cap = le(body + 12, 4);
	packet->wire = le(body + 16, 4);
	packet->frame = body + 20;
	packet->comment[0] = '\0';
	if (packet->cap > (size_t)(end - body) - 20)
		return false;
	comment = option(body + 20 + (packet->cap + 3) / 4 * 4, end, 1, &len);
	if (comment == NULL || len >= sizeof(packet->comment))
		return comment == NULL;
	memcpy(packet->comment, comment, len);
	packet->comment[len] = '\0';
	return true;
}

struct pcapng_seen pcapng_walk(const void *bytes, size_t len,
	void (*see_packet)(void *ctx, const struct pcapng_walked *packet), void *ctx)
{
	const uint8_t *at = bytes, *end = at + len;
	struct pcapng_seen seen = {.whole = len >= 12 && le(at, 4) == 0x0a0d0d0a};
	uint32_t size;

	for (; seen.whole && at < end; at += size) {
		const uint8_t *body = at + 8, *body_end;
		struct pcapng_walked packet;
		uint32_t type = end - at >= 12 ? le(at, 4) : 0;

		size = end - at >= 12 ? le(at + 4, 4) : 0;
		seen.whole = size >= 12 && size % 4 == 0 && size <= (size_t)(end - at) &&
			     le(at + size - 4, 4) == size;
		if (!seen.whole)
			break;
		body_end = at + size - 4;
		if (type == 0x0a0d0d0a) {
			seen.sections++;
			seen.interfaces = seen.named = 0;
		}
		if (type == 1)
			see_interface(&seen, body, body_end);
		if (type == 5)
			see_statistics(&seen, body, body_end);
		if (type != 6)
			continue;
		seen.packets++;
		seen.whole = read_packet(&packet, body, body_end) &&
			     packet.interface < seen.interfaces;
		if (seen.whole && see_packet != NULL)
			see_packet(ctx, &packet);
	}
	return seen;
}
