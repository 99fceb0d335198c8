/* What protects a flow from being read, as far as it shows: by its own details (a TLS, QUIC or SSH
 * handshake), or by a label that nDPI did not guess from port or address alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/counters/counters.h"
#include "inspect/dpi/dpi.h"
#include "inspect/flow/flow.h"

enum encryption {
#define ENCRYPTION(id, name, counter) ENCRYPTION_##id,
#include "inspect/record/tables/encryption.def"
	ENCRYPTIONS
};

/* As the `encryption` field of a flow event prints it: a static string; NULL: not known. */
const char *encryption_name(enum encryption encryption);
/* The key exchange has a part that a quantum computer does not break. */
bool encryption_is_post_quantum(enum encryption encryption);
/* Counts `flows` of them, in the member of the kind, and those that are post-quantum once more. */
void encryption_count(
	struct encryption_stats *stats, enum encryption encryption, uint64_t flows);

/* What nDPI's protocols tell, by number. */
struct encryption_protocols {
	uint8_t of[UINT8_MAX * 4]; /* enum encryption */
};

/* `dpi`: for names; NULL: none, and only details tell. */
void encryption_protocols_name(struct encryption_protocols *protocols, const struct dpi *dpi);

/* Of a flow whose label is final. */
enum encryption encryption_of(
	const struct encryption_protocols *protocols, const struct flow *flow);
