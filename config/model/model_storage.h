/* A model with its memory, and with the index that finds a session by its outer source. Private
 * to config/model/model*.c. */
#pragma once

#include "config/model/model.h"
#include "config/parse/arena.h"

struct model_storage {
	struct model model;                     /* first: a model is its owner's address */
	struct arena arena;                     /* holds all, this struct too */
	const struct model_session **by_source; /* ascending by (source, VNI) */
	uint32_t n_by_source;
};
