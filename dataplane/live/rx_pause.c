#include "dataplane/live/rx_pause.h"

#include "config/log/now.h"

#define WAIT_MAX_NS (500 * NS_PER_MS)
#define COUNT_NS (200 * NS_PER_MS)

void rx_pause_init(struct rx_pause *p, uint64_t holds, uint64_t now_ns)
{
	*p = (struct rx_pause){
		.holds = holds,
		.counted_ns = now_ns,
		.limit_ns = WAIT_MAX_NS,
		.seen_ns = now_ns,
	};
}

void rx_pause_count(struct rx_pause *p, uint64_t packets, uint64_t now_ns)
{
	uint64_t came = packets - p->counted, took;

	/* While it waits little comes in, which says nothing. */
	if (now_ns < p->counted_ns + COUNT_NS || p->waited_ns > 0)
		return;
	took = now_ns - p->counted_ns;
	p->counted = packets;
	p->counted_ns = now_ns;
	/* Half of holds / (came / took). */
	p->limit_ns = came ? p->holds * took / (2 * came) : WAIT_MAX_NS;
	if (p->limit_ns > WAIT_MAX_NS)
		p->limit_ns = WAIT_MAX_NS;
}

bool rx_pause_waits(struct rx_pause *p, bool tight, uint64_t now_ns)
{
	/* The clock of the wall may be set back. */
	if (p->waits && now_ns > p->seen_ns)
		p->waited_ns += now_ns - p->seen_ns;
	p->seen_ns = now_ns;
	p->waits = tight && p->waited_ns < p->limit_ns;
	return p->waits;
}

void rx_pause_drained(struct rx_pause *p)
{
	p->waited_ns = 0;
}
