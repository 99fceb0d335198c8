/* The file of the control socket. Private to cli/control/control*.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cli/control/control.h"
#include "config/log/error.h"

struct control_listener {
	int fd;
	char path[CONTROL_PATH_MAX];
	dev_t device; /* of the file that was made, so that no other one is removed */
	ino_t inode;
};

/* As control_start(). false: `error` says why, and nothing is open. */
bool control_listen(struct control_listener *listener, const char *path, struct error *error);
/* Closes, and removes the file. */
void control_unlisten(struct control_listener *listener);

/* Connects to the socket; -1: errno says why. */
int control_connect(const char *path, int flags);
