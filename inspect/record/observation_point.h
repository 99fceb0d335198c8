/* Where a flow was seen: the encapsulation, and what the mirror model knows of its session.
 * Events, flow logs and the summary take both from here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decap/session/session.h"

struct observation_point {
	struct session_key key;
	/* What of `key` is known: nothing in plain mode; a nameless point has no source, and a
	 * VNI only if its tenant is one. */
	bool has_vni, has_source;
	uint64_t point_id; /* session_id() */
	/* From the mirror model; NULL where it does not say. */
	const char *session, *interface_id;
	const char *account; /* owner of the interface */
	uint32_t owner;      /* for flow_log_route(): see output_owners(); 0 = unknown */
};

/* `session`: an index of `sessions`, or SESSION_NONE. Strings live as long as the model. */
struct observation_point observation_point_of(
	const struct session_table *sessions, uint32_t session);
/* The same for a session at hand. */
struct observation_point observation_point_of_session(const struct session *session);

enum { OBSERVATION_POINT_NAME = 64 }; /* longer names are cut */

/* For records: a copy whose strings stand in `room`, which has observation_point_size() bytes. false: one of them
 * was cut. */
size_t observation_point_size(const struct observation_point *observation_point);
bool observation_point_copy(
	struct observation_point *to, const struct observation_point *from, char *room);

struct model_session;

/* A session's number among the owners of flow logs, from 1; and what it stands for. */
uint32_t observation_point_owner(const struct model_session *config);
const char *observation_point_account(const struct model_session *config);
const char *observation_point_region(const struct model_session *config);
