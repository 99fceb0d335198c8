/* What is the matter with the sessions of a replay: looked at once, when the workers have ended. */
#include "dataplane/replay/replay_inside.h"

#include "config/log/log.h"
#include "inspect/detect/mirror_watch.h"

static bool see_all(struct mirror_watch *watch, const struct session_table *sessions)
{
	for (uint32_t i = 0; i < session_table_count(sessions); i++)
		if (!mirror_watch_see(watch, session_table_get(sessions, i)))
			return false;
	return true;
}

static bool look(struct replay *replay, struct mirror_watch *watch)
{
	const struct model *model = replay->params->model;

	if (!watch)
		return false;
	mirror_watch_begin(watch, model && model->n_sessions > 0);
	for (uint32_t i = 0; i < replay->n_workers; i++)
		if (!see_all(watch, replay->lanes[i]->sessions))
			return false;
	mirror_watch_end(watch, 1, 0);
	/* Its worker has ended. */
	correlator_flush(replay->correlator, 0, UINT64_MAX);
	return true;
}

void replay_look_at_sessions(struct replay *replay)
{
	const struct settings *settings = replay->params->settings;
	const struct mirror_watch_params params = {
		.settings = settings, .facts = correlator_sink(replay->correlator, 0)};
	struct mirror_watch *watch;

	if (!settings->detect.alerts)
		return;
	watch = mirror_watch_create(&params);
	if (!look(replay, watch)) {
		log_error("not enough memory to look for what is the matter with sessions");
		replay->lost = true;
	}
	mirror_watch_destroy(watch);
}
