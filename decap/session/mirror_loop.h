/* A loop: a mirrored packet that is mirror traffic itself. Somebody mirrors an interface that mirror traffic comes
 * to (the target's own, or that of another target), or one that it leaves by, where the cloud does not leave it
 * out; each packet then comes twice, and with it what it causes. VXLAN alone does not say so, for an overlay of
 * containers on the same port is ordinary traffic. */
#pragma once

#include <stdbool.h>

#include "decap/decap.h"
#include "decap/session/session.h"

/* Whether `p`, a packet of a session that decap accepted, is VXLAN to one of the ports of `params`, and
 * either of a session of the settings, or of the VNI that it came with, from or to the interface that it came from. */
bool mirror_loop(const struct decap_params *params, const struct session_table *sessions,
	const struct packet *p);
