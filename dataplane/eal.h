/* DPDK's environment abstraction layer, started as offline commands need it: no root, no huge
 * pages, no devices, no shared files, so any number of users can run at once. */
#pragma once

#include <stddef.h>

/* Starts EAL with `memory_mb` of ordinary memory. The calling thread keeps its CPU affinity (EAL
 * would pin it, and every thread it makes). 0, or -1 with a sentence in `error`. */
int eal_start_offline(unsigned memory_mb, char *error, size_t error_size);
void eal_stop(void);
