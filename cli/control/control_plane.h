/* The control plane: health check, HTTP (health and metrics) and control socket around one status
 * provider, with threads of its own.
 *
 *	struct control_plane *plane = control_plane_bind(&(struct control_plane_params){.settings = &settings,
 *		.directory = output_dir, .provider = provider}, error, sizeof(error));
 *	...
 *	control_plane_start(plane, error, sizeof(error));
 *	...
 *	control_plane_stop(plane);
 *
 * Bind it before anything is written, for an address may be taken; start it when the workers run; stop
 * it after the drain and before what the provider reads goes away. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cli/status/health.h"
#include "cli/status/status.h"
#include "config/log/error.h"
#include "config/settings/settings.h"

struct control_plane;

struct control_plane_params {
	/* control.* is used; borrowed. A reload does not move sockets: changes of control.* take a
	 * new start. */
	const struct settings *settings;
	const char *directory; /* a relative control.socket lies below it; it exists */
	struct status_provider provider;
};

/* Takes the addresses, and answers nobody. NULL: `error` says in one sentence which could not be had,
 * and nothing is left of it. */
struct control_plane *control_plane_bind(
	const struct control_plane_params *params, struct error *error);
/* Answers. false: `error`, and the control plane is still to be stopped. Changes of health are said on stderr. */
bool control_plane_start(struct control_plane *control_plane, struct error *error);
/* The health that health checks see. Any thread, of one that was started. */
void control_plane_health(struct control_plane *control_plane, struct health_result *result);
/* Closes every socket, removes the socket's file, ends the threads. NULL is legal. Must not be
 * called from a provider's function. */
void control_plane_stop(struct control_plane *control_plane);
