#include "dataplane/live/appliance_inside.h"

#include "config/log/now.h"
#include "config/thread/backoff.h"

#include <stdio.h>
#include <string.h>

#define WAIT_NS UINT64_C(2000000000) /* for the writer, and then for the workers */

struct differences {
	char *text;
	size_t size;
	unsigned n;
};

static bool is_live(const char *key)
{
	return strcmp(key, "sessions.unknown") == 0 ||
	       strcmp(key, "sessions.unknown_direction") == 0 ||
	       strcmp(key, "aws_import") == 0 || strcmp(key, "detect.lists") == 0 ||
	       strcmp(key, "detect.suppress") == 0 || strcmp(key, "detect.geoip") == 0;
}

static void name_difference(void *ctx, const char *key)
{
	struct differences *d = ctx;
	size_t used = strlen(d->text);

	if (is_live(key))
		return;
	snprintf(d->text + used, d->size - used, "%s%s",
		d->n++ ? ", " : "left as they were, since they cannot change live: ", key);
}

static bool all_past(const struct appliance *appliance, uint64_t generation)
{
	for (uint32_t i = 0; i < appliance->n_workers; i++)
		if (!snapshot_is_past(&appliance->lanes[i]->reader, generation))
			return false;
	return true;
}

/* Once no worker uses the configurations before the current one: keeps what their rules matched,
 * and frees them. */
static void forget_before(struct appliance *appliance)
{
	struct configuration *c = appliance->current, *before = c->before;
	uint32_t n = filter_rule_count(c->snapshot->filter);

	pthread_mutex_lock(&appliance->lock);
	for (uint32_t i = 0; i < n; i++)
		if (c->was[i]) {
			struct rule_hits hits = configuration_hits(before, c->was[i] - 1);

			c->past[i].packets += hits.packets;
			c->past[i].bytes += hits.bytes;
		}
	c->before = NULL;
	pthread_mutex_unlock(&appliance->lock);
	configuration_destroy(before);
}

int appliance_reload(struct appliance *appliance, const struct settings *settings,
	struct policy policy, char *message, size_t size)
{
	struct differences d = {message, size, 0};
	uint64_t generation = appliance->generation + 1, until = now_monotonic() + WAIT_NS;
	struct error error;
	struct configuration *next =
		configuration_create(appliance, settings, policy, generation, &error);
	struct backoff backoff = {0};

	if (!next) {
		snprintf(message, size, "%s", error.text);
		return -1;
	}
	message[0] = '\0';
	settings_differences(appliance->params.settings, settings, name_difference, &d);
	/* Before a worker can send a record of a new owner, the output knows it. */
	if (!appliance_tell_writer(appliance, next, WAIT_NS)) {
		configuration_destroy(next);
		snprintf(message, size,
			"the writer waits for the disk of the output directory, and cannot be "
			"told of the new model");
		return -1;
	}
	if (!correlator_suppress(appliance->correlator, settings, WAIT_NS)) {
		/* What the writer knows of the new one may go away with it only when it knows the old one again. */
		if (appliance_tell_writer(appliance, appliance->current, WAIT_NS))
			configuration_destroy(next);
		snprintf(message, size, "the correlator cannot be told of the new settings");
		return -1;
	}
	feeds_configure(appliance->feeds, next->policy.model);
	suricata_configure(appliance->params.suricata, next->policy.model);
	pthread_mutex_lock(&appliance->lock);
	next->before = appliance->current;
	appliance->current = next;
	appliance->generation = generation;
	snapshot_publish(&appliance->slot, next->snapshot);
	pthread_mutex_unlock(&appliance->lock);
	/* A worker that does not come round keeps the old ones alive until a later reload. */
	while (!all_past(appliance, generation) && now_monotonic() < until)
		backoff_wait(&backoff);
	if (all_past(appliance, generation))
		forget_before(appliance);
	return 0;
}
