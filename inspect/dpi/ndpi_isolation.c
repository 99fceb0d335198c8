/* Isolation: a flow's label must not depend on other flows, or it would depend on what shares a
 * worker. nDPI 4.2 remembers across flows in seven LRU caches (ookla, bittorrent, zoom, stun,
 * tls_cert, mining, msteams) and the cache of tinc; all are created when first needed, all are
 * reached through functions of the shared library that are not bound to it symbolically. So our
 * definitions of those functions win: ndpi_lru_find_cache() and ndpi_lru_add_to_cache() keep
 * what a flow wrote with that flow (a few entries; a flow does read what it wrote itself), and
 * cache_new() makes none for tinc. The label of a flow is then what ndpiReader says of a capture
 * that holds this flow alone. With `correlate` they go through to nDPI. From 4.6 on the caches
 * can be given size 0 instead. nDPI 4.2 has no other state across flows: the module's `packet`
 * is set anew with each packet. Linking nDPI statically would define these functions twice,
 * which the linker refuses; test_dpi.c checks that they are in force. */
#include <dlfcn.h>

#include "inspect/dpi/ndpi_inside.h"

_Thread_local struct engine *engine_at_work;

void engine_enter(struct engine *engine, struct engine_flow *flow)
{
	/* With shared caches no block is known to be the flow's alone. */
	bool sweep = COMPAT_INTERPOSE && flow && !engine->correlate;

	engine->list = sweep ? &flow->blocks : &engine->own;
	engine->flow = flow;
	engine_at_work = engine;
}

void engine_leave(void)
{
	engine_at_work = NULL;
}

#if COMPAT_INTERPOSE

void *cache_new(uint32_t size);

static bool isolated(void)
{
	return engine_at_work->flow && !engine_at_work->correlate;
}

static struct note *note_find(const void *cache, uint32_t key)
{
	struct engine_flow *flow = engine_at_work->flow;

	for (unsigned i = 0; i < flow->n_notes; i++)
		if (flow->notes[i].cache == cache && flow->notes[i].key == key)
			return &flow->notes[i];
	return NULL;
}

/* nDPI calls these four only when we have called nDPI: there is an engine at work. */
struct ndpi_lru_cache *ndpi_lru_cache_init(uint32_t entries)
{
	struct memory_list *list = engine_at_work->list;
	struct ndpi_lru_cache *cache;

	engine_at_work->list = &engine_at_work->own;
	cache = engine_at_work->real.init(isolated() ? 1 : entries);
	engine_at_work->list = list;
	return cache;
}

uint8_t ndpi_lru_find_cache(
	struct ndpi_lru_cache *cache, uint32_t key, uint16_t *value, uint8_t clean)
{
	struct note *note;

	if (!isolated())
		return engine_at_work->real.find(cache, key, value, clean);
	note = note_find(cache, key);
	if (!note)
		return 0;
	*value = note->value;
	if (clean)
		*note = engine_at_work->flow->notes[--engine_at_work->flow->n_notes];
	return 1;
}

void ndpi_lru_add_to_cache(struct ndpi_lru_cache *cache, uint32_t key, uint16_t value)
{
	struct engine_flow *flow = engine_at_work->flow;
	struct note *note;

	if (!isolated()) {
		engine_at_work->real.add(cache, key, value);
		return;
	}
	note = note_find(cache, key);
	if (!note && flow->n_notes < NOTES_MAX)
		note = &flow->notes[flow->n_notes++];
	if (note)
		*note = (struct note){cache, key, value};
}

void *cache_new(uint32_t size)
{
	return isolated() ? NULL : engine_at_work->real.cache_new(size);
}

bool engine_isolate(struct originals *real)
{
	*(void **)&real->init = dlsym(RTLD_NEXT, "ndpi_lru_cache_init");
	*(void **)&real->find = dlsym(RTLD_NEXT, "ndpi_lru_find_cache");
	*(void **)&real->add = dlsym(RTLD_NEXT, "ndpi_lru_add_to_cache");
	*(void **)&real->cache_new = dlsym(RTLD_NEXT, "cache_new");
	*(void **)&real->match_string = dlsym(RTLD_NEXT, "ndpi_match_string_subprotocol");
	*(void **)&real->match_category = dlsym(RTLD_NEXT, "ndpi_match_custom_category");
	*(void **)&real->check_generated = dlsym(RTLD_NEXT, "ndpi_check_dga_name");
	return real->init && real->find && real->add && real->cache_new && real->match_string &&
	       real->match_category && real->check_generated;
}

#else

bool engine_isolate(struct originals *real)
{
	(void)real;
	return true;
}

#endif
