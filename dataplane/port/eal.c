#include "dataplane/port/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include <sched.h>
#include <stdio.h>

#include "config/log/error.h"

/* EAL wants a CPU for its one lcore; any that we may run on will do. */
static int first_cpu(const cpu_set_t *allowed)
{
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, allowed))
			return cpu;
	return 0;
}

int eal_start_offline(unsigned memory_mb, struct error *error)
{
	char program[] = "periscope", no_huge[] = "--no-huge", no_pci[] = "--no-pci";
	char no_shconf[] = "--no-shconf", no_telemetry[] = "--no-telemetry", m[] = "-m";
	char log_level[] = "--log-level=error", lcores[] = "--lcores";
	char memory[16], lcore[16];
	char *argv[] = {program, no_huge, no_pci, no_shconf, no_telemetry, log_level, m, memory,
		lcores, lcore, NULL};
	cpu_set_t affinity;
	int result;

	CPU_ZERO(&affinity);
	sched_getaffinity(0, sizeof(affinity), &affinity);
	snprintf(memory, sizeof(memory), "%u", memory_mb);
	snprintf(lcore, sizeof(lcore), "0@%d", first_cpu(&affinity));
	result = rte_eal_init((int)(sizeof(argv) / sizeof(argv[0])) - 1, argv);
	if (result < 0) {
		error_set(error, "DPDK's EAL did not start: %s", rte_strerror(rte_errno));
		return -1;
	}
	sched_setaffinity(0, sizeof(affinity), &affinity);
	return 0;
}

void eal_stop(void)
{
	rte_eal_cleanup();
}
