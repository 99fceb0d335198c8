/* An event as JSON, of whatever program: it must say addresses and a time. The names that are known are those of
 * events of periscope, of Suricata's EVE, Zeek's logs and Elastic's common schema; names may be flat ("id.orig_h") or
 * objects within each other. */
#pragma once

#include <stddef.h>

#include "config/log/error.h"
#include "inspect/packets/question/question_ends.h"

enum { QUESTION_EVENT_MAX = 1 << 20 }; /* bytes */

/* Reads one object. The time it covers is from its start to its end where it says both, or a start and a duration; else its only
 * time is both. false: `error` says in a sentence what is wrong, or missing. */
bool question_event_read(
	const char *json, size_t len, struct question_ends *ends, struct error *error);
