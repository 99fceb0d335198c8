/* Hears facts of alerts that are told, and keeps the latest in words:
 *
 *     LAST-BYTE-OF-SOURCE FIRST-LAST xTIMES sSEVERITY|RULE|CATEGORY|TITLE|WHY|FIELD|VALUE|TENANT
 *
 * Times are in whole seconds. */
#pragma once

#include "inspect/record/alert.h"

enum { ALERT_EAR_WORDS = 700 };

struct alert_ear {
	unsigned n;        /* facts so far */
	uint64_t times;    /* the sum of what they count */
	uint64_t start_ns; /* of the latest's flow */
	bool by_title;     /* the latest is */
	char words[ALERT_EAR_WORDS];
};

/* `ctx` is a struct alert_ear. */
void alert_ear_hear(void *ctx, const struct alert_fact *fact);
