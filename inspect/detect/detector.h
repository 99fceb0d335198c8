/* The detector of one worker: tells facts of alerts to the correlator, at the packet that shows what they
 * are about. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/session/session.h"
#include "inspect/detect/scans/attempts.h"
#include "inspect/flow/flow.h"
#include "inspect/proto/risk.h"
#include "inspect/proto/transaction.h"
#include "inspect/record/sink.h"

struct flow_alerts;
struct geo;
struct lists;
struct packet;
struct raised;
struct recent;
struct settings;
struct suppress;

struct detector {
	struct sink facts;
	const struct session_table *sessions; /* of the same worker */
	const struct settings *settings;
	/* Of the configuration in force; NULL: none. */
	const struct lists *lists;
	const struct geo *geo;
	const struct suppress *suppress;
	struct raised *raised; /* owned by the lane; NULL while there is no room for facts */
	/* That come to nothing; owned by the lane; NULL: nobody asks for scans and floods. */
	struct attempts *attempts;
	/* Ports that were told of; owned by the lane; NULL: nobody asks for new listeners. */
	struct recent *listeners;
	uint64_t number;     /* in replay: of the block, see struct fact */
	uint64_t told;       /* facts */
	uint64_t unheard;    /* facts that the full outbox refused */
	uint64_t suppressed; /* that the settings did not want */
	uint64_t left_out;   /* indicators beyond LIST_HITS_MAX of one transaction */
};

/* Whether there is anything to look for. */
bool detector_has_lists(const struct detector *detector);

/* The flow has risks that it did not have before, which are `fresh`: those whose score is high enough become
 * alerts. */
void detector_risks(struct detector *detector, const struct flow *flow,
	const struct risk_set *fresh, uint64_t time_ns);

/* What is in an indicator list is an alert: of a flow's ends when it begins, of its transactions as they are told, at its
 * end of details of kinds of which it had no transaction (the name in Google's own QUIC). `details` NULL: there
 * are none. */
void detector_flow_began(struct detector *detector, const struct flow *flow);
void detector_transaction(struct detector *detector, const struct flow *flow,
	enum transaction kind, uint64_t time_ns, const struct details *details);
void detector_flow_ended(struct detector *detector, const struct flow *flow);
/* Live, where an alert is wanted before the answer: what of a transaction is seen already is told at once, and not
 * again with the transaction. `rows`: bit n is detail n. */
void detector_seen(struct detector *detector, const struct flow *flow, uint64_t rows,
	uint64_t time_ns, const struct details *details);

/* The alerts that the flow has raised so far: of its risks, and of what was found of it in lists. */
void detector_flow_alerts(
	const struct detector *detector, const struct flow *flow, struct flow_alerts *alerts);
/* The flow is no more. */
void detector_flow_released(struct detector *detector, const struct flow *flow);

/* Whether the settings ask for DNS tunnels: all questions are wanted then. */
bool detector_has_tunnels(const struct settings *settings);
/* The flow has ended, and may be one call of a beacon. */
void detector_call(struct detector *detector, const struct flow *flow);
/* See struct flow_observer: a port of the mirrored interface may have answered. */
void detector_odd(struct detector *detector, const struct flow *flow, const struct packet *p);
/* Whether the settings ask for scans or floods. */
bool detector_has_scans(const struct settings *settings);
