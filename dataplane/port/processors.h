/* The processors that this process may run on: what taskset and cgroup cpusets leave of the
 * machine's. */
#pragma once

#include <sched.h>
#include <stdint.h>

/* Their number, at least 1; `cpus` gets which (none where the kernel does not say). */
uint32_t processors_allowed(cpu_set_t *cpus);
