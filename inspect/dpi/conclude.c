/* The end of an inspection. */
#include "inspect/dpi/inside.h"

/* Inspects what came of the datagram. */
void flow_end_datagram(struct dpi *dpi, struct flow *flow)
{
	struct reassembly *datagram = flow->dpi->datagram;
	const struct piece *piece = reassembly_piece(datagram);

	dpi->stats.datagrams_unjoined += !reassembly_is_whole(datagram);
	if (piece)
		flow_look(dpi, flow, piece);
	if (!flow->dpi)
		return;
	flow->dpi->datagram = NULL;
	reassembly_close(datagram);
}

/* Of one inspection: all that waits, and nDPI's last word. */
static void conclude(struct dpi *dpi, struct flow *flow, struct inspection *in)
{
	if (in && !inspection_is_blank(in))
		flow_feed_rest(dpi, flow, in);
}

void dpi_conclude(struct dpi *dpi, struct flow *flow)
{
	memory_charge(&dpi->memory, flow->key.point);
	if (flow->dpi && flow->dpi->datagram)
		flow_end_datagram(dpi, flow);
	if (!flow->dpi)
		return;
	conclude(dpi, flow, &flow->dpi->whole);
	conclude(dpi, flow, flow->dpi->cut);
	flow_label_final(dpi, flow, true);
}
