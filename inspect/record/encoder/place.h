/* Where a flow's ends are, as the JSON that flow events carry. Few addresses are in most flows, so what was looked up is
 * kept: a direct-mapped cache. One thread uses it. */
#pragma once

#include "inspect/flow/addr_text.h"
#include "inspect/flow/flow.h"
#include "inspect/geo/geo.h"

/* No text of place_json() is longer. */
enum { PLACE_JSON = 192 + 2 * TEXT_JSON_GROWTH * GEO_ORG };

struct places;

/* NULL: no memory. */
struct places *places_create(void);
/* NULL is legal. */
void places_destroy(struct places *places);
/* From now on these databases, until the next call; NULL: none. */
void places_use(struct places *places, const struct geo *geo);

/* Appends `"src_country":...` to `"dst_as_org":...` and a comma; `places` NULL: all null. */
void place_json(struct places *places, const struct flow *flow, struct text *t);
