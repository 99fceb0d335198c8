/* What is said of a block that cannot be read. */
#include <stdarg.h>
#include <stdio.h>

#include "dataplane/capture/capture_blocks_inside.h"

static const char *type_name(uint32_t type)
{
	switch (type) {
	case BLOCK_INTERFACE:
		return "an Interface Description Block";
	case BLOCK_PACKET:
		return "a Packet Block";
	case BLOCK_SIMPLE:
		return "a Simple Packet Block";
	case BLOCK_NAMES:
		return "a Name Resolution Block";
	case BLOCK_STATISTICS:
		return "an Interface Statistics Block";
	case BLOCK_ENHANCED:
		return "an Enhanced Packet Block";
	case BLOCK_SECRETS:
		return "a Decryption Secrets Block";
	case BLOCK_SECTION:
		return "a Section Header Block";
	default:
		return NULL;
	}
}

enum records_status blocks_refuse(
	struct capture_blocks *b, enum records_status status, const char *format, ...)
{
	const char *name = type_name(b->type);
	char type[32];
	va_list arguments;
	int n;

	snprintf(type, sizeof(type), "of type %u", b->type);
	n = snprintf(b->wrong, sizeof(b->wrong),
		"block %llu at byte %llu, %s: ", (unsigned long long)b->done + 1,
		(unsigned long long)b->offset, name != NULL ? name : type);
	va_start(arguments, format);
	vsnprintf(b->wrong + n, sizeof(b->wrong) - (size_t)n, format, arguments);
	va_end(arguments);
	return status;
}

enum records_status blocks_cut(struct capture_blocks *b)
{
	const struct capture_window *w = b->window;
	uint64_t there = capture_window_offset(w) + (w->end - w->at) - b->offset;

	return blocks_refuse(b, RECORDS_CUT, "%llu of its %u bytes are there",
		(unsigned long long)there, b->len);
}

enum records_status blocks_cut_in_header(struct capture_blocks *b, size_t need)
{
	const struct capture_window *w = b->window;

	if (w->end == w->at)
		return RECORDS_ENDED;
	snprintf(b->wrong, sizeof(b->wrong),
		"block %llu at byte %llu: %zu of the %zu bytes of its header are there",
		(unsigned long long)b->done + 1, (unsigned long long)b->offset, w->end - w->at,
		need);
	return RECORDS_CUT;
}
