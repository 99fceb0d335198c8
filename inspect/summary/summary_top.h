/* The tables of what there was most of, each where the settings ask for it: conversations, names,
 * failures, and what protects flows between interfaces. */
#pragma once

#include <stdio.h>

#include "inspect/record/json.h"
#include "inspect/summary/summary.h"

/* As members of the object that is open; null where the settings do not ask. */
void summary_top_json(struct json *j, const struct summary *summary);
void summary_top_tables(const struct summary *summary, FILE *out);
