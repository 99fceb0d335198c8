/* What the files of the nDPI adapter share: ndpi.c (calls), ndpi_isolation.c (caches across flows),
 * ndpi_spare.c (what nDPI is spared) and ndpi_collect.c (what a flow's state tells). Only they include
 * this, and nDPI's headers. */
#pragma once

#include "inspect/dpi/engine.h"
#include "inspect/dpi/ndpi_compat.h"

enum { NOTES_MAX = 6 };

/* What a flow wrote into a cache of nDPI's. */
struct note {
	const void *cache;
	uint32_t key;
	uint16_t value;
};

struct engine_flow {
	struct ndpi_flow_struct ndpi;
	struct memory_list blocks;
	unsigned n_notes;
	struct note notes[NOTES_MAX];
};

/* nDPI's own functions behind those we define in their place. */
struct caches {
	struct ndpi_lru_cache *(*init)(uint32_t entries);
	uint8_t (*find)(struct ndpi_lru_cache *, uint32_t key, uint16_t *value, uint8_t clean);
	void (*add)(struct ndpi_lru_cache *, uint32_t key, uint16_t value);
	void *(*cache_new)(uint32_t size);
};

struct engine {
	struct ndpi_detection_module_struct *module;
	struct memory *memory;
	struct memory_list own;   /* blocks of the module */
	struct memory_list *list; /* where blocks go now */
	struct engine_flow *flow; /* the flow that nDPI works on */
	struct caches real;
	bool correlate;
};

/* The engine whose flow or module nDPI works on in this thread, or NULL. */
extern _Thread_local struct engine *engine_at_work;

/* Around every call of nDPI that may allocate; `flow` NULL: for the module. */
void engine_enter(struct engine *engine, struct engine_flow *flow);
void engine_leave(void);

/* Finds nDPI's own functions behind ours; false: there are none. */
bool engine_isolate(struct caches *real);

/* Does nothing: the linker takes from a library only files that somebody calls, and what nDPI is spared is
 * called by nDPI alone. */
void engine_spare(void);
