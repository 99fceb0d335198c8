/* What is the matter with the sessions of a replay: looked at once, when the workers have ended. */
#include "dataplane/replay/replay_inside.h"

#include <stdlib.h>

#include "config/log/log.h"
#include "inspect/detect/mirror_watch.h"

static int by_first(const void *left, const void *right)
{
	const struct session *a = *(const struct session *const *)left,
			     *b = *(const struct session *const *)right;

	if (a->first_ns != b->first_ns)
		return a->first_ns < b->first_ns ? -1 : 1;
	return session_key_compare(&a->key, &b->key);
}

/* Of all workers; in the order in which they began, since not all of them may be looked at: the same ones for any number
 * of workers. */
static bool see_all(struct mirror_watch *watch, const struct session_table *sessions)
{
	const uint32_t n = session_table_count(sessions);
	const struct session **rows = calloc(n + (size_t)1, sizeof(const struct session *));
	bool ok = rows != NULL;

	for (uint32_t i = 0; ok && i < n; i++)
		rows[i] = session_table_get(sessions, i);
	if (ok && n > 0)
		qsort(rows, n, sizeof(const struct session *), by_first);
	for (uint32_t i = 0; ok && i < n; i++)
		ok = mirror_watch_see(watch, rows[i]);
	free(rows);
	return ok;
}

static bool look(struct replay *replay, struct mirror_watch *watch)
{
	const struct model *model = replay->params->model;
	struct session_table *sessions = lane_sessions(replay->params->settings);
	bool ok = watch != NULL && sessions != NULL;

	for (uint32_t i = 0; ok && i < replay->n_workers; i++)
		session_table_merge(sessions, replay->lanes[i]->sessions);
	if (ok) {
		mirror_watch_begin(watch, model && model->n_sessions > 0);
		ok = see_all(watch, sessions);
	}
	if (ok)
		mirror_watch_end(watch, 1, 0);
	session_table_destroy(sessions);
	if (!ok)
		return false;
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
