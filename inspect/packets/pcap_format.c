#include "inspect/packets/pcap_format.h"

#include <string.h>

#include "config/log/now.h"
#include "inspect/packets/pcapng.h"

enum { NS_PER_US = 1000 };

void pcap_header(uint8_t out[PCAP_HEADER], uint32_t link_type, bool ns)
{
	const uint32_t magic = ns ? 0xa1b23c4d : 0xa1b2c3d4, snaplen = PCAPNG_SNAPLEN;
	const uint16_t version[2] = {2, 4};

	memset(out, 0, PCAP_HEADER);
	memcpy(out, &magic, sizeof(magic));
	memcpy(out + 4, version, sizeof(version));
	memcpy(out + 16, &snaplen, sizeof(snaplen));
	memcpy(out + 20, &link_type, sizeof(link_type));
}

bool pcap_record_header(
	uint8_t out[PCAP_RECORD_HEADER], uint64_t time_ns, bool ns, uint32_t cap, uint32_t wire)
{
	uint64_t seconds = time_ns / NS_PER_S, part = time_ns % NS_PER_S;
	bool fits = seconds <= UINT32_MAX;
	const uint32_t words[4] = {fits ? (uint32_t)seconds : UINT32_MAX,
		(uint32_t)(ns ? part : part / NS_PER_US), cap, wire};

	memcpy(out, words, PCAP_RECORD_HEADER);
	return fits;
}
