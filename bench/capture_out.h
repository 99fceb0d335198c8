/* A classic pcap file of Ethernet frames with nanosecond times, as the benchmarks write them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct capture_out;

/* "-" is standard output. NULL: said on standard error why. */
struct capture_out *capture_out_open(const char *path);
void capture_out_write(
	struct capture_out *out, uint64_t time_ns, const uint8_t *bytes, uint32_t n);
/* False: not everything could be written; said why. NULL is legal. */
bool capture_out_close(struct capture_out *out);
