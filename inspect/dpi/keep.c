/* What was found out goes into the flow's details. */
#include "inspect/dpi/inside.h"

void flow_details(struct dpi *dpi, struct flow *flow)
{
	uint64_t refused = dpi->memory.refused;
	struct details *details;

	if (flow->dpi && flow->dpi->notes.fresh)
		flow_draft_notes(flow->dpi, &dpi->draft);
	draft_keep(&dpi->draft, flow->details);
	details = draft_finish(&dpi->draft, &dpi->memory, &dpi->blocks);
	if (dpi->memory.refused != refused) {
		if (flow->dpi)
			flow->dpi->starved = true;
		return;
	}
	if (flow->dpi)
		flow->dpi->notes.fresh = false;
	memory_free(flow->details);
	flow->details = details;
}

void flow_keep_notes(struct dpi *dpi, struct flow *flow)
{
	if (!flow->dpi->notes.fresh)
		return;
	draft_reset(&dpi->draft);
	flow_details(dpi, flow);
}
