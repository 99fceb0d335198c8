/* What is the matter with mirror sessions: the control thread looks at what the workers' views show of them. */
#include "dataplane/live/appliance_inside.h"

#include "config/log/now.h"

/* A row under the configuration in force, of which the worker may not know yet. */
static void see(struct appliance *appliance, const struct worker_view *view, uint32_t index)
{
	struct session row = view->sessions[index];

	if (!appliance_is_current(appliance, view)) {
		row.config = appliance_session(appliance, &row.key);
		row.configured = row.config != NULL;
	}
	/* Without memory it is seen a second later. */
	(void)mirror_watch_see(appliance->mirror, &row);
}

/* With `lock`. */
static void look(
	struct appliance *appliance, const struct worker_view *const *views, uint64_t now_ns)
{
	const struct model *model = appliance->current->policy.model;

	mirror_watch_begin(appliance->mirror, model->n_sessions > 0);
	for (uint32_t i = 0; i < appliance->n_workers; i++)
		for (uint32_t k = 0; k < views[i]->n_sessions; k++)
			see(appliance, views[i], k);
	mirror_watch_end(appliance->mirror, now_ns, now_wall());
}

/* false: a worker has shown nothing yet. */
static bool take_views(struct appliance *appliance, const struct worker_view **views)
{
	bool all = true;

	for (uint32_t i = 0; i < appliance->n_workers; i++) {
		views[i] = worker_view_read(&appliance->views[i]);
		all = all && views[i];
	}
	return all;
}

void appliance_watch_mirror(struct appliance *appliance)
{
	const struct worker_view *views[WORKERS_MAX];
	uint64_t now_ns = now_monotonic();

	/* Who asks for a status may wait for a worker, for whom this thread does not. */
	if (now_ns - appliance->mirror_ns < NS_PER_S ||
		pthread_mutex_trylock(&appliance->viewing) != 0)
		return;
	if (take_views(appliance, views)) {
		appliance->mirror_ns = now_ns;
		pthread_mutex_lock(&appliance->lock);
		look(appliance, views, now_ns);
		pthread_mutex_unlock(&appliance->lock);
		correlator_flush(appliance->correlator, appliance->n_workers, 0);
	}
	pthread_mutex_unlock(&appliance->viewing);
}

void appliance_findings(struct appliance *appliance, struct mirror_findings *findings)
{
	pthread_mutex_lock(&appliance->lock);
	*findings = *mirror_watch_findings(appliance->mirror);
	pthread_mutex_unlock(&appliance->lock);
}

bool appliance_is_silent(const struct appliance *appliance, const struct session_key *key)
{
	return mirror_watch_is_silent(appliance->mirror, key);
}
