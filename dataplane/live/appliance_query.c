#include "dataplane/live/appliance_inside.h"

#include "config/log/now.h"
#include "config/thread/backoff.h"
#include "dataplane/output/run_totals.h"

#include <rte_cycles.h>

#include <string.h>

uint32_t appliance_workers(const struct appliance *appliance)
{
	return appliance->n_workers;
}

void appliance_count(const struct appliance *appliance, struct appliance_counts *counts)
{
	struct talkers_stats talkers = correlator_talkers(appliance->correlator);
	struct tables_stats tables = correlator_tables(appliance->correlator);
	struct alerts_stats alerts = correlator_alerts(appliance->correlator);

	counts->n_workers = appliance->n_pollers;
	memset(&counts->sum, 0, sizeof(counts->sum));
	for (uint32_t i = 0; i < counts->n_workers; i++) {
		poll_read(appliance->pollers[i], &counts->workers[i]);
		tally_add(&counts->sum, &counts->workers[i]);
	}
	/* Workers count what they could not tell it. */
	counters_add(&counts->sum.counters.talkers_stats, &talkers, sizeof(talkers));
	counters_add(&counts->sum.counters.tables_stats, &tables, sizeof(tables));
	counters_add(&counts->sum.counters.alerts_stats, &alerts, sizeof(alerts));
	counts->sum.counters.alerts_stats.unheard +=
		suricata_unheard(appliance->params.suricata);
	counts->sum.counters.suricata_stats = suricata_stats(appliance->params.suricata);
}

uint64_t appliance_since_poll_ns(const struct appliance *appliance, uint32_t worker)
{
	uint64_t seen = poll_seen(appliance->pollers[worker]), now = rte_rdtsc();

	return now > seen ? (uint64_t)((double)(now - seen) * 1e9 / (double)rte_get_tsc_hz())
			  : 0;
}

uint64_t appliance_hz(void)
{
	return rte_get_tsc_hz();
}

void appliance_ledger(const struct appliance_counts *counts, struct ledger *ledger)
{
	uint64_t out = counts->sum.handed_out, in = counts->sum.handed_in;

	memset(ledger, 0, sizeof(*ledger));
	ledger->received = counts->sum.received;
	for (int r = 0; r < REASON_COUNT; r++)
		ledger->reasons[r] = counts->sum.reasons[r];
	/* The copies are of different moments: what one worker has taken over, another has received
	 * and sent, though its copy may be older than that. */
	if (in > out)
		ledger->received += in - out;
	else
		ledger->in_flight = out - in;
}

const struct handoff *appliance_handoff(const struct appliance *appliance)
{
	return appliance->handoff;
}

uint32_t appliance_ports(const struct appliance *appliance)
{
	return appliance->n_ports;
}

struct appliance_port appliance_port(
	struct appliance *appliance, uint32_t index, struct port_xstat *xstats, uint32_t max)
{
	struct watched_port *w = &appliance->ports[index];
	struct appliance_port p = {.name = port_name(w->port),
		.beneath = port_interface(w->port),
		.number = port_number(w->port),
		.reading = appliance_ask_port(appliance, index, xstats, max)};

	pthread_mutex_lock(&appliance->lock);
	if (w->exception) {
		p.interface = exception_interface(w->exception);
		p.interface_gone = exception_is_gone(w->exception);
		p.exception = exception_ledger(w->exception);
	}
	p.link = w->link;
	pthread_mutex_unlock(&appliance->lock);
	return p;
}

/* Of the stats events alone. */
struct output_ledger appliance_stats_ledger(const struct appliance *appliance)
{
	return (struct output_ledger){
		.offered =
			atomic_load_explicit(&appliance->stats_offered, memory_order_relaxed),
		.lost_queue =
			atomic_load_explicit(&appliance->stats_lost, memory_order_relaxed),
	};
}

struct output_ledger appliance_output(const struct appliance *appliance,
	const struct appliance_counts *counts, enum record_kind kind)
{
	struct output_ledger disk = writer_ledger(appliance->writer, kind);
	struct output_ledger ledger = counts->sum.outputs[kind], more = {0};

	if (kind == RECORD_EVENT)
		more = appliance_stats_ledger(appliance);
	if (kind == RECORD_ALERT_EVENT)
		more = correlator_alerts_ledger(appliance->correlator);
	counters_add(&ledger, &more, sizeof(ledger));
	ledger.written = disk.written;
	ledger.lost_disk = disk.lost_disk;
	ledger.cut = disk.cut;
	return ledger;
}

uint32_t appliance_queue(const struct appliance *appliance, uint32_t *size)
{
	return writer_queue(appliance->writer, size);
}

uint64_t appliance_removed(
	const struct appliance *appliance, enum record_kind kind, uint64_t *bytes)
{
	return output_removed(appliance->output, kind, bytes);
}

const struct event_sinks *appliance_sinks(const struct appliance *appliance)
{
	return output_sinks(appliance->output);
}

void appliance_views_take(struct appliance *appliance)
{
	pthread_mutex_lock(&appliance->viewing);
}

void appliance_views_leave(struct appliance *appliance)
{
	pthread_mutex_unlock(&appliance->viewing);
}

void appliance_refresh_views(struct appliance *appliance)
{
	uint64_t until = now_monotonic() + NS_PER_S, questions[WORKERS_MAX];
	struct backoff backoff = {0};

	for (uint32_t i = 0; i < appliance->n_workers; i++)
		questions[i] = worker_view_ask(&appliance->views[i]);
	for (uint32_t i = 0; i < appliance->n_workers; i++)
		while (!worker_view_answers(&appliance->views[i], questions[i]) &&
			now_monotonic() < until)
			backoff_wait(&backoff);
}

const struct worker_view *appliance_view(struct appliance *appliance, uint32_t worker)
{
	return worker_view_read(&appliance->views[worker]);
}

void appliance_hold(struct appliance *appliance)
{
	pthread_mutex_lock(&appliance->lock);
}

void appliance_release(struct appliance *appliance)
{
	pthread_mutex_unlock(&appliance->lock);
}

bool appliance_is_current(const struct appliance *appliance, const struct worker_view *view)
{
	return view->generation == appliance->generation;
}

const struct model_session *appliance_session(
	const struct appliance *appliance, const struct session_key *key)
{
	return model_session_of(appliance->current->policy.model, key);
}

uint32_t appliance_alerts(struct appliance *appliance, struct alert_brief *rows, uint32_t max)
{
	uint32_t n = 0;

	correlator_growing(appliance->correlator, rows, max, &n, NS_PER_S);
	return n;
}

const struct dpi *appliance_dpi(const struct appliance *appliance)
{
	return appliance->lanes[0]->dpi;
}

uint64_t appliance_generation(const struct appliance *appliance)
{
	uint64_t generation;

	pthread_mutex_lock((pthread_mutex_t *)(uintptr_t)&appliance->lock);
	generation = appliance->generation;
	pthread_mutex_unlock((pthread_mutex_t *)(uintptr_t)&appliance->lock);
	return generation;
}

uint64_t appliance_started_ns(const struct appliance *appliance)
{
	return appliance->started_ns;
}

const char *appliance_dir(const struct appliance *appliance)
{
	return appliance->params.output_dir;
}

uint32_t appliance_rules(
	const struct appliance *appliance, struct summary_rule *rules, uint32_t max)
{
	const struct configuration *c;
	uint32_t n;

	c = appliance->current;
	n = filter_rule_count(c->snapshot->filter);
	for (uint32_t i = 0; i < n && i < max; i++) {
		rules[i] = run_totals_rule(c->snapshot, i);
		rules[i].rule_hits = configuration_hits(c, i);
	}
	return n;
}
