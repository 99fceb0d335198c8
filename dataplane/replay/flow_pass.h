/* Takes captures through the reader and one lane of a replay for the sake of flows alone: nothing is inspected, nothing
 * refused, nothing written, so flows and their ids are those of a replay of the same captures with the same settings and
 * without filters. What the reader hands on (an index, a taker) is what it is for. Two threads while it runs. */
#pragma once

#include <stdbool.h>

#include "config/log/error.h"
#include "config/settings/settings.h"
#include "dataplane/replay/reader.h"

struct flow_pass;

/* Of `reader` n_workers and settings are set here. `settings`: flow, capture, tenants. All is borrowed until flow_pass_destroy().
 * NULL: `error` says why, as what follows "NAME: ". */
struct flow_pass *flow_pass_create(const struct settings *settings,
	const struct reader_params *reader, struct error *error);
/* Reads to the end, or until the watch says stop. false: `error` says why it could not begin. Once. */
bool flow_pass_run(struct flow_pass *pass, struct reader_watch watch, struct error *error);
/* NULL is legal. */
void flow_pass_destroy(struct flow_pass *pass);
