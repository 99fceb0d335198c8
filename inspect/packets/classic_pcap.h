/* Writes one classic pcap file with ns times (pcap_format.h). Its seconds have 32 bits: later times are
 * written as the last one they hold, which is said once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/packets/pcapng.h"
#include "inspect/record/sink.h"

struct classic_pcap;

/* Ethernet, or raw IP when `is_ip`; `flags` are more flags of open(2). NULL: errno says why. */
struct classic_pcap *classic_pcap_open(
	const char *path, int flags, bool is_ip, struct output_ledger *ledger);
/* false: not written (and not counted). */
bool classic_pcap_write(
	struct classic_pcap *file, uint64_t time_ns, const struct packet_bytes *bytes);
uint64_t classic_pcap_size(const struct classic_pcap *file);
/* false when anything was lost. */
bool classic_pcap_flush(struct classic_pcap *file);
bool classic_pcap_close(struct classic_pcap *file);
