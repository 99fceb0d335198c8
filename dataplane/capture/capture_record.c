#include "dataplane/capture/capture_record.h"

#include "dataplane/capture/capture_blocks_inside.h"

bool capture_blocks_is_header(const uint8_t *at, size_t n)
{
	static const uint8_t type[] = {0x0a, 0x0d, 0x0d, 0x0a};
	uint32_t magic;

	if (n < BLOCK_LEAST)
		return n > 0 && memcmp(at, type, n < sizeof(type) ? n : sizeof(type)) == 0;
	magic = capture_u32(at + BLOCK_HEADER, false);
	return memcmp(at, type, sizeof(type)) == 0 &&
	       (magic == BYTE_ORDER_MAGIC || magic == __builtin_bswap32(BYTE_ORDER_MAGIC));
}
