/* Linked into periscope_faults: the product, with the functions below wrapped (tests/CMakeLists.txt). What goes
 * wrong is asked for in the environment; without that nothing does.
 *
 *     FAULT_LOSE=N            the Nth packet that a worker has done with is counted nowhere
 *     FAULT_DROP_EVERY=N      every Nth packet is gone before it is received (one worker)
 *     FAULT_DPI_DELAY=NS      nDPI takes so much longer for each packet,
 *     FAULT_DPI_FROM=WORKER   in workers from this number on
 *     FAULT_DISK_DELAY=NS     each packet that is recorded takes so much longer
 *     FAULT_STALL_WORKER=N    this worker stands still once,
 *     FAULT_STALL_AFTER=NS    so long after it began,
 *     FAULT_STALL_FOR=NS      for so long
 */
#include "config/log/now.h"
#include "dataplane/pipeline/lane.h"
#include "dataplane/port/port.h"
#include "inspect/packets/packet_files.h"

#include <pthread.h>
#include <rte_mbuf.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct {
	uint64_t lose, drop_every, dpi_delay, dpi_from, disk_delay, stall_worker, stall_after,
		stall_for;
} faults;

static uint64_t asked(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : 0;
}

static void __attribute__((constructor)) read_faults(void)
{
	faults.lose = asked("FAULT_LOSE");
	faults.drop_every = asked("FAULT_DROP_EVERY");
	faults.dpi_delay = asked("FAULT_DPI_DELAY");
	faults.dpi_from = asked("FAULT_DPI_FROM");
	faults.disk_delay = asked("FAULT_DISK_DELAY");
	faults.stall_worker = asked("FAULT_STALL_WORKER");
	faults.stall_after = asked("FAULT_STALL_AFTER");
	faults.stall_for = asked("FAULT_STALL_FOR");
}

/* Of the worker whose thread this is; by its name, as it may not ask for that any more later. */
static _Thread_local unsigned worker;

int __real_pthread_setname_np(pthread_t thread, const char *name);
int __wrap_pthread_setname_np(pthread_t thread, const char *name);

int __wrap_pthread_setname_np(pthread_t thread, const char *name)
{
	if (pthread_equal(thread, pthread_self()))
		sscanf(name, "worker %u", &worker);
	return __real_pthread_setname_np(thread, name);
}

static void wait_for(uint64_t ns)
{
	const struct timespec time = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};

	nanosleep(&time, NULL);
}

static void lose(struct lane *lane, uint64_t done, const enum reason *why)
{
	static _Atomic uint64_t all;
	uint64_t n = (uint64_t)__builtin_popcountll(done), before;

	if (faults.lose == 0 || n == 0)
		return;
	before = atomic_fetch_add(&all, n);
	if (before < faults.lose && faults.lose <= before + n)
		lane->ledger.reasons[why[__builtin_ctzll(done)]]--;
}

void __real_pipeline_run(struct lane *lane, struct pipeline_burst *burst, uint64_t horizon_ns);
void __wrap_pipeline_run(struct lane *lane, struct pipeline_burst *burst, uint64_t horizon_ns);

void __wrap_pipeline_run(struct lane *lane, struct pipeline_burst *burst, uint64_t horizon_ns)
{
	__real_pipeline_run(lane, burst, horizon_ns);
	lose(lane, burst->own | burst->taken, burst->why);
}

static uint32_t drop(struct rte_mbuf **mbufs, uint32_t n)
{
	static uint64_t counted;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (++counted % faults.drop_every)
			mbufs[kept++] = mbufs[i];
		else
			rte_pktmbuf_free(mbufs[i]);
	}
	return kept;
}

uint32_t __real_port_receive(
	struct port *port, uint32_t queue, struct rte_mbuf **mbufs, uint32_t n);
uint32_t __wrap_port_receive(
	struct port *port, uint32_t queue, struct rte_mbuf **mbufs, uint32_t n);

uint32_t __wrap_port_receive(
	struct port *port, uint32_t queue, struct rte_mbuf **mbufs, uint32_t n)
{
	n = __real_port_receive(port, queue, mbufs, n);
	return faults.drop_every ? drop(mbufs, n) : n;
}

static void stall(const struct lane *lane)
{
	static uint64_t began;
	static bool over;

	if (over || lane->index != faults.stall_worker)
		return;
	if (began == 0)
		began = now_monotonic();
	if (now_monotonic() - began < faults.stall_after)
		return;
	over = true;
	wait_for(faults.stall_for);
}

void __real_lane_age_sessions(struct lane *lane, uint64_t horizon_ns);
void __wrap_lane_age_sessions(struct lane *lane, uint64_t horizon_ns);

/* Each live worker comes by here about once a millisecond. */
void __wrap_lane_age_sessions(struct lane *lane, uint64_t horizon_ns)
{
	if (faults.stall_for)
		stall(lane);
	__real_lane_age_sessions(lane, horizon_ns);
}

void __real_dpi_packet(struct dpi *dpi, struct flow *flow, const struct packet *p);
void __wrap_dpi_packet(struct dpi *dpi, struct flow *flow, const struct packet *p);

/* The processor is busy meanwhile, as with nDPI. */
void __wrap_dpi_packet(struct dpi *dpi, struct flow *flow, const struct packet *p)
{
	bool slow = faults.dpi_delay && worker >= faults.dpi_from;
	uint64_t given = slow ? dpi_stats(dpi).packets : 0, end;

	__real_dpi_packet(dpi, flow, p);
	if (!slow)
		return;
	end = now_monotonic() + (dpi_stats(dpi).packets - given) * faults.dpi_delay;
	while (now_monotonic() < end)
		;
}

void __real_packet_files_write(struct packet_files *files, const struct packet_record *record);
void __wrap_packet_files_write(struct packet_files *files, const struct packet_record *record);

void __wrap_packet_files_write(struct packet_files *files, const struct packet_record *record)
{
	if (faults.disk_delay)
		wait_for(faults.disk_delay);
	__real_packet_files_write(files, record);
}
