/* Packets of a live interface through libpcap, for `periscope mirror -i`: tools, not the appliance,
 * whose ports are DPDK's. */
#pragma once

#include <stddef.h>

#include "config/log/error.h"
#include "dataplane/capture/input.h"

struct libpcap_live;

/* Whole packets of both directions, with ns times where the kernel has them. NULL: `error` says
 * why. */
struct libpcap_live *libpcap_live_open(const char *interface, struct error *error);
void libpcap_live_close(struct libpcap_live *listen);

/* 1: `*out` is set, its data good until the next call. 0: nothing came within a tenth of a second.
 * -1: the interface is gone; `error` says why. */
int libpcap_live_next(
	struct libpcap_live *listen, struct input_packet *out, struct error *error);
