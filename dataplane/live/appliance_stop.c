#include "dataplane/live/appliance_inside.h"

#include "config/log/now.h"
#include "config/thread/backoff.h"
#include "dataplane/output/run_totals.h"

#include <limits.h>
#include <stdio.h>

#include "config/log/error.h"

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
	struct appliance_counts counts;
	struct ledger ledger;

	appliance_count(appliance, &counts);
	appliance_ledger(&counts, &ledger);
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
		if (now_monotonic() > deadline)
			return false;
		backoff_wait(&backoff);
	}
	return true;
}

static void stop_workers(struct appliance *appliance)
{
	uint64_t now = now_monotonic();

	atomic_store_explicit(&appliance->phase, POLL_DRAIN, memory_order_release);
	wait_until(appliance, drained, now + NS_PER_S);
	appliance_tick(appliance);
	atomic_store_explicit(&appliance->phase, POLL_END, memory_order_release);
	if (!wait_until(appliance, all_done, now + 4 * NS_PER_S)) {
		log_error("the disk is too slow for the records of the last flows: what it "
			  "has not taken is counted as lost_queue");
		writer_hurry(appliance->writer);
	}
	appliance_join(appliance);
	exception_stop(appliance->exception);
	for (uint32_t i = 0; i < appliance->n_ports; i++)
		port_stop(appliance->ports[i].port);
}

static void add_ports(const struct appliance *appliance, struct summary *s)
{
	for (uint32_t i = 0; i < appliance->n_ports && i < SUMMARY_PORTS_MAX; i++) {
		const struct watched_port *w = &appliance->ports[i];
		struct summary_port *p = &s->ports[s->n_ports++];

		*p = (struct summary_port){
			.name = appliance->params.settings->capture.ports.text[i],
			.port_counters = w->counters,
		};
		if (!w->exception)
			continue;
		p->interface = exception_interface(w->exception);
		p->exception = exception_ledger(w->exception);
	}
}

static void add_recording(
	const struct appliance *appliance, const struct run_totals *g, struct summary *s)
{
	struct output_ledger ledger = {.offered = 0};

	if (appliance->recorder)
		ledger = recording_ledger(&g->counters.recorder_counts, appliance->recorder);
	summary_add_output(s, "recording", appliance->recorder != NULL, &ledger);
	for (uint32_t i = 0; i < appliance_feeds(appliance); i++) {
		struct feed_state feed = appliance_feed(appliance, i);

		summary_add_feed(s, feed.name, &feed.ledger, &feed.stats);
	}
}

static struct summary summarize(const struct appliance *appliance, const struct run_totals *g)
{
	struct summary s = run_totals_summary(
		g, appliance->params.settings, appliance->lanes, appliance->n_workers);

	s.input = "mirror";
	s.duration_s = (double)(now_monotonic() - appliance->started_ns) / 1e9;
	s.version = appliance->params.version;
	add_ports(appliance, &s);
	add_recording(appliance, g, &s);
	return s;
}

static bool finish(struct appliance *appliance, uint64_t in_flight,
	void (*report)(void *ctx, const struct summary *summary), void *ctx)
{
	const struct run_totals_params all = {
		.settings = appliance->params.settings,
		.lanes = appliance->lanes,
		.n_lanes = appliance->n_workers,
		.output = appliance->output,
		.stats = appliance_stats_ledger(appliance),
		.correlator = appliance->correlator,
	};
	struct run_totals g;
	struct summary summary;
	struct error error;
	const char *open_sum;
	bool ok = run_totals_gather(&g, &all);

	if (!ok) {
		log_error("not enough memory for the summary");
	} else {
		appliance_hold(appliance);
		appliance_rules(appliance, g.rules, g.n_rules);
		appliance_release(appliance);
		g.ledger.in_flight = in_flight;
		g.counters.suricata_stats = suricata_stats(appliance->params.suricata);
		g.counters.alerts_stats.unheard += suricata_unheard(appliance->params.suricata);
		summary = summarize(appliance, &g);
		ok = summary_write(&summary, appliance->params.output_dir, &error);
		if (!ok)
			log_error("%s", error.text);
		report(ctx, &summary);
		open_sum = summary_open_sum(&summary);
		if (open_sum)
			log_error("%s", open_sum);
		ok = ok && !open_sum;
	}
	run_totals_free(&g);
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
	/* The workers have ended, and their lanes may have missed the latest configuration. */
	for (uint32_t i = 0; i < appliance->n_workers; i++)
		lane_refresh(appliance->lanes[i]);
	suricata_stop(appliance->params.suricata, 2 * NS_PER_S);
	correlator_stop(appliance->correlator);
	writer_stop(appliance->writer);
	appliance->writer = NULL;
	ok = recorder_stop(appliance->recorder, NS_PER_S);
	feeds_stop(
		appliance->feeds, NS_PER_S); /* what other programs do not take is no failure */
	ok = output_flush(appliance->output) && ok;
	ok = output_stop_sinks(appliance->output, NS_PER_S) && ok;
	ok = finish(appliance, in_flight, report, ctx) && ok;
	appliance_free(appliance);
	return ok;
}

void appliance_abandon(struct appliance *appliance)
{
	if (appliance)
		appliance_free(appliance);
}
