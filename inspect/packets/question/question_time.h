/* Moments as records of all kinds write them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/now.h"

/* 1970 to 2285: as seconds they have ten digits, which is what the words of expressions take. */
#define QUESTION_TIME_MOST (UINT64_C(9970000000) * NS_PER_S)

/* As moment_read() takes it, with seconds; or a number since 1970: of seconds, with a fraction or without, or of
 * milliseconds where it has thirteen digits. In ns since 1970. false: it is none, or not within these bounds. */
bool question_time(const char *text, uint64_t *ns);
