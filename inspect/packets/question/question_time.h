/* Moments as records of all kinds write them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/now.h"

/* 1970 to 2285: as seconds they have ten digits, which is what the words of expressions take. */
#define QUESTION_TIME_MOST (UINT64_C(9970000000) * NS_PER_S)

/* RFC 3339 and its relatives (2026-11-22T03:08:20.194516+0000, a space for the T, +00:00, Z or nothing, which is UTC), or a
 * number since 1970: of seconds, with a fraction or without, or of milliseconds where it has thirteen digits. In ns since
 * 1970. false: it is none, or not within these bounds. */
bool question_time(const char *text, uint64_t *ns);
/* A length of time in seconds, with a fraction or without. */
bool question_seconds(const char *text, uint64_t *ns);
