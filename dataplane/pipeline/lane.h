/* A lane is everything one worker owns: sessions, fragments, flows, inspection, export, ledger.
 * Lanes share nothing; pipeline_run() takes packets through one. Replay and the live appliance
 * use the same lanes and the same pipeline.
 *
 *     decap, session -> direction -> fragment -> [owner] -> copies, filter, flow, dpi -> export
 *
 * Flows are looked for before the filter, because they remember its verdict, but for bursts where it
 * refuses most.
 *
 * A stage works on the whole burst with a live mask; refusing a packet clears its bit and counts
 * a reason. No stage allocates, logs, blocks or makes a system call on the steady path. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/settings/settings.h"
#include "dataplane/pipeline/record.h"
#include "dataplane/pipeline/snapshot.h"
#include "decap/decap.h"
#include "decap/ether_types.h"
#include "decap/ledger.h"
#include "decap/other_encap.h"
#include "decap/session/copies.h"
#include "decap/session/session.h"
#include "inspect/detect/detector.h"
#include "inspect/dpi/dpi.h"
#include "inspect/flow/fragment.h"
#include "inspect/flow/table.h"
#include "inspect/record/exporter.h"

struct lane {
	uint32_t index;
	bool is_live;
	struct decap_params decap;
	struct decap_met met;
	struct ether_types *not_ip;         /* of inner frames refused for it */
	struct other_encap_met other_encap; /* replay: see other_encap.h */
	bool records; /* packets are recorded, or go to feeds: their flow_id is wanted */
	struct record_bounds record; /* of packets/ */
	struct session_table *sessions;
	struct copies *copies;
	struct fragment_table *fragments;
	struct flow_table *flows;
	struct dpi *dpi; /* NULL: off */
	struct exporter *exporter;
	struct transaction_sink events; /* the exporter's */
	struct detector detector;
	struct ledger ledger;
	COUNTERS(lane_stats);
	struct recorder_counts recording; /* live */
	/* The configuration in force, taken from `slot` by lane_refresh(). */
	const struct snapshot_slot *slot;
	const struct snapshot *snapshot;
	struct rule_hits *hits; /* this lane's row of the snapshot */
	/* The snapshot's verdicts, which flows remember as `verdict_base` + number: no two
	 * snapshots use the same ones. */
	const struct filter_verdict *verdicts;
	uint32_t n_verdicts, verdict_base;
	/* Of the flow logs: the length, 0 = none; and the number of that in which the clock is. */
	uint32_t window_s;
	uint64_t window;
	bool filters_first; /* most packets were refused: judge them before flows are looked for */
	struct snapshot_reader reader;
};

/* The decap parameters that the settings ask for. */
struct decap_params lane_decap_params(const struct settings *settings);

/* Bytes that the inspection of one of `n_lanes` may use; 0: no limit. */
uint64_t lane_dpi_limit(const struct settings *settings, uint32_t n_lanes);

/* A session table with the tenants of the settings. NULL: no memory. */
struct session_table *lane_sessions(const struct settings *settings);

/* The fragment table that readers and workers use alike, with the lane's seed. NULL: no memory. */
struct fragment_table *lane_fragments(const struct settings *settings, uint64_t seed);

struct lane_params {
	const struct settings *settings; /* whose capacities the lanes share */
	uint32_t index, n_lanes;
	enum decap_mode mode;
	uint64_t seed;                    /* of the hashes: secret when live, 0 in replay */
	bool is_live;                     /* rates apply; in replay results depend on none */
	struct sink sink, facts;          /* see exporter.h */
	const struct snapshot_slot *slot; /* followed; holds a snapshot already */
};

/* NULL: `error` says why. What `params` points to must outlive the lane. */
struct lane *lane_create(const struct lane_params *params, struct error *error);
void lane_destroy(struct lane *lane);

/* Replay: what is told now is of the block of this number. */
void lane_number(struct lane *lane, uint64_t number);

/* What the clock brings for scans: live now and then, in replay before the packets that come with that clock. */
void lane_tick(struct lane *lane, uint64_t now_ns);

/* Takes up the current snapshot when it is a new one. Called by the lane's thread at the start of
 * every burst, and by it when there are no packets. */
void lane_refresh(struct lane *lane);

/* Says which sessions are old, by the lane's clock. lane_close_windows() does that, too. */
void lane_age_sessions(struct lane *lane, uint64_t horizon_ns);

/* Replay: closes the flow logs' windows that the clock has left behind by a whole one, with all their
 * records, before the packets that come with that clock. So which record counts a packet depends on the
 * packets alone. */
void lane_close_windows(struct lane *lane, uint64_t horizon_ns);
/* The end of the input, or of the appliance: ends all flows (flow_table_end_all()), writes all
 * records. */
void lane_end(struct lane *lane, uint64_t horizon_ns, enum flow_end end);

/* What the lane's parts have counted so far. */
void lane_count(const struct lane *lane, struct counters *counters);

/* How several workers bring packets to the owners of their flows. A place of a burst is a bit. */
struct pipeline_exchange {
	void *ctx;
	/* Gives fragments whose ports another worker learns to that one; the other packets of `live` stay.
	 * Returns those that went. */
	uint64_t (*fragments)(void *ctx, uint64_t live);
	/* Gives packets of `live` to the owners of their flows; returns those that went. */
	uint64_t (*flows)(void *ctx, uint64_t live);
	/* Puts packets that others gave into places of `free`; returns which, and of them those that came
	 * for their ports. */
	uint64_t (*take)(void *ctx, uint64_t free, uint64_t *fragments);
};

/* Packets on their way through a lane. */
struct pipeline_burst {
	struct packet *packets; /* room for BURST_MAX of them where there is an exchange */
	enum reason *why;       /* where each ended */
	uint32_t n;             /* received, in the first places; <= BURST_MAX */
	uint64_t own;   /* their places; afterwards those that did not go to other workers */
	uint64_t taken; /* afterwards: the places of those that other workers gave */
	const struct pipeline_exchange *exchange; /* NULL: this lane owns all flows */
	/* Replay: `packets` and `why` are as decap left them, and fragments have learned their ports; the
	 * burst begins with the session. */
	bool decapsulated;
	bool sheds_recording; /* none is recorded */
};

/* Takes packets through the stages:
 *
 *     decap, session -> direction -> fragment -> [owner] -> copies, filter, flow, dpi -> count
 *
 * `data`, `cap`, `wire`, `time_ns`, `number` and `link` of each are set; the rest is filled in (where
 * `decapsulated`, what is behind `key`). Each packet
 * is counted once, by the lane where it ended, which says why; its bytes may be released after the call. */
void pipeline_run(struct lane *lane, struct pipeline_burst *burst, uint64_t horizon_ns);

/* All `n` packets of a lane that owns all their flows. */
static inline struct pipeline_burst pipeline_own(
	struct packet *packets, uint32_t n, enum reason *why)
{
	return (struct pipeline_burst){
		.packets = packets,
		.why = why,
		.n = n,
		.own = n < BURST_MAX ? (UINT64_C(1) << n) - 1 : UINT64_MAX,
	};
}

static inline void pipeline_packets(struct lane *lane, struct packet *packets, uint32_t n,
	uint64_t horizon_ns, enum reason *why)
{
	struct pipeline_burst burst = pipeline_own(packets, n, why);

	pipeline_run(lane, &burst, horizon_ns);
}
