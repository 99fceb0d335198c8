/* The control socket: a UNIX stream socket that `periscope ctl` talks to. A client sends one line,
 *
 *	REQUEST [json]\n            REQUEST: stats, sessions, rules, flows, reload, quit
 *
 * and gets `ok SIZE\n` or `error SIZE\n`, SIZE bytes (tables, or JSON; after `error` a sentence
 * without a line feed), and the end of the stream. One thread serves all clients, each within
 * bounds of size and time; a client that does not read or write in time is dropped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cli/status/health_check.h"
#include "cli/status/status.h"
#include "config/log/error.h"
#include "config/settings/settings.h"

enum { CONTROL_REQUEST_MAX = 64, CONTROL_PATH_MAX = 108 };

/* Whether it is a REQUEST. */
bool control_knows(const char *request);

/* Where the socket is: control.socket, below `directory` when relative. false: `error` says that
 * it is off or too long. */
bool control_path(const struct settings *settings, const char *directory,
	char path[CONTROL_PATH_MAX], struct error *error);

struct control;

/* Makes the socket with mode 0660, and answers nobody yet. A socket left by a process that is gone is
 * replaced; one that is answered, or a file of another kind, is an error. NULL: `error` says why. */
struct control *control_bind(const char *path, struct error *error);
/* Answers. `health_check` is borrowed until control_stop(). false: `error` says why. */
bool control_start(struct control *control, struct health_check *health_check,
	const struct status_provider *provider, struct error *error);
/* Removes the socket's file. NULL is legal. */
void control_stop(struct control *control);
