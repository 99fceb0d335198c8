/* What is noticed of a flow while it is inspected, beside its label: risks of our own, and the entropy of
 * what each side said first. Private to the dpi. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "inspect/proto/risk.h"
#include "inspect/stream/entropy.h"
#include "inspect/stream/overlap.h"

/* All zero: nothing was noticed. Side 0 is the key's `lo`. */
struct notes {
	uint32_t risks;             /* bit n: enum own_risk */
	uint32_t number[OWN_RISKS]; /* of their sentences */
	uint16_t entropy[2];        /* thousandths of a bit a byte */
	bool is_measured[2];
	bool fresh;              /* the details have not all of it */
	struct overlap *overlap; /* NULL: no data of TCP so far, or no memory */
};
