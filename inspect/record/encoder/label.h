/* The label of a flow as the JSON that events carry: `"app":...,"app_protocol":...,
 * "app_name":...,"category":...`. Names are copied from nDPI once, at the start: the thread that makes
 * events has nothing to do with a worker's nDPI. Few labels name most flows, so what was formatted is
 * kept: a direct-mapped cache, with the same text on a hit as on a miss. One thread uses it. */
#pragma once

#include <stdint.h>

#include "inspect/dpi/dpi.h"
#include "inspect/flow/addr_text.h"

/* Names are cut at LABEL_NAME bytes, far above any that nDPI has. */
enum {
	LABEL_SLOTS = 256,
	LABEL_NAME = 64,
	LABEL_JSON = 4 * ((int)sizeof("\"app_protocol\":\"\",") + TEXT_JSON_GROWTH * LABEL_NAME)
};

struct labels;

/* The names of `dpi`, which no thread may be using, and which is not needed afterwards. NULL: no
 * memory. */
struct labels *labels_create(const struct dpi *dpi);
/* NULL is legal. */
void labels_destroy(struct labels *labels);

/* Appends the label's JSON. `labels` NULL: without inspection every flow is Unknown. */
void label_json(struct labels *labels, const struct flow *flow, struct text *t);
