/* The bytes of classic pcap (draft-ietf-opsawg-pcap), in this machine's order, as libpcap writes them: for
 * files (classic_pcap.h) and for streams to other programs (feed_stream.h). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { PCAP_HEADER = 24, PCAP_RECORD_HEADER = 16 };

/* At the beginning; `ns`: times are in nanoseconds, else in microseconds. */
void pcap_header(uint8_t out[PCAP_HEADER], uint32_t link_type, bool ns);
/* Before each packet's `cap` bytes. Seconds have 32 bits: a later time becomes the last one they hold, and
 * this returns false. */
bool pcap_record_header(uint8_t out[PCAP_RECORD_HEADER], uint64_t time_ns, bool ns,
	uint32_t cap, uint32_t wire);
