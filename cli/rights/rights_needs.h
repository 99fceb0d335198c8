/* Which capabilities ports need, by driver: rights.def. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings/settings.h"

/* Those that the ports of the settings need to the end; bit by number. */
uint64_t needs_kept(const struct settings *settings);
/* Whether a port is of net_af_xdp. */
bool needs_xdp(const struct settings *settings);
/* "no capabilities", "all capabilities", or their names; returns `text`. */
const char *needs_names(uint64_t capabilities, char *text, size_t size);
