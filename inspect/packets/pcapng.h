/* Writes one pcapng file (draft-ietf-opsawg-pcapng) of one link type: a section in little-endian
 * order, an interface for each (outer source, VNI) when it is first used (pcapng_interfaces.h has
 * their bound), enhanced packet blocks with direction and comment, and a statistics block for each
 * interface at the end. What a flush leaves is a file of whole blocks that readers take. After a write
 * that failed a new section begins, which needs nothing of what was lost.
 *
 * Only Ethernet has an interface for each session: of another link type libpcap takes no second
 * interface (it compares the number in the file with its own for the type), so those files have a
 * nameless one, and need no new section either. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/packets/packet_file.h"
#include "inspect/record/sink.h"

enum { PCAPNG_SNAPLEN = 262144 };

/* LINKTYPE_ numbers of files (tcpdump.org/linktypes.html). */
enum { LINKTYPE_ETHERNET = 1, LINKTYPE_RAW = 101 };

/* The bytes of a packet in two parts, as ethernet_make() gives them. */
struct packet_bytes {
	const uint8_t *header;
	uint32_t header_len;
	const uint8_t *payload;
	uint32_t cap, wire; /* of the payload */
};

struct pcapng;

/* `link_type` as LINKTYPE_... numbers it; `flags` are more flags of open(2). NULL: errno says why. */
struct pcapng *pcapng_open(
	const char *path, int flags, uint16_t link_type, struct output_ledger *ledger);
/* false: no memory for another interface, the packet is not written (and not counted). */
bool pcapng_write(struct pcapng *file, const struct packet_record *record,
	const struct packet_bytes *bytes);
/* What the file's size will be when it is closed. */
uint64_t pcapng_size(const struct pcapng *file);
/* false when anything was lost. */
bool pcapng_flush(struct pcapng *file);
bool pcapng_close(struct pcapng *file);
/* Closes and removes what has no packet in it. */
bool pcapng_discard(struct pcapng *file);
