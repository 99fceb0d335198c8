/* A worker's exporter whose records are kept, and made lines of as a writer does; and flows and details
 * to give it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decap/session/session.h"
#include "inspect/dpi/dpi.h"
#include "inspect/flow/flow.h"
#include "inspect/proto/details_draft.h"
#include "inspect/record/encoder/encoder.h"
#include "inspect/record/exporter.h"

enum { STAGE_RECORDS = 8 };

struct stage {
	struct session_table *sessions;
	struct exporter *exporter;
	struct names names;
	bool refuse;
	unsigned n;
	union {
		struct record head;
		char bytes[RECORD_MAX];
	} records[STAGE_RECORDS];
	char line[LINE_SIZE_MAX + 1];
	struct draft draft;
	struct memory memory;
	struct memory_list taken; /* details */
};

/* With flow events, windows of 600 s and transactions of all kinds, without bounds. `dpi` NULL: without
 * names of applications. */
struct stage *stage_make(const struct dpi *dpi);
/* Begins anew with an exporter of other parameters; sink and sessions are the stage's. */
void stage_exporter(struct stage *stage, struct exporter_params params);
void stage_free(struct stage *stage);

/* The line of record `i`, which only one encoder makes; until the next call. */
const char *stage_line(struct stage *stage, unsigned i);

/* One packet through the table, so that the session is known to it. */
uint32_t stage_session(struct stage *stage, const char *outer, uint32_t vni);

/* What is in the draft, as details that live as long as the stage. */
struct details *stage_drafted(struct stage *stage);
/* All details, each byte escaped to six, of `len` bytes a string and `element` an element; all risks. */
struct details *stage_details(struct stage *stage, size_t len, size_t element);

struct ip_addr addr_of(const char *text);

/* nDPI 4.2's numbers, as `ndpiReader -h` lists them. */
enum { SAMPLE_DNS = 5, SAMPLE_TLS = 91, SAMPLE_GOOGLE = 126, SAMPLE_CATEGORY_WEB = 5 };

/* The first TCP flow of the community id specification's examples, as a flow of TLS. */
struct flow sample_flow(void);
