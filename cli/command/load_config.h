/* The configuration of a command: a settings file, single settings from the command line, and
 * the mirror model that both describe. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "config/settings/settings.h"
#include "dataplane/pipeline/snapshot.h"

struct config_source {
	const char *file;       /* NULL: none */
	const char *const *set; /* KEY=VALUE, after the file */
	uint32_t n_set;
	bool again; /* a reload: messages stay in the form they have (log.format, log.level) */
};

/* Reads into `settings`, which holds the defaults. NULL: `error` says what is wrong first, and how
 * much more there is. Warnings of the import are said on standard error. */
struct model *load_config(
	const struct config_source *from, struct settings *settings, struct error *error);

/* The indicator lists and the databases of addresses of these settings, empty where they name none, into `policy`,
 * which gets nothing when it is false: `error` says what is wrong with them, or with an expression of a feed. */
bool load_knowledge(const struct config_source *from, const struct settings *settings,
	struct policy *policy, struct error *error);
/* The same for a report; it warns of AS numbers that nobody can look up. */
bool load_knowledge_report(const struct config_source *from, const struct settings *settings,
	struct policy *policy, struct report *report);
