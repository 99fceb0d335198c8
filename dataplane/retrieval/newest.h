/* The time of the newest packet of captures. By their indexes, where they have good ones; else all is read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"

/* 0: they have no packet. false: `error` says why they cannot be read at all. */
bool newest_packet(
	const char *const *captures, uint32_t n, uint64_t *newest_ns, struct error *error);
