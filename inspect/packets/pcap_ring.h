/* Records of classic pcap in memory, one behind the other, written over from the front. Positions count bytes
 * from 0 and never wrap; what lies more than the room behind `head` is gone: whoever reads sees to it that
 * nothing is put over what is still to be read. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct pcap_ring {
	uint8_t *bytes;
	size_t room;   /* a power of two */
	uint64_t head; /* behind the last byte */
};

/* false: no memory. */
bool pcap_ring_init(struct pcap_ring *ring, size_t room);
void pcap_ring_fini(struct pcap_ring *ring);

void pcap_ring_put(struct pcap_ring *ring, const void *bytes, size_t len);
void pcap_ring_get(const struct pcap_ring *ring, uint64_t from, void *bytes, size_t len);
/* All from `from` on, in at most two pieces; returns how many. */
int pcap_ring_pieces(const struct pcap_ring *ring, uint64_t from, struct iovec pieces[2]);

/* Where the record that begins at `start` ends. */
uint64_t pcap_ring_next(const struct pcap_ring *ring, uint64_t start);
/* Records between two of their ends. */
uint64_t pcap_ring_count(const struct pcap_ring *ring, uint64_t from, uint64_t to);
