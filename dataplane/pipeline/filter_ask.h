/* Asks a session's filter about one inner packet, as its source interface sees it. The pipeline
 * calls these around filter_burst(); `explain` does the same for one packet. */
#pragma once

#include <stdbool.h>

#include "dataplane/pipeline/snapshot.h"
#include "decap/ledger.h"
#include "decap/packet.h"

/* True, with PACKET_ACCEPTED_CUT, for a packet that ends before its ports exactly where its
 * session's packet_length cuts, if some rule could have accepted it: the filter at its source
 * saw it whole and accepted it. Which rule did cannot be known. */
bool filter_accepted_cut(const struct model_session *config, struct packet *p);

/* With p->direction set: true when a filter must judge. False when nothing needs to be asked: `*why`
 * is REASON_inspected or the refusal. `config` is the packet's session, NULL when the settings do
 * not know it. */
static inline bool filter_must_ask(const struct snapshot *snapshot,
	const struct model_session *config, struct packet *p, enum reason *why)
{
	p->rule_number = 0;
	p->accepted = true;
	*why = REASON_inspected;
	if (!config || !config->filter)
		return false;
	p->flags |= PACKET_FILTERED;
	if (p->direction != DIRECTION_UNKNOWN)
		return !(p->flags & PACKET_PORTS_CUT) || !filter_accepted_cut(config, p);
	p->accepted = snapshot->accept_unknown;
	if (!p->accepted)
		*why = REASON_direction_unknown;
	return false;
}

/* Whether the packet's ports are known; without them it passes by every rule that names some. */
bool filter_ask_has_ports(const struct packet *p);

/* The question of such a packet, for filter_burst(). */
void filter_ask_job(
	struct filter_job *job, const struct model_session *config, const struct packet *p);

/* filter_must_ask() and filter_ask_job(): true when a filter must judge, and `*job` is ready. */
bool filter_ask_begin(const struct snapshot *snapshot, const struct model_session *config,
	struct packet *p, struct filter_job *job, enum reason *why);

/* Puts the judged job's verdict into the packet; REASON_inspected when it was accepted. */
enum reason filter_ask_end(struct packet *p, const struct filter_job *job);
