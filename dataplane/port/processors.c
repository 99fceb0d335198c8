#include "dataplane/port/processors.h"

uint32_t processors_allowed(cpu_set_t *cpus)
{
	int n;

	CPU_ZERO(cpus);
	(void)sched_getaffinity(0, sizeof(*cpus), cpus);
	n = CPU_COUNT(cpus);
	return n > 0 ? (uint32_t)n : 1;
}
