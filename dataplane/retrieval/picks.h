/* Which records of a capture a question can mean at all, by the index beside it (inspect/packets/index/). Without a good index, or
 * where the answer could be another one than that of reading all, the whole capture is read; so is one of which the question
 * may mean much. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/settings/settings.h"
#include "dataplane/retrieval/needs.h"
#include "decap/decap.h"

struct picks {
	bool all;     /* read all of it */
	uint64_t *at; /* offsets of records and of landmarks, ascending; from malloc() */
	size_t n;
	uint64_t *
		flow_ids; /* in a capture of others, of each of `at` the flow; NULL: they are found out as the packets
			     * are read. Owned */
};

struct picks_of {
	const char *path;
	bool recorded; /* it is one of our packet files */
	const struct settings *settings;
	enum decap_mode mode;
};

/* Always legal to free. `why`: what is wrong with an index that is there and cannot be used; "" else. */
void picks_find(struct picks *picks, const struct picks_of *of, const struct needs *needs,
	struct error *why);
void picks_fini(struct picks *picks);

/* The flow of the record at an offset, which is one of `at`; of picks with flow_ids. */
uint64_t picks_flow(const struct picks *picks, uint64_t offset);
