#include "inspect/flow/quota.h"

#include "decap/session/session.h"
#include "inspect/flow/pages.h"

/* Untouched pages cost nothing, and points are numbered from 0. */
static size_t points_size(const struct quota *quota)
{
	return quota->params.points * sizeof(*quota->points);
}

static uint64_t percent(uint64_t whole, uint32_t part)
{
	return whole / 100 * part + whole % 100 * part / 100;
}

static void divide(struct quota *q, uint32_t n_sessions)
{
	uint64_t sessions = percent(q->limit, q->params.sessions);

	q->kept = n_sessions > 0 ? sessions / n_sessions : 0;
	q->kept_unknown = percent(q->limit, q->params.unknown);
	q->common = q->limit - q->kept * n_sessions - q->kept_unknown;
}

bool quota_init(struct quota *quota, uint64_t limit, const struct quota_params *params)
{
	*quota = (struct quota){.params = *params, .limit = limit};
	divide(quota, 0);
	if (params->points == 0)
		return true;
	quota->points = pages_alloc(points_size(quota));
	return quota->points;
}

void quota_fini(struct quota *quota)
{
	pages_free(quota->points, points_size(quota));
	quota->points = NULL;
}

bool quota_is_configured(const struct quota *q, uint32_t point)
{
	return point < q->params.points && q->points[point].configured;
}

/* What is used of the point's share, and what is kept for that. */
struct draw {
	uint64_t used, kept;
};

static struct draw draw_of(const struct quota *q, uint32_t point)
{
	if (quota_is_configured(q, point))
		return (struct draw){q->points[point].used, q->kept};
	return (struct draw){q->unknown_used, q->kept_unknown};
}

static uint64_t beyond(uint64_t used, uint64_t kept)
{
	return used > kept ? used - kept : 0;
}

/* What `n` more would take of what is common. */
static uint64_t common_of(const struct quota *q, uint32_t point, uint64_t n)
{
	struct draw draw = draw_of(q, point);

	return beyond(draw.used + n, draw.kept) - beyond(draw.used, draw.kept);
}

static bool has_room(const struct quota *q, uint64_t n, uint64_t of_common)
{
	if (q->limit == 0)
		return true;
	return n <= q->limit && q->used <= q->limit - n &&
	       (of_common == 0 || q->common_used + of_common <= q->common);
}

bool quota_fit(const struct quota *q, uint32_t point, uint64_t n)
{
	return has_room(q, n, common_of(q, point, n));
}

bool quota_take(struct quota *q, uint32_t point, uint64_t n)
{
	uint64_t of_common = common_of(q, point, n);

	if (!has_room(q, n, of_common))
		return false;
	q->common_used += of_common;
	q->used += n;
	if (!quota_is_configured(q, point))
		q->unknown_used += n;
	if (point < q->params.points)
		q->points[point].used += n;
	return true;
}

void quota_give(struct quota *q, uint32_t point, uint64_t n)
{
	struct draw draw = draw_of(q, point);

	q->common_used -= beyond(draw.used, draw.kept) - beyond(draw.used - n, draw.kept);
	q->used -= n;
	if (!quota_is_configured(q, point))
		q->unknown_used -= n;
	if (point < q->params.points)
		q->points[point].used -= n;
}

bool quota_is_within(const struct quota *q, uint32_t point, uint64_t n)
{
	return common_of(q, point, n) == 0;
}

bool quota_may_replace(const struct quota *q, uint32_t point, uint64_t n, uint32_t other)
{
	struct draw draw = draw_of(q, other);
	bool same = point == other ||
		    (!quota_is_configured(q, point) && !quota_is_configured(q, other));

	return draw.used > draw.kept || (same && !quota_is_within(q, point, n));
}

void quota_bind(struct quota *q, const struct session_table *sessions)
{
	uint32_t count = session_table_count(sessions), n_configured = 0;
	uint64_t known = 0;

	if (count > q->params.points)
		count = q->params.points;
	for (uint32_t i = 0; i < count; i++) {
		q->points[i].configured = session_table_get(sessions, i)->configured;
		n_configured += q->points[i].configured;
	}
	divide(q, n_configured);
	q->common_used = 0;
	for (uint32_t i = 0; i < count; i++)
		if (q->points[i].configured) {
			known += q->points[i].used;
			q->common_used += beyond(q->points[i].used, q->kept);
		}
	q->unknown_used = q->used - known;
	q->common_used += beyond(q->unknown_used, q->kept_unknown);
}
