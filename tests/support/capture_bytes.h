/* Captures byte by byte, as the file formats' documents say (draft-ietf-opsawg-pcap and -pcapng),
 * for tests that need to know where each packet ends, or that want them wrong. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Grows as needed; `at` is freed by bytes_free. All zero is an empty one. */
struct bytes {
	uint8_t *at;
	size_t len, room;
	bool big_endian; /* of the numbers that are added */
};

void bytes_add(struct bytes *b, const void *data, size_t len);
void bytes_u16(struct bytes *b, uint16_t value);
void bytes_u32(struct bytes *b, uint32_t value);
void bytes_free(struct bytes *b);
/* Aborts the test run when the file cannot be written. */
void bytes_write(const struct bytes *b, const char *path);

enum { PCAP_MICRO = 0xa1b2c3d4, PCAP_NANO = 0xa1b23c4d };

void pcap_begin(struct bytes *b, uint32_t magic, uint32_t snaplen, uint32_t link);
void pcap_packet(struct bytes *b, uint32_t seconds, uint32_t fraction, const void *data,
	uint32_t cap, uint32_t wire);

void pcapng_begin(struct bytes *b);
/* `resolution`: the option if_tsresol, or -1 for none (microseconds). */
void pcapng_interface(struct bytes *b, uint16_t link, uint32_t snaplen, int resolution);
void pcapng_packet(struct bytes *b, uint32_t interface, uint64_t time, const void *data,
	uint32_t cap, uint32_t wire);
/* A block of any type around `len` bytes of body, padded. */
void pcapng_block(struct bytes *b, uint32_t type, const void *body, uint32_t len);
