/* Bytes put together from several pieces, in memory that is no more than twice as large. For one message at
 * a time: what arrives whole needs none. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/flow/memory.h"

/* All zero is an empty one. */
struct byte_buffer {
	uint8_t *bytes;      /* NULL: none */
	uint32_t have, room; /* bytes */
};

/* Appends `n` bytes. false: no memory; what there is stays. */
bool byte_buffer_add(struct byte_buffer *buffer, struct memory *memory,
	struct memory_list *list, const uint8_t *bytes, uint32_t n);
/* Gives the memory back. */
void byte_buffer_clear(struct byte_buffer *buffer);
