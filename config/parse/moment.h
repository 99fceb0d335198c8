/* Moments as people and programs write them: RFC 3339 and its relatives, and seconds since 1970. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The finest that a text says. */
enum moment_part { MOMENT_DAY, MOMENT_MINUTE, MOMENT_SECOND };

/* 2026-11-22, perhaps followed by T or a space and 03:08 or 03:08:20 or 03:08:20.194516 and then by Z, +00:00, +0000 or
 * nothing, which is UTC. From 1970 to 2553; what a zone puts before that is 1970's beginning. In ns since 1970; what is
 * finer is left out. false: it is none of these, to its end. */
bool moment_read(const char *text, uint64_t *ns, enum moment_part *finest);
/* Seconds of at most ten digits, with a fraction or without; likewise. */
bool moment_seconds(const char *text, uint64_t *ns);
