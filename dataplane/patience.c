#include "dataplane/patience.h"

#define MS_NS UINT64_C(1000000)
#define SECOND_NS (1000 * MS_NS)
#define WAIT_MAX_NS (100 * MS_NS)
#define COUNT_NS (200 * MS_NS)

enum { SHARE = 10 }; /* one part of so many may be spent waiting */

void patience_init(struct patience *p, uint64_t holds, uint64_t now_ns)
{
	*p = (struct patience){
		.holds = holds,
		.budget_ns = WAIT_MAX_NS,
		.seen_ns = now_ns,
		.counted_ns = now_ns,
		.limit_ns = WAIT_MAX_NS,
	};
}

void patience_count(struct patience *p, uint64_t packets, uint64_t now_ns)
{
	uint64_t came = packets - p->counted, took;

	if (now_ns < p->counted_ns + COUNT_NS)
		return;
	took = now_ns - p->counted_ns;
	p->counted = packets;
	p->counted_ns = now_ns;
	/* Half of holds / (came / took). */
	p->limit_ns = came ? p->holds * took / (2 * came) : WAIT_MAX_NS;
	if (p->limit_ns > WAIT_MAX_NS)
		p->limit_ns = WAIT_MAX_NS;
}

static void pass(struct patience *p, uint64_t now_ns)
{
	uint64_t passed = now_ns > p->seen_ns ? now_ns - p->seen_ns : 0;

	p->seen_ns = now_ns;
	if (p->began_ns)
		p->budget_ns -= passed < p->budget_ns ? passed : p->budget_ns;
	else
		p->budget_ns += passed / SHARE;
	if (p->budget_ns > WAIT_MAX_NS)
		p->budget_ns = WAIT_MAX_NS;
}

bool patience_waits(struct patience *p, bool tight, uint64_t now_ns)
{
	pass(p, now_ns);
	if (!tight)
		p->began_ns = 0;
	if (!tight || p->budget_ns == 0)
		return false;
	if (p->began_ns == 0)
		p->began_ns = now_ns;
	return now_ns - p->began_ns < p->limit_ns;
}
