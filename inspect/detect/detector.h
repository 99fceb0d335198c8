/* The detector of one worker: tells facts of alerts to the correlator, at the packet that shows what they
 * are about. */
#pragma once

#include <stdint.h>

#include "decap/session/session.h"
#include "inspect/flow/flow.h"
#include "inspect/proto/risk.h"
#include "inspect/record/sink.h"

struct settings;

struct detector {
	struct sink facts;
	const struct session_table *sessions; /* of the same worker */
	const struct settings *settings;
	uint64_t number;  /* in replay: of the block, see struct fact */
	uint64_t unheard; /* facts that the full outbox refused */
};

/* The flow has risks that it did not have before, which are `fresh`: those whose score is high enough become
 * alerts. */
void detector_risks(struct detector *detector, const struct flow *flow,
	const struct risk_set *fresh, uint64_t time_ns);
