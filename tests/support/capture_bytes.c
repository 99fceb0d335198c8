#include "support/capture_bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const char *what)
{
	perror(what);
	abort();
}

void bytes_add(struct bytes *b, const void *data, size_t len)
{
	if (len == 0)
		return;
	if (b->room - b->len < len) {
		b->room = 2 * (b->room + len);
		b->at = realloc(b->at, b->room);
		if (b->at == NULL)
			stop("realloc");
	}
	memcpy(b->at + b->len, data, len);
	b->len += len;
}

static void bytes_number(struct bytes *b, uint32_t value, unsigned size)
{
	uint8_t digits[4];

	for (unsigned i = 0; i < size; i++)
		digits[b->big_endian ? size - 1 - i : i] = (uint8_t)(value >> 8 * i);
	bytes_add(b, digits, size);
}

void bytes_u16(struct bytes *b, uint16_t value)
{
	bytes_number(b, value, 2);
}

void bytes_u32(struct bytes *b, uint32_t value)
{
	bytes_number(b, value, 4);
}

void bytes_free(struct bytes *b)
{
	free(b->at);
	*b = (struct bytes){0};
}

void bytes_write(const struct bytes *b, const char *path)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL || (b->len > 0 && fwrite(b->at, 1, b->len, file) != b->len) ||
		fclose(file) != 0)
		stop(path);
}

void pcap_begin(struct bytes *b, uint32_t magic, uint32_t snaplen, uint32_t link)
{
	bytes_u32(b, magic);
	bytes_u16(b, 2);
	bytes_u16(b, 4);
	bytes_u32(b, 0);
	bytes_u32(b, 0);
	bytes_u32(b, snaplen);
	bytes_u32(b, link);
}

void pcap_packet(struct bytes *b, uint32_t seconds, uint32_t fraction, const void *data,
	uint32_t cap, uint32_t wire)
{
	bytes_u32(b, seconds);
	bytes_u32(b, fraction);
	bytes_u32(b, cap);
	bytes_u32(b, wire);
	bytes_add(b, data, cap);
}

void pcapng_begin(struct bytes *b)
{
	bytes_u32(b, 0x0a0d0d0a);
	bytes_u32(b, 28);
	bytes_u32(b, 0x1a2b3c4d);
	bytes_u16(b, 1);
	bytes_u16(b, 0);
	bytes_u32(b, UINT32_MAX); /* section length: not given */
	bytes_u32(b, UINT32_MAX);
	bytes_u32(b, 28);
}

void pcapng_interface(struct bytes *b, uint16_t link, uint32_t snaplen, int resolution)
{
	uint8_t value[4] = {(uint8_t)resolution};
	uint32_t len = resolution < 0 ? 20 : 32;

	bytes_u32(b, 1);
	bytes_u32(b, len);
	bytes_u16(b, link);
	bytes_u16(b, 0);
	bytes_u32(b, snaplen);
	if (resolution >= 0) {
		bytes_u16(b, 9);
		bytes_u16(b, 1);
		bytes_add(b, value, sizeof(value));
		bytes_u32(b, 0); /* end of options */
	}
	bytes_u32(b, len);
}

void pcapng_packet(struct bytes *b, uint32_t interface, uint64_t time, const void *data,
	uint32_t cap, uint32_t wire)
{
	uint32_t padding = (4 - cap % 4) % 4, len = 32 + cap + padding;

	bytes_u32(b, 6);
	bytes_u32(b, len);
	bytes_u32(b, interface);
	bytes_u32(b, (uint32_t)(time >> 32));
	bytes_u32(b, (uint32_t)time);
	bytes_u32(b, cap);
	bytes_u32(b, wire);
	bytes_add(b, data, cap);
	bytes_add(b, "\0\0\0", padding);
	bytes_u32(b, len);
}

void pcapng_block(struct bytes *b, uint32_t type, const void *body, uint32_t len)
{
	uint32_t padding = (4 - len % 4) % 4, total = 12 + len + padding;

	bytes_u32(b, type);
	bytes_u32(b, total);
	bytes_add(b, body, len);
	bytes_add(b, "\0\0\0", padding);
	bytes_u32(b, total);
}
