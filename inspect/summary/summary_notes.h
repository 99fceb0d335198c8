/* Notes of a summary: what was not looked at, or not as one might expect, and the option or
 * setting that would change it. */
#pragma once

#include "inspect/summary/summary.h"

enum { SUMMARY_NOTE = 512 };

/* Gives each sentence to `put`: no newline, no full stop, borrowed for the call. The same summary
 * gives the same sentences in the same order. */
void summary_notes(
	const struct summary *summary, void (*put)(void *ctx, const char *note), void *ctx);
