/* Notes on what only a mirror target knows of its sessions: those of the settings that sent nothing, those that the
 * settings do not name, loops, and those that came twice. */
#pragma once

#include "inspect/summary/summary.h"

/* As summary_notes() has them. */
void mirror_notes(
	const struct summary *summary, void (*put)(void *ctx, const char *note), void *ctx);
