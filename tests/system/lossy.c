/* Linked into periscope_lossy with -Wl,--wrap=pipeline_run: every packet numbered 10 is lost
 * without being counted. The ledger check must notice. */
#include "dataplane/pipeline/lane.h"

#include <string.h>

void __real_pipeline_run(struct lane *lane, struct packet *packets, uint32_t n,
	uint64_t horizon_ns, enum reason *why);
void __wrap_pipeline_run(struct lane *lane, struct packet *packets, uint32_t n,
	uint64_t horizon_ns, enum reason *why);

void __wrap_pipeline_run(struct lane *lane, struct packet *packets, uint32_t n,
	uint64_t horizon_ns, enum reason *why)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++)
		if (packets[i].number != 10)
			packets[kept++] = packets[i];
	memset(why, 0, sizeof(*why) * n);
	__real_pipeline_run(lane, packets, kept, horizon_ns, why);
}
