#include "dataplane/live/appliance_inside.h"

#include "config/log/now.h"
#include "config/parse/plural.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/processors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "config/log/error.h"

/* Each step needs those before it; appliance_free() undoes them in reverse. */

static int start_eal(struct appliance *appliance, struct error *error)
{
	const struct settings *s = appliance->params.settings;
	const struct eal_params params = {
		.devices = (const char *const *)s->capture.ports.text,
		.n_devices = s->capture.ports.count,
		.memory = s->capture.memory +
			  (uint64_t)s->capture.ports.count * PORT_SENDING_MEMORY,
		.more = (const char *const *)s->capture.eal.text,
		.n_more = s->capture.eal.count,
		.telemetry = s->control.telemetry,
	};
	bool huge;

	if (eal_start_live(&params, &huge, error))
		return -1;
	appliance->eal = true;
	if (!huge)
		log_warning("too few free huge pages: packet buffers are in ordinary memory, "
			    "which is "
			    "slower, and hardware ports may refuse it; see vm.nr_hugepages");
	return 0;
}

/* One processor is left to the writer, the control thread and the kernel. */
static uint32_t count_workers(const struct settings *s)
{
	uint32_t n = s->capture.workers;
	cpu_set_t cpus;

	if (n == 0) {
		n = processors_allowed(&cpus);
		n = n > 2 ? n - 1 : 1;
	}
	return n < WORKERS_MAX ? n : WORKERS_MAX;
}

/* Nothing is made in the directory, and nothing removed, before all is there that can be missing. */
static int claim_output(struct appliance *appliance, struct error *error)
{
	const struct appliance_params *p = &appliance->params;

	appliance->output = output_claim(p->output_dir, error);
	if (!appliance->output)
		return -1;
	return !p->claimed || p->claimed(p->ctx, error) ? 0 : -1;
}

static int open_output(struct appliance *appliance, struct error *error)
{
	const struct settings *settings = appliance->params.settings;

	if (!output_begin_live(appliance->output, settings, error))
		return -1;
	return output_add_sinks(appliance->output, settings, false, error) ? 0 : -1;
}

static int make_writer(struct appliance *appliance, struct error *error)
{
	const struct settings *settings = appliance->params.settings;
	struct correlator_params correlator = {
		/* Then come the control thread's, and Suricata's. */
		.n_outboxes = appliance->n_workers + 1 + (appliance->params.suricata != NULL),
		.tables = totals_tables_asked(settings),
		.settings = settings,
		.writer_index = appliance->n_workers + 1,
	};

	appliance->owners = flow_log_owners_create();
	if (!appliance->owners) {
		error_set(error, "not enough memory");
		return -1;
	}
	/* Two outboxes more are the control thread's and the correlator's. */
	appliance->writer = correlator.writer =
		writer_create(appliance->n_workers + 2, false, error);
	if (appliance->writer)
		appliance->correlator = correlator_create(&correlator, error);
	return appliance->correlator ? 0 : -1;
}

static int make_mirror_watch(struct appliance *appliance, struct error *error)
{
	struct mirror_watch_params params = {
		.settings = appliance->params.settings, .live = true};

	if (params.settings->detect.alerts)
		params.facts = correlator_sink(appliance->correlator, appliance->n_workers);
	appliance->mirror = mirror_watch_create(&params);
	if (appliance->mirror)
		return 0;
	error_set(error, "not enough memory");
	return -1;
}

static int start_writer(struct appliance *appliance, struct error *error)
{
	if (!output_label(appliance->output, appliance_dpi(appliance))) {
		error_set(error, "not enough memory for names of applications");
		return -1;
	}
	if (correlator_run(appliance->correlator, error) ||
		writer_run(appliance->writer, appliance->output, error))
		return -1;
	if (appliance_tell_writer(appliance, appliance->current, 2 * NS_PER_S))
		return 0;
	error_set(error, "the writer does not begin");
	return -1;
}

static int make_lanes(struct appliance *appliance, struct policy policy, struct error *error)
{
	const struct settings *s = appliance->params.settings;
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
		error_set(error, "no random number could be had: %s", strerror(errno));
		return -1;
	}
	appliance->current = configuration_create(appliance, s, policy, 1, error);
	if (!appliance->current)
		return -1;
	appliance->generation = 1;
	snapshot_publish(&appliance->slot, appliance->current->snapshot);
	for (uint32_t i = 0; i < appliance->n_workers; i++) {
		const struct lane_params params = {
			.settings = s,
			.index = i,
			.n_lanes = appliance->n_workers,
			.seed = seed,
			.is_live = true,
			.sink = writer_sink(appliance->writer, i),
			.facts = correlator_sink(appliance->correlator, i),
			.slot = &appliance->slot,
		};

		appliance->lanes[i] = lane_create(&params, error);
		if (!appliance->lanes[i] ||
			!worker_view_init(&appliance->views[i],
				session_table_capacity(appliance->lanes[i]->sessions)))
			return -1;
		appliance->lanes[i]->records = appliance_records(appliance);
	}
	if (appliance->n_workers > 1)
		appliance->handoff = handoff_create(appliance->n_workers);
	if (appliance->handoff || appliance->n_workers == 1)
		return 0;
	error_set(error, "not enough memory for the rings between workers");
	return -1;
}

/* The CPU that worker `i` has for itself, counted from the last one allowed; -1: there are too few
 * and workers float. */
static int cpu_of(uint32_t i, uint32_t n_workers)
{
	cpu_set_t cpus;
	uint32_t n = processors_allowed(&cpus), skip = n - 1 - i;

	if (n < n_workers)
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &cpus) && skip-- == 0)
			return cpu;
	return -1;
}

/* Deals the queues of all ports round; with fewer queues than workers, the last workers have none. */
static void deal_queues(
	struct appliance *appliance, uint32_t worker, struct poll_params *params)
{
	uint32_t n = 0;

	for (uint32_t p = 0; p < appliance->n_ports; p++)
		for (uint32_t q = 0; q < port_queues(appliance->ports[p].port); q++, n++)
			if (n % appliance->n_receivers == worker) {
				params->queues[params->n_queues++] =
					(struct poll_queue){appliance->ports[p].port, q,
						appliance->ports[p].exception};
				params->ports_hold += port_holds(appliance->ports[p].port);
			}
}

/* A queue that nobody reads would lose its packets, which nobody would count. */
static int count_receivers(struct appliance *appliance, struct error *error)
{
	uint32_t queues = 0, most = appliance->n_workers * POLL_QUEUES_MAX;

	for (uint32_t p = 0; p < appliance->n_ports; p++)
		queues += port_queues(appliance->ports[p].port);
	appliance->n_receivers = queues < appliance->n_workers ? queues : appliance->n_workers;
	if (queues <= most)
		return 0;
	error_set(error,
		"the ports have %u receive queue%s, and %u worker%s read%s %u at most: lower "
		"capture.queues, or raise capture.workers",
		queues, plural(queues), appliance->n_workers, plural(appliance->n_workers),
		appliance->n_workers == 1 ? "s" : "", most);
	return -1;
}

static int start_workers(struct appliance *appliance, struct error *error)
{
	for (uint32_t i = 0; i < appliance->n_workers; i++) {
		struct poll_params params = {
			.index = i,
			.n_workers = appliance->n_workers,
			.n_receivers = appliance->n_receivers,
			.cpu = cpu_of(i, appliance->n_workers),
			.sleep = appliance->params.settings->capture.idle == IDLE_SLEEP,
			.lane = appliance->lanes[i],
			.writer = appliance->writer,
			.correlator = appliance->correlator,
			.handoff = appliance->handoff,
			.phase = &appliance->phase,
			.missed = &appliance->missed,
			.view = &appliance->views[i],
			.settings = appliance->params.settings,
			.shedding = appliance->shedding,
			.recorder = appliance->recorder,
			.feeds = appliance->feeds,
			.suricata = appliance->params.suricata,
		};

		deal_queues(appliance, i, &params);
		appliance->pollers[i] = poll_start(&params, error);
		if (!appliance->pollers[i])
			return -1;
		appliance->n_pollers++;
	}
	return 0;
}

void appliance_join(struct appliance *appliance)
{
	atomic_store_explicit(&appliance->phase, POLL_END, memory_order_release);
	for (uint32_t i = 0; i < appliance->n_pollers; i++)
		poll_join(appliance->pollers[i]);
	appliance->n_pollers = 0;
}

void appliance_free(struct appliance *appliance)
{
	appliance_join(appliance);
	exception_destroy(appliance->exception);
	recorder_destroy(appliance->recorder);
	/* One that reads a feed has borrowed its tags. */
	suricata_stop(appliance->params.suricata, 0);
	feeds_destroy(appliance->feeds);
	for (uint32_t i = 0; i < appliance->n_workers; i++) {
		worker_view_fini(&appliance->views[i]);
		lane_destroy(appliance->lanes[i]);
	}
	handoff_destroy(appliance->handoff);
	mirror_watch_destroy(appliance->mirror);
	correlator_destroy(appliance->correlator);
	writer_stop(appliance->writer);
	flow_log_owners_destroy(appliance->owners);
	if (appliance->output)
		output_close(appliance->output);
	configuration_destroy(appliance->current);
	for (uint32_t i = 0; i < appliance->n_ports; i++)
		port_close(appliance->ports[i].port);
	if (appliance->eal)
		eal_stop();
	pthread_mutex_destroy(&appliance->viewing);
	pthread_mutex_destroy(&appliance->asking);
	pthread_mutex_destroy(&appliance->lock);
	free(appliance);
}

/* The model is the appliance's from the first call on that takes it. */
static int start_all(struct appliance *appliance, struct policy policy, struct error *error)
{
	const struct appliance_params *p = &appliance->params;
	const struct settings_strings *ports = &p->settings->capture.ports;

	if (ports->count == 0 || ports->count > PORTS_MAX) {
		error_set(error,
			ports->count ? "capture.ports: names more than %d ports"
				     : "capture.ports: names no port to receive on; such as "
				       "net_af_packet0,iface=eth1 (at most %d)",
			PORTS_MAX);
		policy_destroy(&policy);
		return -1;
	}
	/* With the rights that we came with: devices and memory. Ports begin before the workers, which
	 * may ask a port only when it has. */
	if (start_eal(appliance, error) || appliance_open_ports(appliance, error) ||
		make_writer(appliance, error) || make_mirror_watch(appliance, error) ||
		appliance_make_recorders(appliance, error)) {
		policy_destroy(&policy);
		return -1;
	}
	if (make_lanes(appliance, policy, error) || appliance_start_ports(appliance, error) ||
		appliance_start_exceptions(appliance, error))
		return -1;
	if (p->opened && !p->opened(p->ctx, error))
		return -1;
	/* With what is left of them: files, which so belong to whom we became, and packets. */
	if (count_receivers(appliance, error) || claim_output(appliance, error) ||
		open_output(appliance, error) || start_writer(appliance, error) ||
		appliance_start_recorders(appliance, error))
		return -1;
	return start_workers(appliance, error);
}

struct appliance *appliance_start(
	const struct appliance_params *params, struct policy policy, struct error *error)
{
	struct appliance *appliance = calloc(1, sizeof(*appliance));

	if (!appliance) {
		error_set(error, "not enough memory");
		policy_destroy(&policy);
		return NULL;
	}
	appliance->params = *params;
	appliance->started_ns = now_monotonic();
	appliance->stats_ns = appliance->started_ns;
	appliance->n_workers = count_workers(params->settings);
	pthread_mutex_init(&appliance->lock, NULL);
	pthread_mutex_init(&appliance->asking, NULL);
	pthread_mutex_init(&appliance->viewing, NULL);
	if (start_all(appliance, policy, error) == 0) {
		(void)appliance_tick(appliance);
		return appliance;
	}
	appliance_free(appliance);
	return NULL;
}
