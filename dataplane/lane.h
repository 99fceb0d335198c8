/* A lane is everything one worker owns: sessions, fragments, flows, inspection, export, ledger.
 * Lanes share nothing; pipeline_run() takes packets through one. Replay and the live appliance
 * use the same lanes and the same pipeline.
 *
 *     decap -> session -> fragment -> flow -> dpi -> export
 *
 * A stage works on the whole burst with a live mask; refusing a packet clears its bit and counts
 * a reason. No stage allocates, logs, blocks or makes a system call on the steady path. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
#include "decap/decap.h"
#include "decap/ledger.h"
#include "decap/session.h"
#include "inspect/dpi/dpi.h"
#include "inspect/export/exporter.h"
#include "inspect/flow/fragment.h"
#include "inspect/flow/table.h"

struct lane {
	struct decap_params decap;
	bool plain;   /* nothing is decapsulated */
	bool learn;   /* unknown sessions are inspected */
	bool records; /* packets are recorded: their flow_id is wanted */
	struct session_table *sessions;
	struct fragment_table *fragments;
	struct flow_table *flows;
	struct dpi *dpi; /* NULL: off */
	struct exporter *exporter;
	struct ledger ledger;
	uint64_t packets; /* taken through the pipeline */
};

/* The decap parameters that the settings ask for. */
struct decap_params lane_decap_params(const struct settings *settings);

/* A session table with the tenants of the settings. NULL: no memory. */
struct session_table *lane_sessions(const struct settings *settings);

/* The fragment table that readers and workers use alike. NULL: no memory. */
struct fragment_table *lane_fragments(void);

/* A lane for one of `n_lanes` workers that share the settings' capacities. NULL: `error` says
 * why. The sink must outlive the lane. */
struct lane *lane_create(const struct settings *settings, uint32_t n_lanes, bool plain,
	const struct sink *sink, char *error, size_t error_size);
void lane_destroy(struct lane *lane);

/* True when a capacity limit changed a result: the run is then not the same for any number of
 * workers. */
bool lane_overflowed(const struct lane *lane);

/* Takes `n` <= BURST_MAX packets through the stages. `data`, `cap`, `wire`, `time_ns`, `number`
 * and `link` of each are set; the rest is filled in. why[i] is where packet i ended; the packet's
 * bytes may be released after the call. */
void pipeline_run(struct lane *lane, struct packet *packets, uint32_t n, uint64_t horizon_ns,
	enum reason *why);
