#include "dataplane/support/hooks.h"

#include <errno.h>
#include <pthread.h>
#include <rte_ethdev.h>
#include <stdlib.h>

#include "config/log/error.h"
#include "dataplane/port/eal.h"
#include "inspect/output/output.h"
#include "inspect/packets/packet_files.h"

static struct hooks active;
static _Thread_local unsigned allocations, threads;
static _Thread_local bool failed, silent_devices, eal_runs;

void hooks_set(const struct hooks *hooks)
{
	active = *hooks;
}

void hooks_clear(void)
{
	active = (struct hooks){0};
}

void hooks_fail_allocation(unsigned nth)
{
	allocations = nth;
	failed = false;
}

bool hooks_allocation_failed(void)
{
	return failed;
}

void hooks_fail_thread(unsigned nth)
{
	threads = nth;
}

void hooks_eal_runs(bool runs)
{
	eal_runs = runs;
}

static _Thread_local const struct rte_eth_stats *told_stats;

void hooks_devices_say(const struct rte_eth_stats *stats)
{
	told_stats = stats;
}

void hooks_silence_devices(bool silent)
{
	silent_devices = silent;
}

static bool is_due(unsigned *countdown)
{
	return *countdown > 0 && --*countdown == 0;
}

static bool no_memory(void)
{
	if (!is_due(&allocations))
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return no_memory() ? NULL : __real_malloc(size);
}

void *__real_pages_alloc(size_t size);
void *__wrap_pages_alloc(size_t size);
void *__wrap_pages_alloc(size_t size)
{
	return no_memory() ? NULL : __real_pages_alloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return no_memory() ? NULL : __real_calloc(n, size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size)
{
	return no_memory() ? NULL : __real_realloc(old, size);
}

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return no_memory() ? NULL : __real_aligned_alloc(alignment, size);
}

int __real_pthread_create(
	pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);
int __wrap_pthread_create(
	pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);
int __wrap_pthread_create(
	pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
	return is_due(&threads) ? EAGAIN : __real_pthread_create(thread, attr, start, arg);
}

int __real_eal_start_live(const struct eal_params *params, bool *huge, struct error *error);
int __wrap_eal_start_live(const struct eal_params *params, bool *huge, struct error *error);
int __wrap_eal_start_live(const struct eal_params *params, bool *huge, struct error *error)
{
	*huge = true;
	return eal_runs ? 0 : __real_eal_start_live(params, huge, error);
}

void __real_eal_stop(void);
void __wrap_eal_stop(void);
void __wrap_eal_stop(void)
{
	if (!eal_runs)
		__real_eal_stop();
}

int __real_rte_eth_stats_get(uint16_t port, struct rte_eth_stats *stats);
int __wrap_rte_eth_stats_get(uint16_t port, struct rte_eth_stats *stats);
int __wrap_rte_eth_stats_get(uint16_t port, struct rte_eth_stats *stats)
{
	if (silent_devices)
		return -EIO;
	if (!told_stats)
		return __real_rte_eth_stats_get(port, stats);
	*stats = *told_stats;
	return 0;
}

void __real_pipeline_run(struct lane *lane, struct pipeline_burst *burst, uint64_t horizon_ns);
void __wrap_pipeline_run(struct lane *lane, struct pipeline_burst *burst, uint64_t horizon_ns);
void __wrap_pipeline_run(struct lane *lane, struct pipeline_burst *burst, uint64_t horizon_ns)
{
	__real_pipeline_run(lane, burst, horizon_ns);
	if (active.burst)
		active.burst(
			active.ctx, lane, burst->packets, burst->n, horizon_ns, burst->why);
}

void __real_flow_table_expire_all(struct flow_table *table, uint64_t horizon_ns);
void __wrap_flow_table_expire_all(struct flow_table *table, uint64_t horizon_ns);
void __wrap_flow_table_expire_all(struct flow_table *table, uint64_t horizon_ns)
{
	if (active.rewind)
		active.rewind(active.ctx, table, horizon_ns);
	__real_flow_table_expire_all(table, horizon_ns);
}

void __real_output_record(struct output *output, const struct record *record);
void __wrap_output_record(struct output *output, const struct record *record);
void __wrap_output_record(struct output *output, const struct record *record)
{
	if (active.record)
		active.record(active.ctx);
	__real_output_record(output, record);
}

void __real_packet_files_write(struct packet_files *files, const struct packet_record *record);
void __wrap_packet_files_write(struct packet_files *files, const struct packet_record *record);

void __wrap_packet_files_write(struct packet_files *files, const struct packet_record *record)
{
	if (active.packet)
		active.packet(active.ctx);
	__real_packet_files_write(files, record);
}
