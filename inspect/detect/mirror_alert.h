/* The words of what a mirror target knows of its sessions, and the facts that tell it. */
#pragma once

#include "inspect/detect/mirror_watch.h"

/* A session in a state, or out of it again. */
struct mirror_state {
	enum mirror_fault fault;
	const struct session *session; /* with the sums of all workers */
	bool over;
	uint64_t quiet_ns; /* no packet for so long */
	/* Of the time over which losses and copies are judged. */
	uint64_t bytes, unseen, sampled, copies;
	uint64_t wall_ns;
};

/* "tms-1 (10.0.0.1, VNI 42)"; without the id where there is none. */
void mirror_session_name(char *text, size_t size, const struct session *session);

/* false: the sink has refused it. */
bool mirror_tell(const struct sink *facts, const struct settings *settings,
	const struct mirror_state *state);
