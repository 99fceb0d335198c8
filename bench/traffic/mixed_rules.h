/* Rules as large accounts have them, for the settings of a stand: numbers of filters, each with rules
 * of all kinds in both directions (prefixes of any length, port ranges, IPv6, any protocol), of
 * which many come near the packets of bench/field.h, and last ones that accept the rest. */
#pragma once

#include <stdint.h>
#include <stdio.h>

/* Writes traffic_mirror_filters tmf-0 .. tmf-(filters-1) with `rules` rules together; at least 4 a
 * filter. The same rules every time. */
void mixed_rules_write(FILE *file, uint32_t filters, uint32_t rules);
