/* The flows of the packets that were found, in the order of their first packets. Packets that reached no flow are put
 * together by ends and session. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cli/retrieval/read_print.h"

enum { READ_FLOWS_MAX = 1 << 19 }; /* about 200 MB; further ones are counted and not shown */

struct read_flows;

/* NULL: no memory. */
struct read_flows *read_flows_create(void);
void read_flows_destroy(struct read_flows *flows); /* NULL is legal */
void read_flows_add(struct read_flows *flows, const struct retrieved *packet);

uint32_t read_flows_count(const struct read_flows *flows);
/* `i` < count. */
const struct read_flow *read_flows_get(const struct read_flows *flows, uint32_t i);
/* Packets of flows for which there was no room. */
uint64_t read_flows_left_out(const struct read_flows *flows);
