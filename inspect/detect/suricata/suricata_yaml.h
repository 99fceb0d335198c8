/* The configuration that Suricata is started with (suricata.yaml of Suricata 7). It says where alerts go.
 * Without one of the user's it stands alone: every network is both HOME_NET and EXTERNAL_NET,
 * all protocols that Suricata reads are read, and checksums, which mirrored packets often lack, are not judged.
 * With one, it is included behind it, and says the above over it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"

#define SURICATA_EVE "eve"
#define SURICATA_YAML "periscope.yaml"

struct suricata_yaml {
	const char *directory;    /* where the two are, and whatever else Suricata writes */
	bool stands_alone;        /* there is none of the user's */
	const char *const *rules; /* absolute paths or patterns of rule files */
	uint32_t n_rules;         /* 0: those of the user's */
	bool takes_commands;      /* at the socket SURICATA_COMMANDS of the directory */
};

/* Writes SURICATA_YAML into the directory. false: `error` says why. */
bool suricata_yaml_write(const struct suricata_yaml *yaml, struct error *error);
