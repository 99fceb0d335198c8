/* The label of a flow as the JSON that events carry: `"app":...,"app_protocol":...,
 * "app_name":...,"category":...`. Few labels name most flows, so what was formatted is kept: a
 * direct-mapped cache, with the same text on a hit as on a miss. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inspect/dpi/dpi.h"
#include "inspect/record/text.h"

/* Names are cut at LABEL_NAME bytes, far above any that nDPI has. */
enum {
	LABEL_SLOTS = 256,
	LABEL_NAME = 64,
	LABEL_JSON = 4 * ((int)sizeof("\"app_protocol\":\"\",") + TEXT_JSON_GROWTH * LABEL_NAME)
};

struct label_cache {
	struct label {
		uint16_t master, app, len; /* len 0: empty */
		uint8_t category;
		char json[LABEL_JSON];
	} slot[LABEL_SLOTS];
};

/* Appends the label's JSON. `dpi` NULL: without inspection every flow is Unknown. */
void label_json(struct label_cache *cache, const struct dpi *dpi, const struct flow *flow,
	struct text *t);
