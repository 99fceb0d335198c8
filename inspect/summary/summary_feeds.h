/* The feeds of a run in its summary: what each has as an output, and who read it. */
#pragma once

#include <stdio.h>

#include "inspect/record/json.h"
#include "inspect/summary/columns.h"
#include "inspect/summary/summary.h"

/* `"feeds": {"feed:NAME": {...}, ...}`, empty without feeds. */
void summary_feeds_json(struct json *j, const struct summary *summary);
/* A table; nothing without feeds. */
void summary_feeds_table(const struct summary *summary, FILE *out);
