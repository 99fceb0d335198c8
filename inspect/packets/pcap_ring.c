#include "inspect/packets/pcap_ring.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/packets/pcap_format.h"

enum { CAP_AT = 8 /* of a record, in its header */ };

bool pcap_ring_init(struct pcap_ring *ring, size_t room)
{
	*ring = (struct pcap_ring){malloc(room), room, 0};
	return ring->bytes != NULL;
}

void pcap_ring_fini(struct pcap_ring *ring)
{
	free(ring->bytes);
}

void pcap_ring_put(struct pcap_ring *ring, const void *bytes, size_t len)
{
	size_t at = ring->head & (ring->room - 1), first = ring->room - at;

	first = len < first ? len : first;
	memcpy(ring->bytes + at, bytes, first);
	memcpy(ring->bytes, (const uint8_t *)bytes + first, len - first);
	ring->head += len;
}

void pcap_ring_get(const struct pcap_ring *ring, uint64_t from, void *bytes, size_t len)
{
	size_t at = from & (ring->room - 1), first = ring->room - at;

	first = len < first ? len : first;
	memcpy(bytes, ring->bytes + at, first);
	memcpy((uint8_t *)bytes + first, ring->bytes, len - first);
}

int pcap_ring_pieces(const struct pcap_ring *ring, uint64_t from, struct iovec pieces[2])
{
	uint64_t len = ring->head - from;
	size_t at = from & (ring->room - 1), first = ring->room - at;

	if (len == 0)
		return 0;
	pieces[0] = (struct iovec){ring->bytes + at, len < first ? len : first};
	if (len <= first)
		return 1;
	pieces[1] = (struct iovec){ring->bytes, len - first};
	return 2;
}

uint64_t pcap_ring_next(const struct pcap_ring *ring, uint64_t start)
{
	uint32_t cap;

	pcap_ring_get(ring, start + CAP_AT, &cap, sizeof(cap));
	return start + PCAP_RECORD_HEADER + cap;
}

uint64_t pcap_ring_count(const struct pcap_ring *ring, uint64_t from, uint64_t to)
{
	uint64_t n = 0;

	for (; from < to; from = pcap_ring_next(ring, from))
		n++;
	return n;
}
