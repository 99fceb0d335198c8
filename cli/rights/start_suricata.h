/* Suricata for a command, when its settings ask for it. */
#pragma once

#include <stdbool.h>

#include "dataplane/output/suricata.h"

/* Starts what params->settings asks for, by a process with no more rights than Suricata is to have, which it puts
 * into params->spawner. Call it before there are threads, and while there are rights. NULL: `error` says why. */
struct suricata *start_suricata(struct suricata_params *params, struct error *error);
/* Ends both. NULLs are legal. */
void stop_suricata(struct suricata *suricata, const struct suricata_params *params);
