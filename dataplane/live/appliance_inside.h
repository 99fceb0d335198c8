/* The inside of the appliance, for the files that start and stop it, reload it and look at it. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "config/log/error.h"
#include "config/log/log.h"
#include "dataplane/exception/exception.h"
#include "dataplane/live/appliance.h"
#include "dataplane/live/poll.h"
#include "dataplane/output/flow_log_owners.h"
#include "dataplane/output/writer.h"
#include "dataplane/pipeline/lane.h"
#include "inspect/detect/mirror_watch.h"

enum { PORTS_MAX = 16 };

/* One model in force, and what its rules had matched before it came. */
struct configuration {
	struct policy policy;
	struct snapshot *snapshot;
	struct rule_hits *past; /* of each rule, under earlier configurations that are gone */
	/* The one before, while workers may still use it; and where this one's rules were there:
	 * number + 1, 0 = a new rule. */
	struct configuration *before;
	uint32_t *was;
};

struct watched_port {
	struct port *port;
	struct exception_port *exception; /* NULL: none */
	bool exception_gone;              /* and that was said */
	struct port_counters counters;    /* as it was asked last */
	enum port_link link;
};

/* What the log has said of a worker's overload. */
struct overload_reported {
	uint64_t step, entered[OVERLOAD_STEPS];
	struct log_limit limit;
};

struct appliance {
	struct appliance_params params;
	struct settings *live; /* what of the settings can change: sessions.unknown... */
	uint32_t n_workers, n_receivers;
	struct watched_port ports[PORTS_MAX];
	uint32_t n_ports;
	bool must_end; /* an interface is there again, and that was said */
	struct output *output;
	struct writer *writer;
	struct correlator *correlator;
	struct flow_log_owners *owners;
	struct handoff *handoff;
	struct exception *exception;
	struct recorder *recorder; /* NULL: packets are not recorded */
	struct feeds *feeds;       /* NULL: there are none */
	struct lane *lanes[WORKERS_MAX];
	struct worker_view_board views[WORKERS_MAX];
	struct poller *pollers[WORKERS_MAX];
	uint32_t n_pollers;
	struct overload_reported told[WORKERS_MAX];
	uint64_t stats_ns; /* when the last stats event was made */
	/* Written by the control thread with `lock`, by which others look. */
	struct mirror_watch *mirror;
	uint64_t mirror_ns; /* when it looked last */
	/* Written by the control thread, read by who looks. */
	_Atomic uint64_t stats_offered, stats_lost;
	/* Written by the control thread, read by workers: an enum poll_phase, and how many packets
	 * were lost at the ports when the last tick looked. */
	_Atomic int phase;
	_Atomic uint64_t missed;
	/* Written and read by all workers: see struct poll_params. */
	_Atomic uint32_t shedding[OVERLOAD_STEPS];
	struct snapshot_slot slot;
	pthread_mutex_t
		asking; /* held to ask the ports: by the control thread, and who looks */
	pthread_mutex_t viewing; /* held to read the views, likewise */
	/* Held to exchange `current` and to look at it: never while waiting for a worker. */
	pthread_mutex_t lock;
	struct configuration *current;
	uint64_t generation; /* with `lock` */
	uint64_t started_ns;
	bool eal;
};

/* The configuration of the first start; takes over the policy. NULL: `error` says why. */
struct configuration *configuration_create(struct appliance *appliance,
	const struct settings *settings, struct policy policy, uint64_t generation,
	struct error *error);
/* With all that came before it. NULL is legal. */
void configuration_destroy(struct configuration *configuration);
/* Before records under that configuration: the writer learns of its owners of flow logs, and where addresses are. false:
 * it did not come to it in time, and will not. */
bool appliance_tell_writer(struct appliance *appliance,
	const struct configuration *configuration, uint64_t wait_ns);
/* What rule `rule` matched, under earlier configurations too. */
struct rule_hits configuration_hits(const struct configuration *configuration, uint32_t rule);

/* Whether the settings want an exception path for a port of such a device. */
bool appliance_wants_exception(const struct appliance *appliance, const char *device);
/* Once the ports have started. 0, or -1 and `error`. */
int appliance_start_exceptions(struct appliance *appliance, struct error *error);
/* Says once when somebody took the interface of port `index` away. */
void appliance_watch_exception(struct appliance *appliance, uint32_t index);

/* Once EAL is up. Each 0, or -1 and `error`. */
int appliance_open_ports(struct appliance *appliance, struct error *error);
int appliance_start_ports(struct appliance *appliance, struct error *error);
/* By the control thread, or who looks: what appliance_port() has of it. */
struct port_reading appliance_ask_port(
	struct appliance *appliance, uint32_t index, struct port_xstat *xstats, uint32_t max);

/* The recorder and the feeds: before the lanes are made, with all rights; and with the output directory there.
 * Nothing, where nothing is recorded and there are no feeds. */
int appliance_make_recorders(struct appliance *appliance, struct error *error);
int appliance_start_recorders(struct appliance *appliance, struct error *error);
/* Either is there. */
bool appliance_records(const struct appliance *appliance);
/* Of what the workers counted and what the recorder did with it. */
struct output_ledger recording_ledger(
	const struct recorder_counts *counts, const struct recorder *recorder);

/* The control thread: what changed since the last time. */
void appliance_say_overload(struct appliance *appliance);
/* The control thread: sends a stats event when one is due. */
void appliance_tell_stats(struct appliance *appliance);
/* The control thread: looks at the sessions once a second (inspect/detect/mirror_watch.h). */
void appliance_watch_mirror(struct appliance *appliance);
/* Any thread: `offered` and `lost_queue` of stats events. */
struct output_ledger appliance_stats_ledger(const struct appliance *appliance);

/* Has the workers end, and waits for them. */
void appliance_join(struct appliance *appliance);
/* What appliance_start() made, in reverse; legal at any point of it. */
void appliance_free(struct appliance *appliance);
