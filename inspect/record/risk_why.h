/* Why a flow has a risk, in words. */
#pragma once

#include "config/log/text.h"
#include "inspect/flow/flow.h"

/* Longer sentences are cut, in bytes. */
enum { RISK_WHY = 160 };

/* In nDPI's words or ours of when it was raised; else what the risk means, and what of the flow shows it.
 * `risk` is an index (risk.h). Appends nothing where neither is known. */
void risk_why(struct text *t, const struct flow *flow, unsigned risk);
