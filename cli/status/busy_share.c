#include "cli/status/busy_share.h"

#include <stdlib.h>

#include "config/log/now.h"

static const uint64_t period_ns = NS_PER_S;

static uint64_t share_of(uint64_t busy_ns, uint64_t all_ns)
{
	return busy_ns >= all_ns ? COUNTER_ONE
				 : (uint64_t)((double)busy_ns / (double)all_ns * COUNTER_ONE);
}

void shares_see(struct shares *s, const struct status *status, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - s->at_ns;

	if (s->n_workers != status->n_workers) {
		shares_fini(s);
		s->workers = calloc(status->n_workers + 1ull, sizeof(*s->workers));
		s->n_workers = s->workers == NULL ? 0 : status->n_workers;
	}
	if (s->at_ns != 0 && passed_ns < period_ns)
		return;
	for (uint32_t i = 0; i < s->n_workers; i++) {
		uint64_t busy_ns = status->workers[i].busy_ns;

		if (s->at_ns != 0)
			s->workers[i].share =
				share_of(busy_ns - s->workers[i].busy_ns, passed_ns);
		s->workers[i].busy_ns = busy_ns;
	}
	s->at_ns = now_ns;
}

void shares_put(const struct shares *s, struct status *status)
{
	for (uint32_t i = 0; i < status->n_workers && i < s->n_workers; i++)
		status->workers[i].busy_share = s->workers[i].share;
}

void shares_fini(struct shares *s)
{
	free(s->workers);
	*s = (struct shares){.workers = NULL};
}
