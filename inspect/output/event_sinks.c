#include "inspect/output/event_sinks.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/log/error.h"
#include "config/log/now.h"
#include "config/settings/settings.h"
#include "inspect/output/forwarder.h"
#include "inspect/proto/transaction.h"

struct event_sinks {
	struct forwarder *forwarders[EVENT_SINKS_MAX];
	uint32_t n;
};

static const struct event_sink *const kinds[] = {
#define EVENT_SINK(kind) &sink_##kind,
#include "inspect/output/event_sinks.def"
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };
_Static_assert(KINDS <= (int)EVENT_SINKS_MAX, "room for every kind");

bool event_sinks_have_events(const struct settings *settings)
{
	return settings->events.flow || transaction_events_asked(settings);
}

struct event_sinks *event_sinks_start(
	const struct settings *settings, bool wait, struct error *error)
{
	struct event_sinks *sinks = calloc(1, sizeof(*sinks));

	if (sinks == NULL)
		error_set(error, "not enough memory for the sinks of events");
	for (uint32_t i = 0; sinks != NULL && event_sinks_have_events(settings) && i < KINDS;
		i++) {
		struct forwarder_params params = {
			.sink = kinds[i],
			.room = settings->events.queue,
			.wait = wait,
		};
		struct forwarder *forwarder;

		if (!kinds[i]->target(settings, &params.target))
			continue;
		forwarder = forwarder_start(&params, error);
		if (forwarder == NULL) {
			event_sinks_destroy(sinks);
			return NULL;
		}
		sinks->forwarders[sinks->n++] = forwarder;
	}
	return sinks;
}

void event_sinks_put(struct event_sinks *sinks, const char *line, size_t len)
{
	for (uint32_t i = 0; i < sinks->n; i++)
		(void)forwarder_put(sinks->forwarders[i], line, len); /* it counts */
}

void event_sinks_stop(struct event_sinks *sinks, uint64_t ns)
{
	uint64_t end = now_monotonic() + ns;

	for (uint32_t i = 0; sinks != NULL && i < sinks->n; i++) {
		uint64_t now = now_monotonic();

		/* While one is waited for the others go on: the time is for all of them. */
		forwarder_stop(sinks->forwarders[i], ns == 0 ? 0 : now < end ? end - now : 1);
	}
}

void event_sinks_destroy(struct event_sinks *sinks)
{
	for (uint32_t i = 0; sinks != NULL && i < sinks->n; i++)
		forwarder_destroy(sinks->forwarders[i]);
	free(sinks);
}

uint32_t event_sinks_count(const struct event_sinks *sinks)
{
	return sinks == NULL ? 0 : sinks->n;
}

struct event_sink_state event_sinks_state(const struct event_sinks *sinks, uint32_t index)
{
	struct forwarder_state state = forwarder_state(sinks->forwarders[index]);

	return (struct event_sink_state){
		.name = forwarder_sink(sinks->forwarders[index])->name,
		.written = state.written,
		.lost_queue = state.lost_queue,
		.lost_disk = state.lost_disk,
		.size = state.size,
		.fill = state.fill,
	};
}

struct output_ledger event_sink_ledger(
	const struct event_sink_state *state, const struct output_ledger *made)
{
	return (struct output_ledger){
		.offered = made->offered,
		.written = state->written,
		.by_policy = made->by_policy,
		.lost_queue = made->lost_queue + state->lost_queue,
		.lost_disk = state->lost_disk,
	};
}
