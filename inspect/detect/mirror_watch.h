/* What only a mirror target knows of its sessions: one of the settings that sends nothing (the commonest fault of
 * all: a security group, a route or a listener is missing), sources that no session of the settings names, loss before
 * the appliance, loops, and packets that come twice. Each is a state of a session: an alert that begins with it and ends with it, and a
 * finding for those who look.
 *
 * It looks at the rows of all workers' session tables: live every second or so, in replay once, at the end. One
 * thread looks; states are judged by the clock that it is given. Bounded: sessions of the settings, and
 * the first MIRROR_UNKNOWN_MAX of the others. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/session/session.h"
#include "inspect/record/sink.h"

enum mirror_fault {
	MIRROR_SILENT, /* of the settings, and no packet for sessions.silent_after; in replay none at all */
	MIRROR_UNKNOWN,    /* not of the settings, though they have sessions */
	MIRROR_LOSS,       /* sessions.loss_share */
	MIRROR_LOOP,       /* decap/session/mirror_loop.h */
	MIRROR_DUPLICATES, /* sessions.duplicates_share; decap/session/copies.h */
	MIRROR_FAULTS
};

enum {
	MIRROR_UNKNOWN_MAX = 1024,
	MIRROR_NAMED = 2,
	MIRROR_NAME = 120,
	MIRROR_COPIES_LEAST = 8
};

/* Sessions in each of the states, and the first of them by name. */
struct mirror_findings {
	struct {
		uint32_t n;
		char name[MIRROR_NAMED][MIRROR_NAME];
	} fault[MIRROR_FAULTS];
};

struct settings;
struct mirror_watch;

struct mirror_watch_params {
	const struct settings *settings; /* borrowed */
	struct sink facts;               /* of alerts; without `take`: none are told */
	bool live;
};

/* NULL: no memory. */
struct mirror_watch *mirror_watch_create(const struct mirror_watch_params *params);
/* NULL is legal. */
void mirror_watch_destroy(struct mirror_watch *watch);

/* A look: the rows of all workers, in any order, between the two calls. What `config` of the rows points to must
 * live until the second. `has_sessions`: the settings name sessions, so that others are unknown. Times are of
 * now_monotonic(), and of the day for what is told; in replay only the latter matters. What the sink refuses is told
 * at a later look. false: there is no memory for the row.
 */
void mirror_watch_begin(struct mirror_watch *watch, bool has_sessions);
bool mirror_watch_see(struct mirror_watch *watch, const struct session *row);
void mirror_watch_end(struct mirror_watch *watch, uint64_t now_ns, uint64_t wall_ns);

/* Whether so many copies among so many sampled packets are worth a word: MIRROR_COPIES_LEAST of them, and
 * `share` percent, sessions.duplicates_share. */
bool mirror_is_doubled(uint32_t share, uint64_t sampled, uint64_t copies);

/* As the latest look has it. */
const struct mirror_findings *mirror_watch_findings(const struct mirror_watch *watch);
bool mirror_watch_is_silent(const struct mirror_watch *watch, const struct session_key *key);
