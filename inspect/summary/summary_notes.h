/* What a reader of the summary should know and numbers alone do not tell: what was not looked at, or
 * not as it was meant, and the option or setting that would. */
#pragma once

#include "inspect/summary/summary.h"

enum { SUMMARY_NOTE = 512 };

/* Gives each sentence to `put`: no newline, no full stop, borrowed for the call. The same summary
 * gives the same sentences in the same order. */
void summary_notes(
	const struct summary *summary, void (*put)(void *ctx, const char *note), void *ctx);
