#include "inspect/stream/byte_buffer.h"

#include <string.h>

static bool grow(struct byte_buffer *buffer, struct memory *memory, struct memory_list *list,
	uint32_t size)
{
	uint8_t *bytes = memory_alloc(memory, list, 2 * (size_t)size);

	if (!bytes)
		return false;
	if (buffer->have)
		memcpy(bytes, buffer->bytes, buffer->have);
	memory_free(buffer->bytes);
	buffer->bytes = bytes;
	buffer->room = 2 * size;
	return true;
}

bool byte_buffer_add(struct byte_buffer *buffer, struct memory *memory,
	struct memory_list *list, const uint8_t *bytes, uint32_t n)
{
	uint32_t size = buffer->have + n;

	if (size > buffer->room && !grow(buffer, memory, list, size))
		return false;
	if (n)
		memcpy(buffer->bytes + buffer->have, bytes, n);
	buffer->have = size;
	return true;
}

void byte_buffer_clear(struct byte_buffer *buffer)
{
	memory_free(buffer->bytes);
	*buffer = (struct byte_buffer){.bytes = NULL};
}
