/* Which alerts the settings silence (detect.suppress), as one configuration has it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/record/alert.h"

struct settings;
struct suppress;

/* A copy: the settings are not needed afterwards. NULL: no memory. */
struct suppress *suppress_create(const struct settings *settings);
/* NULL is legal. */
void suppress_destroy(struct suppress *suppress);

/* What is asked of an alert. Borrowed for the call. */
struct suppress_subject {
	enum alert_engine engine;
	struct alert_words rule, title, tenant;
	const char *session; /* NULL: the mirror model knows none */
	const struct flow
		*flow; /* whose ends have the addresses; NULL: none, it is of `source` */
	struct ip_addr source;
	uint64_t time_ns;
};

/* NULL suppresses nothing. */
bool suppress_has(const struct suppress *suppress, const struct suppress_subject *subject);
