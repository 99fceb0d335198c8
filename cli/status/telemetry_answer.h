/* What DPDK's telemetry socket says under /periscope: what `periscope ctl -j` says, one part of it a
 * command, under the same names. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/log/error.h"

struct health_check;

/* Offers the commands; `health_check` is borrowed until telemetry_answer_stop(). Once in a process. false:
 * `error` says why. */
bool telemetry_answer_start(struct health_check *health_check, struct error *error);
/* Legal when it was not started. */
void telemetry_answer_stop(void);
