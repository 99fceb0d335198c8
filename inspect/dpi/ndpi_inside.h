/* What the files of the nDPI adapter share: ndpi.c (calls), ndpi_isolation.c (caches across flows),
 * ndpi_spare.c (what nDPI is spared), ndpi_names.c (what it found for names) and ndpi_collect.c (what a flow's state tells). Only they include
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
struct originals {
	struct ndpi_lru_cache *(*init)(uint32_t entries);
	uint8_t (*find)(struct ndpi_lru_cache *, uint32_t key, uint16_t *value, uint8_t clean);
	void (*add)(struct ndpi_lru_cache *, uint32_t key, uint16_t value);
	void *(*cache_new)(uint32_t size);
	int (*match_string)(struct ndpi_detection_module_struct *, char *name, u_int len,
		ndpi_protocol_match_result *);
	int (*match_category)(struct ndpi_detection_module_struct *, char *name, u_int len,
		ndpi_protocol_category_t *);
	int (*check_generated)(struct ndpi_detection_module_struct *, struct ndpi_flow_struct *,
		char *name, uint8_t is_hostname);
};

enum { NAMES_MAX = 256 /* remembered */, NAME_MAX_KNOWN = 79 /* bytes */ };

/* What nDPI has said of a name. */
struct known_name {
	uint8_t len; /* 0: none */
	bool knows_protocol, knows_category;
	bool is_ordinary[2]; /* it does not look generated: as any text, as a host's name */
	int found, has_category;
	ndpi_protocol_match_result match;
	ndpi_protocol_category_t category;
	char name[NAME_MAX_KNOWN];
};

struct engine {
	struct ndpi_detection_module_struct *module;
	struct memory *memory;
	struct memory_list own;   /* blocks of the module */
	struct memory_list *list; /* where blocks go now */
	struct engine_flow *flow; /* the flow that nDPI works on */
	struct originals real;
	bool correlate;
	struct known_name names[NAMES_MAX];
};

/* The engine whose flow or module nDPI works on in this thread, or NULL. */
extern _Thread_local struct engine *engine_at_work;

/* Around every call of nDPI that may allocate; `flow` NULL: for the module. */
void engine_enter(struct engine *engine, struct engine_flow *flow);
void engine_leave(void);

/* Finds nDPI's own functions behind ours; false: there are none. */
bool engine_isolate(struct originals *real);

/* Do nothing: the linker takes from a library only files that somebody calls, and what stands in for nDPI's
 * functions is called by nDPI alone. */
void engine_spare(void);
void engine_know_names(void);
