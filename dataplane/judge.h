/* The verdict on one inner packet: what its session's filter says, seen from its source
 * interface. The pipeline calls these around filter_burst(); `explain` does for one packet what
 * the pipeline does for many. */
#pragma once

#include <stdbool.h>

#include "dataplane/snapshot.h"
#include "decap/ledger.h"
#include "decap/packet.h"

/* With p->direction set: true when a filter must judge, and `*job` is ready for filter_burst().
 * False when nothing needs to be asked: `*why` is REASON_inspected or the refusal. `config` is the
 * packet's session, NULL when the settings do not know it. */
bool judge_begin(const struct snapshot *snapshot, const struct model_session *config,
	struct packet *p, struct filter_job *job, enum reason *why);

/* Puts the judged job's verdict into the packet; REASON_inspected when it was accepted. */
enum reason judge_end(struct packet *p, const struct filter_job *job);
