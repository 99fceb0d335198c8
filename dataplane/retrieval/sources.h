/* Where packets are retrieved from: the packet files of an output directory, or captures that were named. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"
#include "dataplane/capture/input.h"

struct sources {
	char **paths;
	bool *recorded; /* packet files of our own: see sources_learn() */
	bool *growing; /* somebody writes to it at this moment: its last bytes may be half a packet */
	uint32_t n;
};

/* packets/ of an output directory, in the order of names, which is that of writing; those that somebody has compressed since (.zst, .gz),
 * too. false: `error` says why there are none. In any case sources_fini() follows. */
bool sources_of_dir(struct sources *sources, const char *dir, struct error *error);
bool sources_of_captures(
	struct sources *sources, char *const *captures, uint32_t n, struct error *error);
/* What the first bytes of the captures say, when they are open, and before they are read. */
void sources_learn(struct sources *sources, const struct input *input);
void sources_fini(struct sources *sources);
