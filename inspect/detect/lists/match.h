/* What of a flow, or of one of its transactions, is in an indicator list. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/detect/lists/lists.h"
#include "inspect/flow/flow.h"
#include "inspect/geo/geo.h"
#include "inspect/proto/details.h"
#include "inspect/proto/transaction_kind.h"

enum list_field {
#define LIST_FIELD(name, text) LIST_FIELD_##name,
#include "inspect/detect/lists/list_fields.def"
	LIST_FIELDS
};

/* "src_ip", "dns.query", "tls.sni", ...: a static string. */
const char *list_field_name(enum list_field field);

enum { LIST_HITS_MAX = 8, LIST_VALUE_MAX = 255 };

struct list_hit {
	const struct indicator *indicator; /* of the lists */
	enum list_field field;
	uint16_t len;
	char value[LIST_VALUE_MAX +
		   1]; /* what was seen there, any bytes; cut; a NUL after it */
};

/* Begin with count and more 0; matches add to them. An indicator is there once for each field, however often
 * it was seen. */
struct list_hits {
	uint32_t count;
	uint32_t more; /* that had no room */
	struct list_hit hit[LIST_HITS_MAX];
};

/* Both ends' addresses: to be asked once a flow, from its first packet on. `src_ip` is the client. */
void lists_match_ends(
	const struct lists *lists, const struct flow *flow, struct list_hits *hits);
/* The autonomous systems of both, likewise. `geo` NULL: nothing. */
void lists_match_systems(const struct lists *lists, const struct geo *geo,
	const struct flow *flow, struct list_hits *hits);
/* One transaction, when it is told (inspect/proto/transaction.h). `details` NULL: nothing. */
void lists_match_transaction(const struct lists *lists, enum transaction kind,
	const struct details *details, struct list_hits *hits);
/* What of one is there before it is told: bit n of `rows` is detail n. */
void lists_match_rows(const struct lists *lists, const struct details *details, uint64_t rows,
	struct list_hits *hits);
/* A flow's own details, at its end: `told` has bit n for each kind of transactions that was matched one by
 * one, and is left out here. `details` NULL: nothing. */
void lists_match_details(const struct lists *lists, const struct details *details,
	uint32_t told, struct list_hits *hits);
