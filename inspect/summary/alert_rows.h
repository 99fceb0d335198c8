/* Alerts in brief, as rows of a table and as members of JSON: of the summary, and of `ctl alerts`. */
#pragma once

#include <stdio.h>

#include "inspect/detect/alert_brief.h"
#include "inspect/record/json.h"

void alert_rows_print(const struct alert_brief *rows, uint32_t n, FILE *out);
/* A list of objects. */
void alert_rows_json(
	struct json *j, const char *key, const struct alert_brief *rows, uint32_t n);
