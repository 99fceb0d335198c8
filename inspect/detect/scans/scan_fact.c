#include "inspect/detect/scans/scan_fact.h"

bool scan_is_before(
	const struct flow *a, uint64_t a_point_id, const struct flow *b, uint64_t b_point_id)
{
	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns;
	return flow_id(a, a_point_id) < flow_id(b, b_point_id);
}

void syns_count_add(struct syns_count *to, const struct syns_count *more)
{
	bool is_first = to->unanswered + to->half_open == 0;

	to->unanswered += more->unanswered;
	to->half_open += more->half_open;
	if (is_first || more->first_ns < to->first_ns)
		to->first_ns = more->first_ns;
	if (more->last_ns > to->last_ns)
		to->last_ns = more->last_ns;
	to->many_sources = to->many_sources || more->many_sources;
}
