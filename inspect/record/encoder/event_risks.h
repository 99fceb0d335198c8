/* `risks` and `score` of a flow event. */
#pragma once

#include "inspect/dpi/dpi.h"
#include "inspect/flow/addr_text.h"
#include "inspect/record/risk_why.h"

/* Longer ones are cut, in bytes. */
enum { EVENT_RISK_NAME = 96 };

/* The most that is appended. */
enum { EVENT_RISKS_MAX = 64 + RISKS * (64 + TEXT_JSON_GROWTH * (EVENT_RISK_NAME + RISK_WHY)) };

/* `,"risks":[...],"score":...`. */
void event_risks(struct text *t, const struct flow *flow);
