/* Linked into periscope_lossy with -Wl,--wrap=pipeline_run: every packet numbered 10 is lost
 * without being counted. The ledger check must notice. */
#include "dataplane/pipeline/lane.h"

void __real_pipeline_run(struct lane *lane, struct pipeline_burst *burst, uint64_t horizon_ns);
void __wrap_pipeline_run(struct lane *lane, struct pipeline_burst *burst, uint64_t horizon_ns);

void __wrap_pipeline_run(struct lane *lane, struct pipeline_burst *burst, uint64_t horizon_ns)
{
	for (uint32_t i = 0; i < burst->n; i++)
		if (burst->packets[i].number == 10)
			burst->own &= ~(UINT64_C(1) << i);
	__real_pipeline_run(lane, burst, horizon_ns);
}
