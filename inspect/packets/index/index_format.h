/* The bytes of an index, as docs/OUTPUT.md lays them out; for this room alone. All numbers are little-endian.
 *
 * The file is a row of blocks of INDEX_BLOCK bytes, of which the last four are a checksum; the last block
 * may be shorter. What blocks hold, put together, is the payload, and every position is one in the payload: so
 * nothing need begin at a block's border, and nothing is read that was not checked.
 *
 *     header | part | part ... | landmarks | directory: one entry a part
 *
 * and each part, area by area:
 *
 *     filter | rows | points | IPv4 addresses | IPv6 addresses | skips | stretches | lists | postings */
#pragma once

#include <libdeflate.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "inspect/flow/hash.h"
#include "inspect/packets/index/index_builder.h"
#include "inspect/packets/index/index_reader.h"

enum {
	INDEX_VERSION = 1,
	INDEX_BLOCK = 4096,
	INDEX_SUM = 4,
	INDEX_PAYLOAD = INDEX_BLOCK - INDEX_SUM, /* of a block */

	INDEX_HEADER = 128,
	INDEX_ENTRY = 96,
	INDEX_LINE = 64, /* of the filter */
	INDEX_ROW = 30,
	INDEX_POINT = 24,
	INDEX_V4 = 4,
	INDEX_V6 = 16,
	INDEX_SKIP = 4,
	INDEX_SKIP_EVERY = 32, /* addresses */
	INDEX_STRETCH = 16,
	INDEX_STRETCH_BITS = 16, /* of the packet file, 64 KiB */
	INDEX_LANDMARK = 8,

	INDEX_PART_PACKETS = 1 << 20,
	INDEX_NO_ADDRESS = 0xffffff,
	INDEX_LINE_KEYS = 51, /* 10 bits a key: one key in 70 that is not there seems to be */
	INDEX_VARINT_MAX = 5,
};

#define INDEX_MAGIC "\x89PSIDX\r\n"

enum index_header_at {
	HEADER_VERSION = 8,
	HEADER_BLOCK = 12,
	HEADER_SIZE = 16, /* of the payload */
	HEADER_LENGTH = 24,
	HEADER_HEAD = 32,
	HEADER_TAIL = 36,
	HEADER_MADE_WITH = 40,
	HEADER_PACKETS = 48,
	HEADER_FLOWS = 56,
	HEADER_JOINED = 64,
	HEADER_FIRST_NS = 72,
	HEADER_LAST_NS = 80,
	HEADER_DIRECTORY = 88,
	HEADER_LANDMARKS = 96,
	HEADER_N_PARTS = 104,
	HEADER_N_LANDMARKS = 108,
};

enum index_entry_at {
	ENTRY_AT = 0, /* where the part begins */
	ENTRY_FIRST_OFFSET = 8,
	ENTRY_LAST_OFFSET = 16,
	ENTRY_FIRST_NS = 24,
	ENTRY_LAST_NS = 32,
	ENTRY_PACKETS = 40,
	ENTRY_FLOWS = 44,
	ENTRY_LINES = 48,
	ENTRY_POINTS = 52,
	ENTRY_V4 = 56,
	ENTRY_V6 = 60,
	ENTRY_STRETCHES = 64,
	ENTRY_LISTS = 68,    /* bytes */
	ENTRY_POSTINGS = 72, /* bytes */
	ENTRY_TICK = 76,     /* rows count times in 2^this ns since the part's first */
};

/* The IP version of a row is said by its addresses: those of IPv4 have the lower numbers. */
enum index_row_at {
	ROW_FLOW_ID = 0,
	ROW_FIRST = 8, /* in ticks, rounded down; and up */
	ROW_LAST = 11,
	ROW_LO = 14, /* numbers of addresses, or INDEX_NO_ADDRESS */
	ROW_HI = 17,
	ROW_LO_PORT = 20,
	ROW_HI_PORT = 22,
	ROW_POINT = 24, /* 0: none */
	ROW_PROTOCOL = 26,
	ROW_POSTINGS = 27, /* where its offsets begin in the part's postings */
};

enum { INDEX_TICKS_MAX = 0xffffff };

static inline uint64_t index_get(const uint8_t *at, unsigned bytes)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < bytes; i++)
		n |= (uint64_t)at[i] << 8 * i;
	return n;
}

static inline uint32_t index_get32(const uint8_t *at)
{
	return (uint32_t)index_get(at, 4);
}

static inline void index_put(uint8_t *at, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(n >> 8 * i);
}

/* Seven bits a byte, the lowest first; the highest bit says that more come. Returns the bytes. */
static inline unsigned index_put_varint(uint8_t *at, uint32_t n)
{
	unsigned len = 0;

	for (; n > 127; n >>= 7)
		at[len++] = (uint8_t)(n | 128);
	at[len++] = (uint8_t)n;
	return len;
}

/* Of block `number`, whose place is part of it: blocks that changed places are damaged, too. */
static inline uint32_t index_sum(uint64_t number, const uint8_t *payload, size_t len)
{
	uint8_t place[8];

	index_put(place, number, sizeof(place));
	return libdeflate_crc32(libdeflate_crc32(0, place, sizeof(place)), payload, len);
}

/* ---- the filter: bits of a Bloom filter whose key sets all of them in one line ---- */

static inline uint64_t index_key_of_id(uint64_t flow_id)
{
	return hash_fold(flow_id ^ hash_salt[0], hash_salt[1]);
}

static inline uint64_t index_key_of_address(const struct ip_addr *a)
{
	return hash_fold(
		index_get(a->byte, 8) ^ hash_salt[2], index_get(a->byte + 8, 8) ^ hash_salt[3]);
}

static inline uint32_t index_line_of(uint64_t key, uint32_t n_lines)
{
	return (uint32_t)((key >> 32) * n_lines >> 32);
}

/* The i-th of the seven bits, 0 to 511. */
enum { INDEX_KEY_BITS = 7 };
static inline unsigned index_bit_of(uint64_t key, unsigned i)
{
	return (unsigned)(hash_fold(key ^ hash_salt[4], hash_salt[5]) >> 9 * i) & 511;
}
