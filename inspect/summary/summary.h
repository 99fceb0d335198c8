/* The summary of a run: summary.json and the same as tables for the terminal. Everything is
 * borrowed for the call. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/log/error.h"
#include "config/settings/settings.h"
#include "decap/counters/counters.h"
#include "decap/decap.h"
#include "decap/ether_types.h"
#include "decap/ledger.h"
#include "decap/other_encap.h"
#include "decap/packet.h"
#include "decap/session/session.h"
#include "inspect/detect/alert_brief.h"
#include "inspect/dpi/dpi.h"
#include "inspect/flow/table.h"
#include "inspect/record/aggregate.h"
#include "inspect/record/sink.h"
#include "inspect/record/totals.h"

struct model;

/* A rule of a mirror filter, and what it matched first. */
struct summary_rule {
	const char *filter, *id; /* `id` NULL or "": has none */
	enum direction direction;
	uint32_t number;
	bool accept;
	COUNTERS(rule_hits);
};

/* A live port: what the driver says of it. */
struct summary_port {
	const char *name;
	COUNTERS(port_counters); /* packets lost stand before `received` */
	const char *interface;   /* by which the kernel gets exceptions; NULL: none */
	struct exception_ledger exception;
};

/* The options of a replay, and what its captures held. */
struct summary_replay {
	enum decap_mode mode;
	const char *bpf, *inner;  /* expressions, as given; NULL: none */
	bool has_sessions;        /* the settings name mirror sessions */
	uint64_t mirrored, plain; /* of the packets received; in DECAP_PLAIN all are plain */
	uint64_t left_out_mirror; /* mirror packets that the BPF expression left out */
	struct other_encap_met
		other_encap; /* flows, in DECAP_MIRROR packets; in DECAP_PLAIN none */
	/* Files of packets, of -w and recorded ones: what went into the file for raw IP beside it. */
	struct {
		const char *name; /* of the file for Ethernet; NULL: none was written */
		uint64_t ip_packets;
	} files[2];
};

enum { SUMMARY_PORTS_MAX = 16, SUMMARY_OUTPUTS_MAX = 12 + FEEDS_MAX };

struct summary {
	const char *input; /* "mirror", "plain" or "mixed"; NULL: there was no packet */
	const struct ledger *ledger;
	bool deterministic;                   /* no limit was hit beside those in `counters` */
	const struct session_table *sessions; /* merged */
	const struct totals *totals;          /* merged */
	struct settings_summary shows;        /* what is off has no table */
	uint32_t duplicates_share;            /* sessions.duplicates_share */
	const struct alerts_top *alerts;      /* NULL: none are made */
	const struct model *model;            /* of the settings; NULL: none */
	const struct dpi *dpi;                /* for names; any worker's; NULL: none */
	struct counters counters;             /* of all workers */
	const struct summary_rule *rules;     /* of all filters, in the order they are judged */
	uint32_t n_rules;
	const struct ether_types *not_ip; /* of the bucket inner_not_ip; NULL: not known */
	const uint64_t *worker_packets;
	uint32_t n_workers;
	const char *const *tenants; /* names of the settings' tenants, by index */
	uint32_t n_tenants;
	struct {
		const char *name; /* "events", "transactions", "flow_logs", "packets" */
		struct output_ledger ledger;
		bool enabled;
		bool is_feed; /* and so has feed_stats; its name is "feed:" and the settings' */
		COUNTERS(feed_stats);
	} outputs[SUMMARY_OUTPUTS_MAX];
	uint32_t n_outputs;
	/* Live. */
	struct summary_port ports[SUMMARY_PORTS_MAX];
	uint32_t n_ports;
	/* Replay; NULL when live, and then these are 0. */
	const struct summary_replay *replay;
	COUNTERS(input_stats); /* what happened before `received` */
	/* Wall time; only under run{}. */
	double duration_s;
	uint64_t memory_peak_bytes; /* resident, of the process */
	const char *version;
};

/* One more output; `ledger` is not looked at unless it is enabled. */
void summary_add_output(struct summary *summary, const char *name, bool enabled,
	const struct output_ledger *ledger);
void summary_add_feed(struct summary *summary, const char *name,
	const struct output_ledger *ledger, const struct feed_stats *stats);
/* NULL when all sums close: the ledger's, each output's, each exception path's. Else a sentence
 * that says which one does not. */
const char *summary_open_sum(const struct summary *summary);
bool exception_ledger_closes(const struct exception_ledger *ledger);

/* Writes `dir`/summary.json. false: `error` says why. */
bool summary_write(const struct summary *summary, const char *dir, struct error *error);
/* One JSON object and a newline. false: could not write. */
bool summary_json(const struct summary *summary, FILE *out);
/* Ledger, sessions, alerts, top applications, talkers, conversations, names, failures, encryption, risks, in
 * aligned columns; the last line says whether the ledger closes. */
void summary_tables(const struct summary *summary, FILE *out);
