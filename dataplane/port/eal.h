/* DPDK's environment abstraction layer, started as offline commands need it (no root, no huge
 * pages, no devices) or as the live appliance does. No shared files either way, so any number of
 * users can run at once and nothing is left behind. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"

/* Starts EAL with `memory_mb` of ordinary memory. The calling thread keeps its CPU affinity (EAL
 * would pin it, and every thread it makes). 0, or -1 with a sentence in `error`. */
int eal_start_offline(unsigned memory_mb, struct error *error);

/* What the live appliance asks of EAL. */
struct eal_params {
	const char *const *devices; /* those with a PCI address are probed at the start */
	uint32_t n_devices;
	uint64_t memory;         /* bytes for buffers */
	const char *const *more; /* further arguments of the settings */
	uint32_t n_more;
	bool telemetry; /* opens DPDK's telemetry socket in its runtime directory */
};

/* Starts EAL with huge pages when the machine has enough of them free, else without: `*huge` says
 * which. Other devices are left to port_open(). The calling thread keeps its CPU affinity.
 * 0, or -1 with a sentence in `error`. */
int eal_start_live(const struct eal_params *params, bool *huge, struct error *error);
/* True for `0000:00:06.0` or `00:06.0`, with or without arguments after a comma. */
bool eal_is_pci(const char *device);

void eal_stop(void);
