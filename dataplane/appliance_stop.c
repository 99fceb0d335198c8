#include "dataplane/appliance_inside.h"

#include "dataplane/gather.h"
#include "dataplane/ring.h"

#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>

#define SECOND_NS UINT64_C(1000000000)

static bool all_reached(const struct appliance *appliance)
{
	for (uint32_t i = 0; i < appliance->n_pollers; i++)
		if (poll_reached(appliance->pollers[i]) != POLL_DRAIN)
			return false;
	return true;
}

static bool all_done(const struct appliance *appliance)
{
	for (uint32_t i = 0; i < appliance->n_pollers; i++)
		if (!poll_done(appliance->pollers[i]))
			return false;
	return true;
}

static bool rings_empty(const struct appliance *appliance)
{
	struct ledger ledger;

	appliance_ledger(appliance, &ledger);
	return ledger.in_flight == 0;
}

/* Twice in a row: the first may have looked between a ring and a worker. */
static bool drained(const struct appliance *appliance)
{
	return all_reached(appliance) && rings_empty(appliance) && rings_empty(appliance);
}

static bool wait_until(const struct appliance *appliance,
	bool (*reached)(const struct appliance *), uint64_t deadline)
{
	struct backoff backoff = {0};

	while (!reached(appliance)) {
		if (monotonic_ns() > deadline)
			return false;
		backoff_wait(&backoff);
	}
	return true;
}

static void stop_workers(struct appliance *appliance)
{
	uint64_t now = monotonic_ns();

	atomic_store_explicit(&appliance->phase, POLL_DRAIN, memory_order_release);
	wait_until(appliance, drained, now + SECOND_NS);
	appliance_tick(appliance);
	atomic_store_explicit(&appliance->phase, POLL_END, memory_order_release);
	if (!wait_until(appliance, all_done, now + 4 * SECOND_NS)) {
		appliance_say("the disk is too slow for the records of the last flows: what it "
			      "has not "
			      "taken "
			      "is counted as lost_queue");
		for (uint32_t i = 0; i < appliance->n_workers; i++)
			writer_wait(appliance->writer, i, false);
	}
	appliance_join(appliance);
	exception_stop(appliance->exception);
	for (uint32_t i = 0; i < appliance->n_ports; i++)
		port_stop(appliance->ports[i].port);
}

static void add_output(
	struct summary *s, const char *name, bool enabled, const struct output_ledger *ledger)
{
	s->outputs[s->n_outputs].name = name;
	s->outputs[s->n_outputs].enabled = enabled;
	s->outputs[s->n_outputs++].ledger = enabled ? *ledger : (struct output_ledger){0};
}

static void add_ports(const struct appliance *appliance, struct summary *s)
{
	for (uint32_t i = 0; i < appliance->n_ports && i < SUMMARY_PORTS_MAX; i++) {
		const struct watched_port *w = &appliance->ports[i];
		struct summary_port *p = &s->ports[s->n_ports++];

		*p = (struct summary_port){
			.name = appliance->params.settings->capture.ports.text[i],
			.packets = w->counters.packets,
			.bytes = w->counters.bytes,
			.missed = w->counters.missed,
			.nombuf = w->counters.nombuf,
			.errors = w->counters.errors,
		};
		if (!w->exception)
			continue;
		p->interface = exception_interface(w->exception);
		p->exception = exception_ledger(w->exception);
	}
}

static struct summary summarize(const struct appliance *appliance, const struct gathered *g)
{
	const struct settings *settings = appliance->params.settings;
	struct rusage usage;
	struct summary s = {
		.input = "mirror",
		.ledger = &g->ledger,
		.deterministic = !g->overflowed,
		.sessions = g->sessions,
		.totals = g->totals,
		.dpi = appliance->lanes[0]->dpi,
		.dpi_stats = g->dpi,
		.flows = g->flows,
		.worker_packets = g->worker_packets,
		.n_workers = appliance->n_workers,
		.tenants = g->tenants,
		.n_tenants = settings->n_tenants,
		.rules = g->rules,
		.n_rules = g->n_rules,
		.direction_unknown = g->direction_unknown,
		.simulated_drops = g->dropped,
		.duration_s = (double)(monotonic_ns() - appliance->started_ns) / 1e9,
		.version = appliance->params.version,
	};

	getrusage(RUSAGE_SELF, &usage);
	s.memory_peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
	add_output(&s, "events", settings->events.flow && settings->events.file,
		&g->outputs[RECORD_EVENT]);
	for (uint32_t i = 0; i < g->n_sinks; i++)
		add_output(&s, g->sinks[i].name, true, &g->sinks[i].ledger);
	add_output(&s, "flow_logs", settings->flow_logs.enabled, &g->outputs[RECORD_FLOW_LOG]);
	add_ports(appliance, &s);
	return s;
}

static bool write_summary(const struct appliance *appliance, const struct summary *summary)
{
	char path[PATH_MAX], sentence[PATH_MAX + 128];
	FILE *file;
	bool ok;

	snprintf(path, sizeof(path), "%s/summary.json", appliance->params.output_dir);
	file = fopen(path, "we");
	ok = file && summary_json(summary, file);
	ok = file && fclose(file) == 0 && ok;
	if (!ok) {
		snprintf(sentence, sizeof(sentence), "%s: could not write: %m", path);
		appliance_say(sentence);
	}
	return ok;
}

static bool finish(struct appliance *appliance, uint64_t in_flight,
	void (*report)(void *ctx, const struct summary *summary), void *ctx)
{
	struct gathered g;
	struct summary summary;
	bool ok = gather(&g, appliance->params.settings, appliance->lanes, appliance->n_workers,
		appliance->output);

	if (!ok) {
		appliance_say("not enough memory for the summary");
	} else {
		appliance_hold(appliance);
		appliance_rules(appliance, g.rules, g.n_rules);
		appliance_release(appliance);
		g.ledger.in_flight = in_flight;
		summary = summarize(appliance, &g);
		ok = write_summary(appliance, &summary);
		report(ctx, &summary);
		if (!ledger_closes(&g.ledger)) {
			appliance_say(
				"the ledger does not close: packets were lost without being "
				"counted");
			ok = false;
		}
	}
	gathered_free(&g);
	return ok;
}

bool appliance_stop(struct appliance *appliance,
	void (*report)(void *ctx, const struct summary *summary), void *ctx)
{
	uint64_t in_flight;
	bool ok;

	stop_workers(appliance);
	/* What no worker took out of a ring any more; true to the ledger as in flight. */
	in_flight = appliance->handoff ? handoff_empty(appliance->handoff) : 0;
	/* The lanes are at rest, and nobody's: they may have missed the latest configuration. */
	for (uint32_t i = 0; i < appliance->n_workers; i++)
		lane_refresh(appliance->lanes[i]);
	writer_stop(appliance->writer);
	appliance->writer = NULL;
	ok = output_flush(appliance->output);
	ok = output_stop_sinks(appliance->output, SECOND_NS) && ok;
	ok = finish(appliance, in_flight, report, ctx) && ok;
	appliance_free(appliance);
	return ok;
}
