#include "dataplane/port/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>

#include <ctype.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"

enum { ARGUMENTS_MAX = 128, MIB_SHIFT = 20, OVERHEAD_MIB = 64 };

struct arguments {
	char *text[ARGUMENTS_MAX + 1]; /* EAL may change the order of these */
	char *kept[ARGUMENTS_MAX];
	int n;
};

static void add(struct arguments *a, const char *text)
{
	char *copy = strdup(text);

	if (!copy || a->n == ARGUMENTS_MAX) {
		free(copy);
		return;
	}
	a->kept[a->n] = copy;
	a->text[a->n++] = copy;
	a->text[a->n] = NULL;
}

static const char *hex_until(const char *at, char end)
{
	const char *from = at;

	while (isxdigit((unsigned char)*at))
		at++;
	return at > from && *at == end ? at + 1 : NULL;
}

bool eal_is_pci(const char *device)
{
	const char *at = hex_until(device, ':');
	const char *next = at ? hex_until(at, ':') : NULL;

	at = next ? next : at;
	at = at ? hex_until(at, '.') : NULL;
	return at && isdigit((unsigned char)at[0]) && (at[1] == '\0' || at[1] == ',');
}

static uint64_t meminfo(const char *key)
{
	FILE *file = fopen("/proc/meminfo", "re");
	size_t len = strlen(key);
	unsigned long long value = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, len) == 0 && line[len] == ':')
			value = strtoull(line + len + 1, NULL, 10);
	if (file)
		fclose(file);
	return value;
}

static bool huge_pages_suffice(uint64_t mib)
{
	uint64_t free_kib = meminfo("HugePages_Free") * meminfo("Hugepagesize");

	return free_kib >> 10 >= mib;
}

static void add_devices(struct arguments *a, const struct eal_params *params)
{
	bool any = false;

	for (uint32_t i = 0; i < params->n_devices; i++) {
		if (!eal_is_pci(params->devices[i]))
			continue;
		add(a, "-a");
		add(a, params->devices[i]);
		any = true;
	}
	if (!any)
		add(a, "--no-pci");
}

static int first_cpu(const cpu_set_t *allowed)
{
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, allowed))
			return cpu;
	return 0;
}

/* The one lcore is the control thread's, which is not pinned; workers register themselves. */
static void add_base(struct arguments *a, const cpu_set_t *affinity)
{
	char lcore[16];

	snprintf(lcore, sizeof(lcore), "0@%d", first_cpu(affinity));
	add(a, "periscope");
	add(a, "--lcores");
	add(a, lcore);
	add(a, "--log-level=error");
}

/* DPDK does not fail when there is not as much: it touches what is not there. */
static bool memory_suffices(uint64_t mib, struct error *error)
{
	uint64_t all = meminfo("MemTotal") >> 10;

	if (all == 0 || mib <= all)
		return true;
	error_set(error,
		"capture.memory: %llu MiB with what DPDK needs beside it are more than this "
		"machine's %llu",
		(unsigned long long)mib, (unsigned long long)all);
	return false;
}

int eal_start_live(const struct eal_params *params, bool *huge, struct error *error)
{
	struct arguments a = {.n = 0};
	uint64_t mib = (params->memory >> MIB_SHIFT) + OVERHEAD_MIB;
	cpu_set_t affinity;
	char memory[24];
	int result;

	CPU_ZERO(&affinity);
	sched_getaffinity(0, sizeof(affinity), &affinity);
	*huge = huge_pages_suffice(mib);
	if (!memory_suffices(mib, error))
		return -1;
	snprintf(memory, sizeof(memory), "%llu", (unsigned long long)mib);
	add_base(&a, &affinity);
	add(&a, *huge ? "--in-memory" : "--no-huge");
	if (!*huge)
		add(&a, "--no-shconf");
	if (!params->telemetry)
		add(&a, "--no-telemetry");
	add(&a, "-m");
	add(&a, memory);
	add_devices(&a, params);
	for (uint32_t i = 0; i < params->n_more; i++)
		add(&a, params->more[i]);
	result = rte_eal_init(a.n, a.text);
	if (result < 0)
		error_set(error,
			"rte_eal_init: %s; DPDK's own words stand above; see capture.memory%s "
			"and "
			"capture.eal in the settings",
			rte_strerror(rte_errno),
			params->telemetry ? ", control.telemetry" : "");
	for (int i = 0; i < a.n; i++)
		free(a.kept[i]);
	sched_setaffinity(0, sizeof(affinity), &affinity);
	return result < 0 ? -1 : 0;
}
