/* A classic pcap file of Ethernet frames with nanosecond times, written by libpcap. */
#pragma once

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>

/* "-" is standard output. NULL: said on standard error why. */
pcap_dumper_t *capture_out_open(const char *path);
void capture_out_write(pcap_dumper_t *out, uint64_t time_ns, const uint8_t *bytes, uint32_t n);
/* False: not everything could be written; said why. NULL is legal. */
bool capture_out_close(pcap_dumper_t *out);
