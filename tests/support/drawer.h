/* A sink for tests: counts records by type, each of which overwrites the one before. */
#pragma once

#include <stdint.h>

#include "inspect/record/sink.h"

struct drawer {
	uint64_t n[RECORD_TYPES];
	union {
		struct record record;
		char bytes[RECORD_MAX];
	} last;
};

static inline struct record *drawer_take(void *ctx, enum record_type type, size_t len)
{
	struct drawer *drawer = ctx;

	drawer->n[type]++;
	drawer->last.record = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	return &drawer->last.record;
}

static inline struct sink drawer_sink(struct drawer *drawer)
{
	return (struct sink){drawer, drawer_take};
}
